"""An audio file, rendered as the music streams in: Ogg Vorbis, FLAC, WAV or MP3."""

import contextlib
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonify.errors import SonifyError
from sonify.melody.score import Phrase, Score
from sonify.output.mastering import Limiter, loudness
from sonify.output.output import FileOutput
from sonify.output.synthesizer import SAMPLE_RATE, Sound, Sounding, Synthesizer
from sonify.output.tags import Tags
from sonify.reading.cover import Cover

if TYPE_CHECKING:
    from soundfile import SoundFile

FORMATS = {
    ".ogg": ("OGG", "VORBIS"),
    ".flac": ("FLAC", "PCM_16"),
    ".wav": ("WAV", "PCM_16"),
    ".mp3": None,
}
"""By suffix: the container and the encoding, as libsndfile names them; LAME makes MP3 itself."""

LOUDNESS = -18.0
"""LUFS that music of middling intensity has."""

_CEILING = 10 ** (-2 / 20)  # -2 dBFS: what an MP3 or Vorbis decoder makes of it stays below 0
_MP3_RATE = 128  # kbit/s, constant: players find a place in it without a table
_FIRST = 1 << 15  # samples: libvorbis puts what it is given first on the stack
_LONGEST_WAV = (1 << 32) - (1 << 20)  # bytes: its header counts in 32 bits
_AT_ONCE = 20.0  # seconds that are rendered at once: reading the SoundFont each time costs 30 ms
_PASSAGE = [  # as a composer of middling mood has it: a melody over broken chords
    Sounding(0.4 * beat, length, pitch, velocity)
    for bar, melody in enumerate(((60, 64, 67, 72), (71, 67, 65, 62), (64, 67, 76, 72)) * 2)
    for beat, length, pitch, velocity in (
        *((4 * bar + beat, 0.38, pitch, 76) for beat, pitch in enumerate(melody)),
        (4 * bar, 1.5, 43, 42),
        *((4 * bar + beat, 0.38, pitch, 38) for beat, pitch in enumerate((55, 60, 55, 64))),
    )
]


