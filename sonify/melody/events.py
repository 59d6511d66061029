"""Melody events on a 16th-note grid, and how Magenta's `attention_rnn` is told about them.

An event says what happens in one step, a 16th note: a pitch begins (its MIDI note number,
48-83), what sounds or rests goes on (`NO_EVENT`), or what sounds ends (`NOTE_OFF`).

`MelodyEncoder` is the encoding of Magenta's `attention_rnn`, event by event what note-seq's
`KeyMelodyEncoderDecoder` (https://github.com/magenta/note-seq, melody_encoder_decoder.py) makes
of a whole melody: the note that sounds, the direction, whether the last event repeats what was
one and two bars ago, the place in the bar, and the keys that the melody may be in. note-seq walks
through the melody again for every step; here a step costs the same however long the melody is.
"""

from collections import deque
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonify.melody.score import TICKS_PER_BEAT

NO_EVENT = -2
NOTE_OFF = -1
MIN_PITCH = 48
MAX_PITCH = 84
"""Exclusive: the highest pitch is 83."""

STEPS_PER_BEAT = 4
STEPS_PER_BAR = 16
STEPS_PER_HALF_BAR = STEPS_PER_BAR // 2
TICKS_PER_STEP = TICKS_PER_BEAT // STEPS_PER_BEAT

NUM_PITCHES = MAX_PITCH - MIN_PITCH
NUM_EVENTS = NUM_PITCHES + 2

LOOKBACKS = (STEPS_PER_BAR, 2 * STEPS_PER_BAR)
"""Distances, in steps, at which a repeat is an event class of its own."""

NUM_CLASSES = NUM_EVENTS + len(LOOKBACKS)
"""Classes that the network tells apart: 36 pitches, no event, note off, repeat of 16 and of 32."""

_COUNTER_BITS = 7
_PITCH_CLASSES = 12
_MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
_KEYS_WITH = np.array(
    [
        [(pitch_class - key) % 12 in _MAJOR_SCALE for key in range(_PITCH_CLASSES)]
        for pitch_class in range(_PITCH_CLASSES)
    ],
    np.int32,
)

# Where each part of the input begins.
_SOUNDING = NUM_PITCHES  # then: silence
_ATTACK = _SOUNDING + 2
_DIRECTION = _ATTACK + 1
_REPEATS = _DIRECTION + 1
_COUNTER = _REPEATS + len(LOOKBACKS)
_BAR = _COUNTER + _COUNTER_BITS
KEYS = _BAR + 1
RECENT_KEYS = KEYS + _PITCH_CLASSES
INPUT_SIZE = RECENT_KEYS + _PITCH_CLASSES

_COUNTERS = np.array(
    [[1 if n >> bit & 1 else -1 for bit in range(_COUNTER_BITS)] for n in range(2**_COUNTER_BITS)],
    np.float32,
)


def index_of(event: int) -> int:
    """Index of an event in a distribution over events.

    Returns:
        0 for `NO_EVENT`, 1 for `NOTE_OFF`, 2 + k for pitch 48 + k.

    Raises:
        ValueError: it is no event.
    """
    if event < 0:
        index = event - NO_EVENT
    elif event < MIN_PITCH:
        index = -1
    else:
        index = event - MIN_PITCH + 2
    if not 0 <= index < NUM_EVENTS:
        raise ValueError(f"not a melody event: {event}")
    return index


def event_at(index: int) -> int:
    """The event at an index: the inverse of `index_of`."""
    return index + NO_EVENT if index < 2 else index - 2 + MIN_PITCH


class MelodyEncoder:
    """Encodes a melody as it goes on, one event in, one input vector out.

    Attributes:
        input: shape (74,), float32: what the network is given after the events so far; rewritten
            by every `hear`.
    """

    def __init__(self, out: NDArray[np.float32] | None = None) -> None:
        """Begin at a bar line.

        Args:
            out: shape (74,): the array to use as `input`.
        """
        self.input = np.empty(INPUT_SIZE, np.float32) if out is None else out
        self.input.fill(0)
        self._step = 0
        self._past = [NO_EVENT] * LOOKBACKS[-1]  # a ring
        self._sounding: int | None = None
        self._last_pitch: int | None = None
        self._recent: deque[int] = deque(maxlen=3)  # the last three different pitches
        self._key_counts = np.zeros(_PITCH_CLASSES, np.int32)
        self.input[_SOUNDING + 1] = 1
        self.input[KEYS:] = 1

    def hear(self, event: int) -> None:
        """Encode the next event into `input`.

        Raises:
            ValueError: it is no event.
        """
        x = self.input
        if event >= MIN_PITCH:
            if event >= MAX_PITCH:
                raise ValueError(f"not a melody event: {event}")
            self._begin(event)
        elif event == NOTE_OFF:
            # As in note-seq, the attack stays on until a step without an event.
            self._silence()
        elif event == NO_EVENT:
            x[_ATTACK] = 0
        else:
            raise ValueError(f"not a melody event: {event}")

        step, past = self._step, self._past
        for i, lookback in enumerate(LOOKBACKS):
            x[_REPEATS + i] = step >= lookback and event == past[(step - lookback) % len(past)]
        past[step % len(past)] = event
        self._step = step = step + 1
        x[_COUNTER:_BAR] = _COUNTERS[step % len(_COUNTERS)]
        x[_BAR] = step % STEPS_PER_BAR == 0

    def repeated(self, lookback: int) -> int:
        """The event that the next step would repeat, `lookback` (16 or 32) steps before it.

        Before the melody's beginning there is `NO_EVENT`.
        """
        return self._past[(self._step - lookback) % len(self._past)]

    def class_of(self, event: int) -> int:
        """Which of the 40 classes the network is to expect if `event` comes next.

        0-35 are pitches, 36 no event, 37 note off, 38 the repeat of one bar ago, 39 of two; a
        repeat goes before the event itself, and the farther repeat before the nearer.
        """
        if self._step < LOOKBACKS[-1] and event == NO_EVENT:
            return NUM_CLASSES - 1
        for i, lookback in reversed(list(enumerate(LOOKBACKS))):
            if self._step >= lookback and event == self.repeated(lookback):
                return NUM_EVENTS + i
        if event >= MIN_PITCH:
            return event - MIN_PITCH
        return NUM_PITCHES + (event - NO_EVENT)

    def _begin(self, pitch: int) -> None:
        x = self.input
        self._silence()
        self._sounding = pitch
        x[pitch - MIN_PITCH] = x[_SOUNDING] = x[_ATTACK] = 1
        x[_SOUNDING + 1] = 0
        if self._last_pitch is not None and pitch != self._last_pitch:
            x[_DIRECTION] = 1 if pitch > self._last_pitch else -1
        self._last_pitch = pitch

        if pitch in self._recent:
            self._recent.remove(pitch)
        self._recent.append(pitch)
        self._key_counts += _KEYS_WITH[pitch % 12]
        x[KEYS:RECENT_KEYS] = self._key_counts == self._key_counts.max()
        x[RECENT_KEYS:] = _likeliest_keys(*self._recent)

    def _silence(self) -> None:
        x = self.input
        if self._sounding is not None:
            x[self._sounding - MIN_PITCH] = x[_SOUNDING] = 0
            x[_SOUNDING + 1] = 1
            self._sounding = None


@lru_cache(maxsize=NUM_PITCHES**2)
def _likeliest_keys(*pitches: int) -> NDArray[np.bool_]:
    counts = sum(_KEYS_WITH[pitch % 12] for pitch in pitches)
    likeliest: NDArray[np.bool_] = counts == np.max(counts)
    return likeliest
