"""What a user may ask for: how a text is composed, and with which models.

This imports little, for those who only hand it on.
"""

from dataclasses import dataclass, field
from pathlib import Path

from sonify.melody.plan import PACE
from sonify.melody.style import Style
from sonify.mood.models import FOLDER
from sonify.reading import Split


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may ask of a soundtrack.

    Attributes:
        seed: None to take it from the book's title and its first sentence.
        split: how the text is cut into sentences, see `reading.read`.
        pace: syllables a minute at which the text is read.
        minutes: how long the soundtrack is to last; None for as long as reading lasts.
        style: how moods sound.
        accompaniment: whether chords go with the melody.
        context: whether a sentence is heard together with its neighbours; without, a phrase can
            be composed before the sentence after it is known.
    """

    seed: int | None = None
    split: Split = "auto"
    pace: float = PACE
    minutes: float | None = None
    style: Style = field(default_factory=Style)
    accompaniment: bool = True
    context: bool = True


def model_folders(mood: str, major: Path | None, minor: Path | None) -> dict[str, Path]:
    """Where the models lie.

    Args:
        mood: name of a mood model.
        major: folder of a melody model to sing in major with, instead of the shipped one.
        minor: the same for minor.
    """
    return {
        "mood": FOLDER / mood,
        "major": major or FOLDER / "major",
        "minor": minor or FOLDER / "minor",
    }
