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
from pathlib import Path
from types import TracebackType
from typing import Self

import mido
from mido.midifiles.meta import encode_variable_int, meta_charset

from sonify.errors import SonifyError
from sonify.melody.score import BEATS_PER_BAR, TICKS_PER_BEAT, Mode, Note, Phrase, Score
from sonify.output.output import FileOutput, Output

MELODY_CHANNEL = 0
ACCOMPANIMENT_CHANNEL = 1

_KEYS = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"),
}


class _Track:
    """A track's events, in a temporary file, timed from the track's beginning in ticks."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the MIDI file
        self._tick = 0

    def add(self, tick: int, message: mido.Message | mido.MetaMessage) -> None:
        self.file.write(bytes(encode_variable_int(tick - self._tick)))
        with meta_charset("utf-8"):
            self.file.write(bytes(message.bytes()))
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
        self._conductor: _Track
        self._melody: _Track
        self._accompaniment: _Track

    def _begin(self) -> None:
        self._tracks = [_Track() for _ in range(3)]
        self._conductor, self._melody, self._accompaniment = self._tracks
        self._accompanied = False
        self._meta(0, "track_name", name=_clean(self._score.title))
        if self._score.author:
            self._meta(0, "text", text=_clean(self._score.author))
        self._meta(0, "time_signature", numerator=BEATS_PER_BAR, denominator=4)
        for track, name, channel in (
            (self._melody, "Melody", MELODY_CHANNEL),
            (self._accompaniment, "Accompaniment", ACCOMPANIMENT_CHANNEL),
        ):
            track.add(0, mido.MetaMessage("track_name", name=name))
            track.add(0, mido.Message("program_change", channel=channel, program=self._program))

    def _write(self, phrase: Phrase) -> None:
        if self._origin is None:
            self._origin = phrase.start
        start = phrase.start - self._origin
        self._end = start + phrase.length
        if phrase.chapter.index != self._chapter:
            self._chapter = phrase.chapter.index
            title = _clean(phrase.chapter.title) or str(phrase.chapter.index + 1)
            self._meta(start, "marker", text=title)
        if phrase.mode != self._mode:
            self._mode = phrase.mode
            key = _KEYS[phrase.mode][self._score.tonic]
            self._meta(start, "key_signature", key=key)
        for tempo in phrase.tempi:
            if tempo.beat != self._beat:
                self._beat = tempo.beat
                self._meta(start + tempo.start, "set_tempo", tempo=tempo.beat)

        events = _sounding(phrase.melody, MELODY_CHANNEL)
        for tick, _, mood in phrase.sung():
            lyric = mido.MetaMessage("lyrics", text=_clean(mood.sentence.text))
            events.append((tick, 1, lyric))
        for tick, _, message in sorted(events, key=lambda event: event[:2]):
            self._melody.add(start + tick, message)
        for tick, _, message in sorted(
            _sounding(phrase.accompaniment, ACCOMPANIMENT_CHANNEL), key=lambda event: event[:2]
        ):
            self._accompanied = True
            self._accompaniment.add(start + tick, message)

    def _finish(self) -> None:
        tracks = self._tracks if self._accompanied else self._tracks[:2]
        self._file.write(b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS_PER_BEAT))
        for track in tracks:
            track.add(self._end, mido.MetaMessage("end_of_track"))
            self._file.write(b"MTrk" + struct.pack(">I", track.file.tell()))
            track.file.seek(0)
            shutil.copyfileobj(track.file, self._file)

    def _discard(self) -> None:
        for track in self._tracks:
            with contextlib.suppress(OSError):  # what is left to write may not fit either
                track.file.close()

    def _meta(self, tick: int, kind: str, **values: str | int) -> None:
        self._conductor.add(tick, mido.MetaMessage(kind, **values))


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


def _sounding(
    notes: Iterable[Note], channel: int
) -> list[tuple[int, int, mido.Message | mido.MetaMessage]]:
    """Note-ons and note-offs as (tick, order within the tick, message): offs go first."""
    events = []
    for note in notes:
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)
        off = mido.Message("note_off", channel=channel, note=note.pitch, velocity=0)
        events += [(note.start, 2, on), (note.start + note.duration, 0, off)]
    return events


def _clean(text: str) -> str:
    """Without what can't be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _file_name(number: int, title: str) -> str:
    """A name that every file system takes: at most 200 bytes, none of the reserved characters."""
    kept = "".join(" " if c in '<>:"/\\|?*' or not c.isprintable() else c for c in _clean(title))
    short = " ".join(kept.split()).encode()[:180].decode("utf-8", "ignore")
    return f"{number:02d} {short}".strip(" .") + ".mid"
