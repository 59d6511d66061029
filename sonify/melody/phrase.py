"""What composing hands on: the phrase that a sentence is sung to."""

from dataclasses import dataclass
from typing import Literal

from sonify.mood.mood import Mood

Mode = Literal["major", "minor"]

TICKS_PER_BEAT = 480
"""Resolution of all times in ticks; a beat is a quarter note."""

BEATS_PER_BAR = 4


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
        bpm: beats (quarter notes) a minute.
    """

    start: int
    bpm: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """The music of one sentence; it follows the phrase before it without a gap.

    Attributes:
        mood: the mood that it sings, with its sentence and chapter.
        mode: "major" or "minor".
        tonic: pitch class of the book's tonic, 0 (C) to 11 (B).
        start: ticks from the beginning of the book.
        length: ticks.
        tempi: at least one, in order; the first starts at 0.
        melody: the notes, in order, none overlapping another.
    """

    mood: Mood
    mode: Mode
    tonic: int
    start: int
    length: int
    tempi: tuple[Tempo, ...]
    melody: tuple[Note, ...]
