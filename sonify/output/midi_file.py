"""A standard MIDI file, written as the music streams in.

Format 1: a conductor track (title, author, markers, tempo, key), the melody with the text as
lyrics, and the accompaniment. A track's length stands before it in the file, so the tracks are
kept in temporary files until the last phrase is in.
"""

import contextlib
import shutil
import struct
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import mido
from mido.midifiles.meta import encode_variable_int, meta_charset

from sonify.errors import SonifyError
from sonify.melody.score import BEATS_PER_BAR, TICKS_PER_BEAT, Mode, Note, Phrase, Score
from sonify.output.output import FileOutput, Output, encodable

MELODY_CHANNEL = 0
ACCOMPANIMENT_CHANNEL = 1

_NOTE_ON, _NOTE_OFF = 0x90, 0x80
_order = itemgetter(0, 1)

_KEYS = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"),
}


class _Track:
    """A track's events, in a temporary file, timed from the track's beginning in ticks."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the MIDI file
        self._tick = 0

    def add(self, tick: int, message: bytes) -> None:
        self.file.write(_delta(tick - self._tick) + message)
        self._tick = tick


class MidiFile(FileOutput):
    """Writes a score's phrases to a standard MIDI file.

    The first phrase it is given begins at tick 0, whatever comes before it in the book.

    Args:
        path: where the file goes.
        score: names the book and its key; its phrases are to be given to `write`.
        program: General MIDI program of the melody and the accompaniment, 0 (grand piano) to 127.
    """

    def __init__(self, path: Path, score: Score, program: int = 0) -> None:
        super().__init__(path)
        self._score = score
        self._program = program
        self._origin: int | None = None
        self._end = 0
        self._beat: int | None = None
        self._mode: Mode | None = None
        self._chapter: int | None = None
        self._tracks: list[_Track] = []
        self._conductor: _Track
        self._melody: _Track
        self._accompaniment: _Track

    def _begin(self) -> None:
        self._tracks = [_Track() for _ in range(3)]
        self._conductor, self._melody, self._accompaniment = self._tracks
        self._accompanied = False
        self._conductor.add(0, _meta("track_name", name=encodable(self._score.title)))
        if self._score.author:
            self._conductor.add(0, _meta("text", text=encodable(self._score.author)))
        self._conductor.add(0, _meta("time_signature", numerator=BEATS_PER_BAR, denominator=4))
        for track, name, channel in (
            (self._melody, "Melody", MELODY_CHANNEL),
            (self._accompaniment, "Accompaniment", ACCOMPANIMENT_CHANNEL),
        ):
            track.add(0, _meta("track_name", name=name))
            program = mido.Message("program_change", channel=channel, program=self._program)
            track.add(0, bytes(program.bytes()))

    def _write(self, phrase: Phrase) -> None:
        if self._origin is None:
            self._origin = phrase.start
        start = phrase.start - self._origin
        self._end = start + phrase.length
        if phrase.chapter.index != self._chapter:
            self._chapter = phrase.chapter.index
            title = encodable(phrase.chapter.title) or str(phrase.chapter.index + 1)
            self._conductor.add(start, _meta("marker", text=title))
        if phrase.mode != self._mode:
            self._mode = phrase.mode
            key = _KEYS[phrase.mode][self._score.tonic]
            self._conductor.add(start, _meta("key_signature", key=key))
        for tempo in phrase.tempi:
            if tempo.beat != self._beat:
                self._beat = tempo.beat
                self._conductor.add(start + tempo.start, _meta("set_tempo", tempo=tempo.beat))

        events = _sounding(phrase.melody, MELODY_CHANNEL)
        for tick, _, mood in phrase.sung():
            events.append((tick, 1, _meta("lyrics", text=encodable(mood.sentence.text))))
        for tick, _, message in sorted(events, key=_order):
            self._melody.add(start + tick, message)
        for tick, _, message in sorted(
            _sounding(phrase.accompaniment, ACCOMPANIMENT_CHANNEL), key=_order
        ):
            self._accompanied = True
            self._accompaniment.add(start + tick, message)

    def _finish(self) -> None:
        tracks = self._tracks if self._accompanied else self._tracks[:2]
        self._file.write(b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS_PER_BEAT))
        for track in tracks:
            track.add(self._end, _meta("end_of_track"))
            self._file.write(b"MTrk" + struct.pack(">I", track.file.tell()))
            track.file.seek(0)
            shutil.copyfileobj(track.file, self._file)

    def _discard(self) -> None:
        for track in self._tracks:
            with contextlib.suppress(OSError):  # what is left to write may not fit either
                track.file.close()


class ChapterFiles(Output):
    """Writes a MIDI file a chapter: "01 Title.mid", "02 Title.mid", …

    Args:
        folder: where they go; made if it isn't there.
        score: as for `MidiFile`.
        program: as for `MidiFile`.
    """

    def __init__(self, folder: Path, score: Score, program: int = 0) -> None:
        self._folder = folder
        self._score = score
        self._program = program
        self._current: MidiFile | None = None
        self._chapter: int | None = None

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise SonifyError(f"can't make the folder {self._folder}: {error.strerror}") from error
        return self

    def write(self, phrase: Phrase) -> None:
        """Takes the next phrase; a new chapter's begins the next file."""
        if phrase.chapter.index != self._chapter:
            self.__exit__(None, None, None)
            self._chapter = phrase.chapter.index
            path = self._folder / _file_name(phrase.chapter.index + 1, phrase.chapter.title)
            self._current = MidiFile(path, self._score, self._program).__enter__()
        assert self._current is not None
        self._current.write(phrase)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        current, self._current = self._current, None
        if current is not None:
            current.__exit__(kind, error, traceback)


def _sounding(notes: Iterable[Note], channel: int) -> list[tuple[int, int, bytes]]:
    """Note-ons and note-offs as (tick, order within the tick, message): offs go first."""
    events = []
    for note in notes:  # a book has a million messages: mido's would take half of the time
        on = bytes((_NOTE_ON | channel, note.pitch, note.velocity))
        off = bytes((_NOTE_OFF | channel, note.pitch, 0))
        events += [(note.start, 2, on), (note.start + note.duration, 0, off)]
    return events


@lru_cache(maxsize=1 << 12)
def _delta(ticks: int) -> bytes:
    return bytes(encode_variable_int(ticks))


def _meta(kind: str, **values: str | int) -> bytes:
    with meta_charset("utf-8"):
        return bytes(mido.MetaMessage(kind, **values).bytes())


def _file_name(number: int, title: str) -> str:
    """A name that every file system takes: at most 200 bytes, none of the reserved characters."""
    kept = "".join(" " if c in '<>:"/\\|?*' or not c.isprintable() else c for c in encodable(title))
    short = " ".join(kept.split()).encode()[:180].decode("utf-8", "ignore")
    return f"{number:02d} {short}".strip(" .") + ".mid"
