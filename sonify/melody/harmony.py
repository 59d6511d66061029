"""The accompaniment: chords that fit under a melody, found phrase by phrase.

A chord lasts half a bar. Which chords: the path of highest weight (Viterbi) through the chords of
the mode, where a chord is worth what the melody makes of it, what its place in the mode makes of
it, and how its root follows the one before (falling fifths before rising ones, as in tables of
chord progression from Piston's *Harmony* on). How they sound: held, broken or driven, by density.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sonify.melody.events import (
    NO_EVENT,
    NOTE_OFF,
    STEPS_PER_BEAT,
    STEPS_PER_HALF_BAR,
    TICKS_PER_STEP,
)
from sonify.melody.score import Mode, Note
from sonify.melody.style import Expression


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord of a mode.

    Attributes:
        degree: of its root, 0 to 6.
        tones: root, third and fifth in semitones above the tonic, 0 to 11.
        weight: how much at home it is in the mode.
    """

    degree: int
    tones: tuple[int, int, int]
    weight: float


CHORDS: Mapping[Mode, tuple[Chord, ...]] = {
    "major": (
        Chord(0, (0, 4, 7), 0.5),
        Chord(1, (2, 5, 9), 0.1),
        Chord(2, (4, 7, 11), -0.4),
        Chord(3, (5, 9, 0), 0.3),
        Chord(4, (7, 11, 2), 0.4),
        Chord(5, (9, 0, 4), 0.2),
    ),
    "minor": (
        Chord(0, (0, 3, 7), 0.5),
        Chord(1, (2, 5, 8), -0.4),
        Chord(2, (3, 7, 10), 0.1),
        Chord(3, (5, 8, 0), 0.3),
        Chord(4, (7, 11, 2), 0.4),
        Chord(4, (7, 10, 2), -0.1),
        Chord(5, (8, 0, 3), 0.25),
        Chord(6, (10, 2, 5), 0.1),
    ),
}

# By how many degrees the root rises: repeated, second, third, fourth …
_PROGRESSION = (-0.3, 0.3, -0.2, 0.6, 0.2, 0.3, -0.3)

_BASS = 36  # the octave that the bass lies in begins here
_UPPER = 48  # and that of the other tones
_SOFTER = 24  # MIDI velocity steps below the melody
_HELD_BELOW = 5.0  # notes a bar of the melody up to which chords are held
_DRIVEN_ABOVE = 7.5  # and from which they are driven


class Harmonist:
    """Accompanies the phrases of one chapter, in order.

    Args:
        transposition: semitones from C to the book's key.
    """

    def __init__(self, transposition: int) -> None:
        self._transposition = transposition
        self._last: Chord | None = None

    def accompany(
        self, events: Sequence[int], mode: Mode, expression: Expression, closing: bool
    ) -> Iterator[Note]:
        """The notes under a phrase.

        Args:
            events: melody events of the phrase, in C; a whole number of half bars.
            mode: the phrase's.
            expression: how the phrase is played.
            closing: whether the phrase closes a chapter, on the tonic's chord.
        """
        chords = self._harmonize(events, mode, closing)
        self._last = chords[-1]
        velocity = min(127, max(1, round(expression.velocity) - _SOFTER))
        for half_bar, chord in enumerate(chords):
            if expression.density < _HELD_BELOW or (closing and half_bar == len(chords) - 1):
                pattern = _HELD
            else:
                pattern = _DRIVEN if expression.density > _DRIVEN_ABOVE else _BROKEN
            voices = _voices(chord, self._transposition)
            for step, length, voice in pattern:
                yield Note(
                    start=(half_bar * STEPS_PER_HALF_BAR + step) * TICKS_PER_STEP,
                    duration=length * TICKS_PER_STEP - TICKS_PER_STEP // 4,
                    pitch=voices[voice],
                    velocity=velocity if step == 0 else max(1, velocity - 6),
                )

    def _harmonize(self, events: Sequence[int], mode: Mode, closing: bool) -> list[Chord]:
        chords = CHORDS[mode]
        heard = [
            _tones(events[at : at + STEPS_PER_HALF_BAR], before)
            for at, before in _half_bars(events)
        ]
        worth = [self._follows(self._last, chord) + _fits(heard[0], chord) for chord in chords]
        came_from: list[list[int]] = []
        for tones in heard[1:]:
            best, worths = [], []
            for chord in chords:
                ways = [
                    w + self._follows(before, chord)
                    for w, before in zip(worth, chords, strict=True)
                ]
                best.append(ways.index(max(ways)))
                worths.append(max(ways) + _fits(tones, chord))
            came_from.append(best)
            worth = worths
        at = 0 if closing else max(range(len(chords)), key=worth.__getitem__)
        path = [at]
        for best in reversed(came_from):
            path.append(at := best[at])
        return [chords[i] for i in reversed(path)]

    @staticmethod
    def _follows(before: Chord | None, chord: Chord) -> float:
        if before is None:
            return chord.weight
        return chord.weight + _PROGRESSION[(chord.degree - before.degree) % 7]


# (first step, steps, voice) in half a bar; voice 0 is the bass.
_Pattern = tuple[tuple[int, int, int], ...]
_HELD: _Pattern = ((0, 8, 0), (0, 8, 1), (0, 8, 2))
_BROKEN: _Pattern = ((0, 8, 0), (2, 2, 1), (4, 2, 2), (6, 2, 1))
_DRIVEN: _Pattern = ((0, 4, 0), (2, 2, 1), (2, 2, 2), (4, 4, 0), (6, 2, 1), (6, 2, 2))


def _half_bars(events: Sequence[int]) -> Iterator[tuple[int, int | None]]:
    """The first step of each half bar, with the pitch that sounds on into it."""
    sounding: int | None = None
    for step, event in enumerate(events):
        if step % STEPS_PER_HALF_BAR == 0:
            yield step, sounding
        if event != NO_EVENT:
            sounding = None if event == NOTE_OFF else event


def _tones(events: Sequence[int], sounding: int | None) -> dict[int, float]:
    """How much of half a bar each pitch class has, the beats counting for more; at most 1.5."""
    tones: dict[int, float] = {}
    for step, event in enumerate(events):
        if event != NO_EVENT:
            sounding = None if event == NOTE_OFF else event
        if sounding is not None:
            stress = 1.5 if step % STEPS_PER_BEAT == 0 else 1.0
            tones[sounding % 12] = tones.get(sounding % 12, 0.0) + stress / len(events)
    return tones


def _fits(tones: Mapping[int, float], chord: Chord) -> float:
    return 2 * sum(share if tone in chord.tones else -share for tone, share in tones.items())


def _voices(chord: Chord, transposition: int) -> tuple[int, int, int]:
    """The bass and two upper tones: third and fifth, each in its octave."""
    root, third, fifth = ((tone + transposition) % 12 for tone in chord.tones)
    return _BASS + root, _UPPER + third, _UPPER + fifth
