"""Hearing a key: pitch classes, weighted by how long they sound, against key profiles.

The method of Krumhansl & Schmuckler (Krumhansl 1990, Cognitive Foundations of Musical Pitch,
chapter 4) as music21's `analysis.discrete` has it, without building a stream for every tune.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from sonify.melody.events import NO_EVENT, NOTE_OFF
from sonify.melody.score import Mode

# (major, minor) weights of the twelve pitch classes, the tonic first.
PROFILES = {
    # Krumhansl & Kessler 1982.
    "krumhansl-schmuckler": (
        (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
        (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
    ),
    # Aarden 2003, from the melodies of the Essen collection.
    "aarden-essen": (
        (17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587,
         0.291248, 22.062, 0.145624, 8.15494, 0.232998, 4.95122),
        (18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362,
         0.702494, 18.6161, 4.56621, 1.93186, 7.37619, 1.75623),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """A key that was heard."""

    tonic: int
    mode: Mode


KEYS = tuple(Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12))


def pitch_class_durations(events: Iterable[int]) -> np.ndarray:
    """Steps that each pitch class sounds, shape (12,)."""
    durations, sounding = np.zeros(12), None
    for event in events:
        if event == NOTE_OFF:
            sounding = None
        elif event != NO_EVENT:
            sounding = event % 12
        if sounding is not None:
            durations[sounding] += 1
    return durations


@cache
def _profiles(name: str) -> np.ndarray:
    rows = [np.roll(PROFILES[name][mode], tonic) for mode in (0, 1) for tonic in range(12)]
    centred = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def correlations(durations: np.ndarray, profile: str) -> np.ndarray:
    """Correlation of pitch class durations (12,) with each of `KEYS`, shape (24,)."""
    centred = durations - durations.mean()
    return _profiles(profile) @ centred / (np.linalg.norm(centred) or 1.0)


def find_key(durations: np.ndarray, profile: str = "krumhansl-schmuckler") -> Key:
    """The key whose profile pitch class durations (12,) are most like."""
    return KEYS[int(correlations(durations, profile).argmax())]
