"""What composing hands on: a score, its phrases, their notes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sonify.mood.mood import Mood
from sonify.reading.book import Chapter

Mode = Literal["major", "minor"]

TICKS_PER_BEAT = 480
"""Resolution of all times in ticks; a beat is a quarter note."""

BEATS_PER_BAR = 4
TICKS_PER_BAR = TICKS_PER_BEAT * BEATS_PER_BAR


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a phrase.

    Attributes:
        start: ticks after the phrase's start.
        duration: ticks, at least 1; it ends inside the phrase.
        pitch: MIDI note number, 0-127.
        velocity: 1-127.
    """

    start: int
    duration: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Tempo:
    """The tempo from a point of a phrase on.

    Attributes:
        start: ticks after the phrase's start.
        beat: how long a beat lasts, in microseconds (what a MIDI file states).
    """

    start: int
    beat: int

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return 60_000_000 / self.beat


@dataclass(frozen=True, slots=True)
class Phrase:
    """The music of a sentence; it follows the phrase before it without a gap.

    Attributes:
        chapter: the chapter it belongs to.
        moods: what it sings: one mood; several where a short soundtrack lets sentences share a
            phrase; none in the cadence that closes a chapter.
        mode: "major" or "minor".
        start: ticks from the beginning of the book.
        time: seconds from the beginning of the book.
        length: ticks.
        tempi: at least one, in order; the first starts at 0.
        melody: notes in order, none overlapping another.
        accompaniment: chord notes in order of their start; none overlaps another of its pitch.
    """

    chapter: Chapter
    moods: tuple[Mood, ...]
    mode: Mode
    start: int
    time: float
    length: int
    tempi: tuple[Tempo, ...]
    melody: tuple[Note, ...]
    accompaniment: tuple[Note, ...] = ()

    def seconds(self, tick: int) -> float:
        """Seconds from the phrase's start to `tick` (0 to `length`)."""
        total = 0
        for tempo, end in zip(
            self.tempi, [*(t.start for t in self.tempi[1:]), self.length], strict=True
        ):
            total += max(0, min(tick, end) - tempo.start) * tempo.beat
        return total / TICKS_PER_BEAT / 1_000_000

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.seconds(self.length)

    def sung(self) -> Iterator[tuple[int, int, Mood]]:
        """Each of `moods` with its first tick and the tick after its last one.

        Sentences that share a phrase divide it by their length in characters.
        """
        characters = sum(len(mood.sentence.text) for mood in self.moods)
        read, start = 0, 0
        for mood in self.moods:
            read += len(mood.sentence.text)
            end = self.length * read // characters
            yield start, end, mood
            start = end


@dataclass(frozen=True, slots=True)
class Score:
    """A book's music: what is known before the first note, and the phrases.

    Attributes:
        title: the book's.
        author: the book's; empty where it isn't known.
        language: the book's, ISO 639-1.
        seed: what all that is random was drawn with.
        tonic: pitch class, 0 (C) to 11 (B).
        models: what was heard and composed with: the model's name for each of "mood", "major"
            and "minor".
        phrases: composed as they are asked for, once.
        verse: whether what is sung are lines of verse rather than sentences of prose.
    """

    title: str
    author: str
    language: str
    seed: int
    tonic: int
    models: Mapping[str, str]
    phrases: Iterator[Phrase]
    verse: bool = False
