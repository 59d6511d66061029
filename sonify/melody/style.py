"""How a mood sounds: the mapping from intensity and emotions to tempo, dynamics, register …

The directions follow the literature on emotional expression in music (Juslin & Lindström 2010;
Gabrielsson & Lindström 2010; Eerola, Friberg & Bresin 2013, who find the cues linear and additive,
which is why they are simply added up here). `docs/music.md` gives the sources cue by cue.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sonify.errors import SonifyError
from sonify.mood.mood import EMOTIONS


@dataclass(frozen=True, slots=True)
class Colour:
    """What an emotion adds when it is all that is felt; a share of it adds that share.

    Attributes:
        tempo: relative; 0.1 is 10 % faster.
        velocity: MIDI velocity steps.
        register: semitones.
        density: notes a bar.
        articulation: share of a note's length that sounds.
        accent: MIDI velocity steps on each beat.
        leap: log-odds of an interval of a fourth or more.
    """

    tempo: float = 0.0
    velocity: float = 0.0
    register: float = 0.0
    density: float = 0.0
    articulation: float = 0.0
    accent: float = 0.0
    leap: float = 0.0


COLOURS: Mapping[str, Colour] = {
    "joy": Colour(tempo=0.10, velocity=6, register=3, density=1.0, articulation=-0.12, accent=3),
    "affection": Colour(tempo=-0.06, velocity=-6, register=1, density=-0.5, articulation=0.06),
    "hope": Colour(tempo=0.04, velocity=2, register=3, density=0.5),
    "calm": Colour(tempo=-0.12, velocity=-10, density=-1.5, articulation=0.08, leap=-0.5),
    "sadness": Colour(
        tempo=-0.14, velocity=-10, register=-3, density=-1.0, articulation=0.08, leap=-0.3
    ),
    "fear": Colour(
        tempo=0.06, velocity=-14, register=-6, density=-1.5, articulation=-0.20, accent=10
    ),
    "anger": Colour(
        tempo=0.10, velocity=14, register=-3, density=1.5, articulation=-0.18, accent=14
    ),
    "surprise": Colour(tempo=0.04, velocity=8, register=2, articulation=-0.10, accent=6, leap=1.0),
}

_SLOWEST, _FASTEST = 20.0, 400.0  # beats a minute, whatever emotions add: MIDI can't tell 3

# What a style file may say. The melody has 14 semitones on either side of the middle: where the
# register lies far beyond, or leaps are weighed without limit, no note is left to sing.
_STYLE_RANGES = {
    "tempo": (_SLOWEST, _FASTEST),
    "velocity": (0, 127),
    "register": (-24, 24),
    "density": (0, 16),
    "articulation": (0, 1),
    "accent": (0, 127),
    "temperature": (0.1, 3),
}
_COLOUR_RANGES = {
    "tempo": (-1, 4),
    "velocity": (-127, 127),
    "register": (-24, 24),
    "density": (-16, 16),
    "articulation": (-1, 1),
    "accent": (-127, 127),
    "leap": (-10, 10),
}


@dataclass(frozen=True, slots=True)
class Expression:
    """How a phrase is played; the units are those of `Colour`, tempo in beats a minute."""

    tempo: float
    velocity: float
    register: float
    density: float
    articulation: float
    accent: float
    leap: float


@dataclass(frozen=True, slots=True)
class Style:
    """The ends between which intensity moves the music, and the colours of the emotions.

    Attributes:
        tempo: beats a minute at intensity 0 and 1.
        velocity: MIDI velocity at intensity 0 and 1.
        register: semitones from the middle of the range at intensity 0 and 1.
        density: notes a bar at intensity 0 and 1.
        articulation: share of a note's length that sounds.
        accent: MIDI velocity steps on each beat.
        temperature: of the sampling; below 1 the models' likelier notes get likelier.
        colours: by emotion.
    """

    tempo: tuple[float, float] = (84.0, 124.0)
    velocity: tuple[float, float] = (50.0, 98.0)
    register: tuple[float, float] = (-2.0, 3.0)
    density: tuple[float, float] = (2.5, 11.0)
    articulation: float = 0.94
    accent: float = 5.0
    temperature: float = 0.95
    colours: Mapping[str, Colour] = field(default_factory=lambda: COLOURS)

    def express(self, intensity: float, emotions: Mapping[str, float]) -> Expression:
        """The expression of a mood: what intensity asks for, coloured by the emotions.

        Args:
            intensity: 0 to 1.
            emotions: shares by name, none for a model that doesn't tell them.
        """

        def between(ends: tuple[float, float]) -> float:
            return ends[0] + (ends[1] - ends[0]) * intensity

        def added(cue: str) -> float:
            return sum(
                share * float(getattr(self.colours[name], cue)) for name, share in emotions.items()
            )

        return Expression(
            tempo=min(_FASTEST, max(_SLOWEST, between(self.tempo) * (1 + added("tempo")))),
            velocity=between(self.velocity) + added("velocity"),
            register=between(self.register) + added("register"),
            density=max(1.0, between(self.density) + added("density")),
            articulation=min(1.0, max(0.3, self.articulation + added("articulation"))),
            accent=max(0.0, self.accent + added("accent")),
            leap=added("leap"),
        )

    @classmethod
    def load(cls, path: Path) -> "Style":
        """Reads a TOML file that changes some of the style; what it leaves out stays.

        Keys are the attributes of `Style`; a table `[colours.EMOTION]` has those of `Colour`.

        Raises:
            SonifyError: the file can't be read, or has a key or value that doesn't fit.
        """
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SonifyError(f"can't read the style {path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:  # bad syntax or bytes, too long, too deep
            raise SonifyError(f"the style {path} is not TOML: {error}") from None
        changed = given.pop("colours", {})
        if not isinstance(changed, dict):
            raise SonifyError(f"the style {path}: colours must be a table for each emotion")
        colours = dict(COLOURS)
        for name, cues in changed.items():
            if name not in colours:
                raise SonifyError(
                    f"the style {path} colours {name!r}; the emotions are {', '.join(EMOTIONS)}"
                )
            if not isinstance(cues, dict):
                raise SonifyError(f"the style {path}: colours.{name} must be a table")
            colours[name] = _replace(colours[name], cues, _COLOUR_RANGES, path, f"colours.{name}.")
        return _replace(cls(colours=colours), given, _STYLE_RANGES, path, "")


_T = TypeVar("_T", Style, Colour)


def _replace(
    base: _T,
    given: Mapping[str, Any],
    ranges: Mapping[str, tuple[float, float]],
    path: Path,
    where: str,
) -> _T:
    changes: dict[str, Any] = {}
    for key, value in given.items():
        if key not in ranges:
            known = ", ".join(f.name for f in dataclasses.fields(base))
            raise SonifyError(f"the style {path} sets {where}{key}; it can set {known}")
        is_pair = isinstance(getattr(base, key), tuple)
        numbers = value if isinstance(value, list) else [value]
        if (
            isinstance(value, list) is not is_pair
            or len(numbers) != (2 if is_pair else 1)
            or not all(type(n) in (int, float) for n in numbers)
        ):
            shape = "two numbers, [low, high]" if is_pair else "a number"
            raise SonifyError(f"the style {path}: {where}{key} must be {shape}")
        low, high = ranges[key]
        if not all(low <= n <= high for n in numbers):
            raise SonifyError(f"the style {path}: {where}{key} must be from {low:g} to {high:g}")
        changes[key] = tuple(float(n) for n in numbers) if is_pair else float(value)
    return dataclasses.replace(base, **changes)
