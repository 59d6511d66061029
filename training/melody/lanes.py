"""Tunes laid end to end in lanes, cut in windows: what the network is trained on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sonify.melody.events import (
    INPUT_SIZE,
    LOOKBACKS,
    MIN_PITCH,
    NO_EVENT,
    NUM_EVENTS,
    NUM_PITCHES,
    STEPS_PER_BAR,
    MelodyEncoder,
)


@dataclass(frozen=True)
class Encoded:
    """A tune as the network sees it, whole bars long.

    Attributes:
        inputs: (T, 74), int8.
        classes: (T,), the class to expect after each step; -1 where there's no next event.
        meanings: (T, 3), every class that would mean the same event: the event's own, and the
            repeats 38 and 39; -1 where a repeat would mean another.
    """

    inputs: np.ndarray
    classes: np.ndarray
    meanings: np.ndarray


def encode(events: Sequence[int]) -> Encoded:
    """Encode a tune; each event but the first is to be expected from those before it."""
    length = -(-len(events) // STEPS_PER_BAR) * STEPS_PER_BAR
    inputs = np.zeros((length, INPUT_SIZE), np.int8)
    classes = np.full(length, -1, np.int8)
    meanings = np.full((length, 1 + len(LOOKBACKS)), -1, np.int8)
    encoder = MelodyEncoder()
    for step, event in enumerate(events):
        if step:
            classes[step - 1] = encoder.class_of(event)
            own = event - MIN_PITCH if event >= 0 else NUM_PITCHES + event - NO_EVENT
            meanings[step - 1, 0] = own
            for i, lookback in enumerate(LOOKBACKS):
                if encoder.repeated(lookback) == event:
                    meanings[step - 1, 1 + i] = NUM_EVENTS + i
        encoder.hear(event)
        inputs[step] = encoder.input
    return Encoded(inputs, classes, meanings)


@dataclass(frozen=True)
class Window:
    """What all lanes hold for a while.

    Attributes:
        inputs: (T, B, 74), float32.
        classes: (T, B), int32, -1 where nothing is to be expected.
        meanings: (T, B, 3), int32.
        begins: (T / 16, B), float32: 1 where a tune begins.
    """

    inputs: np.ndarray
    classes: np.ndarray
    meanings: np.ndarray
    begins: np.ndarray


def windows(tunes: Sequence[Encoded], lanes: int, steps: int) -> Iterator[Window]:
    """Windows over all tunes, in their order, each tune going on in its lane's next window.

    Each next tune is given to the shortest lane; lanes are filled up with what isn't counted.
    """
    filled: list[list[Encoded]] = [[] for _ in range(lanes)]
    lengths = np.zeros(lanes, int)
    for tune in tunes:
        lane = int(lengths.argmin())
        filled[lane].append(tune)
        lengths[lane] += len(tune.classes)
    total = -(-int(lengths.max()) // steps) * steps
    inputs = np.zeros((total, lanes, INPUT_SIZE), np.int8)
    classes = np.full((total, lanes), -1, np.int8)
    meanings = np.full((total, lanes, 1 + len(LOOKBACKS)), -1, np.int8)
    begins = np.zeros((total // STEPS_PER_BAR, lanes), np.int8)
    for lane, row in enumerate(filled):
        at = 0
        for tune in row:
            end = at + len(tune.classes)
            inputs[at:end, lane], classes[at:end, lane] = tune.inputs, tune.classes
            meanings[at:end, lane] = tune.meanings
            begins[at // STEPS_PER_BAR, lane] = 1
            at = end
    for at in range(0, total, steps):
        bars = slice(at // STEPS_PER_BAR, (at + steps) // STEPS_PER_BAR)
        yield Window(
            inputs[at : at + steps].astype(np.float32),
            classes[at : at + steps].astype(np.int32),
            meanings[at : at + steps].astype(np.int32),
            begins[bars].astype(np.float32),
        )