class Audio(FileOutput):
    """Renders a score's phrases to an audio file with chapter marks.

    The first phrase it is given begins at 0 s, whatever comes before it in the book.

    Args:
        path: where the file goes; its suffix, in lower case, is one of `FORMATS`.
        score: names the book.
        program: General MIDI program, 0 (grand piano) to 127.
        soundfont: an .sf2 file, instead of the one that is installed.
        cover: the book's, for the tags.
    """

    def __init__(
        self,
        path: Path,
        score: Score,
        *,
        program: int = 0,
        soundfont: Path | None = None,
        cover: Cover | None = None,
    ) -> None:
        super().__init__(path)
        self._score = score
        self._program, self._soundfont = program, soundfont
        self._cover = cover
        self._worker = ThreadPoolExecutor(1)

    def _begin(self) -> None:
        self._synthesizer = Synthesizer(self._soundfont, self._program)
        natural = loudness(self._synthesizer.render(_PASSAGE)[: 10 * SAMPLE_RATE])
        self._limiter = Limiter(10 ** ((LOUDNESS - natural) / 20), _CEILING)
        self._origin: float | None = None
        self._end = 0.0
        self._chapters: list[tuple[float, str]] = []
        self._chapter: int | None = None
        self._begun = 0.0  # the second at which the notes begin that wait to be rendered
        self._notes: list[Sounding] = []
        self._tail = np.zeros((0, 2), np.float32)  # what sounds on from those before
        self._samples = 0
        self._encoding: Future[None] = Future()
        self._encoding.set_result(None)
        self._encoder = _encoder(self._file, self.path.suffix.lower())

    def _write(self, phrase: Phrase) -> None:
        if self._origin is None:
            self._origin = phrase.time
        time = phrase.time - self._origin
        if phrase.chapter.index != self._chapter:
            self._chapter = phrase.chapter.index
            self._chapters.append((time, phrase.chapter.title or str(phrase.chapter.index + 1)))
        for note in (*phrase.melody, *phrase.accompaniment):
            start, end = phrase.seconds(note.start), phrase.seconds(note.start + note.duration)
            start_here = time + start - self._begun
            self._notes.append(Sounding(start_here, end - start, note.pitch, note.velocity))
        self._end = time + phrase.duration
        if self._end - self._begun >= _AT_ONCE:
            self._render()

    def _finish(self) -> None:
        self._render()
        self._encode(self._limiter.add(self._tail))
        self._encode(self._limiter.end())
        self._encoding.result()
        self._encoder.close()
        self._file.flush()
        tags = Tags(self._score.title, self._score.author, self._chapters, self._end, self._cover)
        tags.write(self._partial, self.path.suffix.lower())

    def _discard(self) -> None:
        self._worker.shutdown()
        encoder = getattr(self, "_encoder", None)
        if encoder is not None:
            with contextlib.suppress(OSError):  # what is left to write may not fit either
                encoder.close()

    def _render(self) -> None:
        """Renders and encodes the notes that wait; what sounds on is kept."""
        length = round(self._end * SAMPLE_RATE) - round(self._begun * SAMPLE_RATE)
        sound = self._synthesizer.render(self._notes)
        mixed = np.zeros((max(length, len(sound), len(self._tail)), 2), np.float32)
        mixed[: len(sound)] = sound
        mixed[: len(self._tail)] += self._tail
        self._encode(self._limiter.add(mixed[:length]))
        self._begun, self._notes, self._tail = self._end, [], mixed[length:]

    def _encode(self, sound: Sound) -> None:
        """Encodes sound while what comes next is rendered; a piece at most waits."""
        pieces = (sound[:_FIRST], sound[_FIRST:]) if self._samples == 0 else (sound,)
        self._samples += len(sound)
        if self.path.suffix.lower() == ".wav" and self._samples * 2 * 2 > _LONGEST_WAV:
            raise SonifyError(
                f"can't write {self.path}: a .wav file holds 6 hours and 12 minutes at most; "
                "name it .flac"
            )
        for piece in pieces:
            self._encoding.result()
            samples = np.rint(piece * np.float32(32767)).astype(np.int16)
            begun = threading.Event()
            self._encoding = self._worker.submit(_write, self._encoder, samples, begun)
            begun.wait()  # it couldn't begin while the synthesizer holds the interpreter


class _Mp3:
    """Encodes MP3 to a file, four times as fast as LAME within libsndfile does."""

    def __init__(self, file: IO[bytes]) -> None:
        import lameenc

        self._file = file
        self._lame = lameenc.Encoder()
        self._lame.set_channels(2)
        self._lame.set_in_sample_rate(SAMPLE_RATE)
        self._lame.set_bit_rate(_MP3_RATE)
        self._lame.set_quality(5)  # LAME's own default for a constant rate is 3
        self._lame.silence()
        self._open = True

    def write(self, samples: NDArray[np.int16]) -> None:
        self._file.write(self._lame.encode(samples))

    def close(self) -> None:
        if self._open:
            self._open = False
            self._file.write(self._lame.flush())


def _encoder(file: IO[bytes], suffix: str) -> "SoundFile | _Mp3":
    """Writes sound to a file, which stays open when it is closed."""
    if (names := FORMATS[suffix]) is None:
        return _Mp3(file)

    import soundfile

    container, encoding = names
    return soundfile.SoundFile(
        file.fileno(), "w", SAMPLE_RATE, 2, encoding, format=container, closefd=False
    )


def _write(encoder: "SoundFile | _Mp3", samples: NDArray[np.int16], begun: threading.Event) -> None:
    import soundfile

    begun.set()
    try:
        encoder.write(samples)
    except soundfile.LibsndfileError as error:
        raise OSError(error.error_string) from error
