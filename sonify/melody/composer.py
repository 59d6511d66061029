"""From plans to phrases: one melody that goes on, and turns between major and minor.

Two networks sing, one of them at a time, both in C. When the mode turns, the other one goes on
from what has just been sounding, recast into its own mode, so the tune itself changes colour.
What is sampled from a network's expectation is bent a little on the way: towards the scale, the
register and the density that the plan asks for, and towards an ending where the sentence ends.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sonify.melody.attention_rnn import AttentionRNN, Continuation
from sonify.melody.events import (
    MAX_PITCH,
    MIN_PITCH,
    NO_EVENT,
    NOTE_OFF,
    NUM_EVENTS,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    STEPS_PER_HALF_BAR,
    TICKS_PER_STEP,
    event_at,
    index_of,
)
from sonify.melody.harmony import Harmonist
from sonify.melody.plan import Plan
from sonify.melody.score import Mode, Note, Phrase
from sonify.melody.style import Expression, Style

Array = NDArray[np.float64]

_PITCHES = np.arange(MIN_PITCH, MAX_PITCH)

SCALES: Mapping[Mode, frozenset[int]] = {
    "major": frozenset({0, 2, 4, 5, 7, 9, 11}),
    "minor": frozenset({0, 2, 3, 5, 7, 8, 10, 11}),  # natural, with the leading note
}
"""Pitch classes above the tonic."""

_LOWEST, _HIGHEST = 53, 81  # the range of a melody in C: 28 semitones
_MIDDLE, _FREE, _SPREAD = 67.0, 7.0, 4.0  # semitones: where it lies, how freely, what fades beyond
_WIDEST = 12  # semitones: no interval is wider
_WIDE = 5  # semitones: what `Colour.leap` speaks of
_NEAR = 0.84  # a semitone: how much less a note that must begin likes to begin farther away
_STILL = 0.4  # and how much less than its neighbours it likes to repeat the last one
_CHROMATIC = 0.03  # what is left of the probability of a pitch outside the scale
_LONGEST_REST = 4  # steps
_LONGEST_NOTE = 16  # steps
_HURRY = 3.5  # log-odds of a note's beginning for every note that is owed to the density …
_OWED = 2.5  # … of which there are at most so many, or so many too many
_REPEATS = range(STEPS_PER_HALF_BAR, 4 * STEPS_PER_BAR + 1, STEPS_PER_HALF_BAR)  # steps back
_ENOUGH = STEPS_PER_BAR  # steps: what has been repeated for so long …
_TIRED = 0.1  # … keeps so much of the probability of being repeated further
_LANDING = STEPS_PER_BEAT  # steps that a phrase's last note has, breath included …
_BROAD_LANDING = STEPS_PER_HALF_BAR  # … or, where a chapter closes or the music is sparse …
_SPARSE, _DENSE = 3.0, 7.0  # … notes a bar: always, never, and now and then in between
_BREATH_EVERY = 8 * STEPS_PER_HALF_BAR  # steps: a long sentence lands and breathes on its way
_PERIOD = 2 * STEPS_PER_BAR  # steps: shorter sentences share one, and only the last one closes it
_DENSEST = 14 / STEPS_PER_BAR  # notes a step

# On the strong beats of a bar the melody leans on the tonic's chord, and least on a major third:
# with more of it, E minor is heard.
_STRONG = {0: 3.0, 3: 2.0, 4: 1.1, 7: 2.0}

# How welcome each degree (in semitones above the tonic) is where a sentence closes a period, where
# it ends inside one, and where it ends as a question does.
_CLOSED = {0: 1.0, 7: 0.5, 3: 0.5, 4: 0.3}
_LIGHT = {0: 0.8, 7: 1.0, 3: 0.8, 4: 0.4}
_OPEN = {7: 1.0, 2: 0.9, 11: 0.6, 10: 0.4}

_THEME = 2 * STEPS_PER_BAR - _LANDING  # steps
_ANSWER = STEPS_PER_BAR  # steps, at most, of the last phrase with which a turn begins
_REACH = 5  # semitones: farther away than that the melody doesn't go back for them
_REMEMBERED = 4 * STEPS_PER_BAR  # steps that the other network is primed with at a turn


def recast(event: int, mode: Mode) -> int:
    """The event in the given mode: third, sixth and seventh degree lowered or raised.

    Args:
        event: a melody event of a tune in C.
        mode: the mode to recast it into; an event that is in it already stays.
    """
    if event < 0:
        return event
    if mode == "minor":
        return event - 1 if event % 12 in (4, 9, 11) else event
    return event + 1 if event % 12 in (3, 8, 10) else event


class Composer:
    """Composes the phrases of one book.

    Every chapter begins afresh from the book's theme and the chapter's number, so a chapter's
    notes depend on its own plans and the seed only.

    Args:
        networks: by mode.
        seed: 0 or more; the tonic, the theme and all that is sampled come from it.
        style: gives the temperature.
        accompanied: whether chords go with the melody.
    """

    def __init__(
        self,
        networks: Mapping[Mode, AttentionRNN],
        seed: int,
        style: Style,
        accompanied: bool = True,
    ) -> None:
        self._networks = networks
        self._seed = seed
        self._temperature = style.temperature
        random = np.random.default_rng(seed)
        self.tonic = int(random.integers(12))
        self._transposition = (self.tonic + 5) % 12 - 5  # -5 … 6 semitones
        self._accompanied = accompanied
        self._theme = self._find_theme(random)

    def compose(self, plans: Iterable[Plan]) -> Iterator[Phrase]:
        """Yields a phrase a plan."""
        singer: _Singer | None = None
        for plan in plans:
            if singer is None or plan.opening:
                random = np.random.default_rng([self._seed, plan.chapter.index])
                singer = _Singer(self._networks, random, self._temperature)
                harmonist = Harmonist(self._transposition)
            events = singer.sing(plan, self._theme if plan.opening else ())
            yield Phrase(
                chapter=plan.chapter,
                moods=plan.moods,
                mode=plan.mode,
                start=plan.start,
                time=plan.time,
                length=len(events) * TICKS_PER_STEP,
                tempi=plan.tempi,
                melody=tuple(_perform(events, plan.expression, self._transposition)),
                accompaniment=tuple(
                    harmonist.accompany(events, plan.mode, plan.expression, closing=not plan.moods)
                    if self._accompanied
                    else ()
                ),
            )

    def _find_theme(self, random: np.random.Generator) -> tuple[int, ...]:
        """The first of some improvised openings that has a shape to remember, in C major."""
        expression = Style().express(0.4, {})
        theme: tuple[int, ...] = ()
        for _ in range(16):
            singer = _Singer(self._networks, random, self._temperature)
            theme = tuple(singer.improvise("major", _THEME, expression))
            pitches = [event for event in theme if event >= 0]
            if (
                8 <= len(pitches) <= 18
                and len(set(pitches)) >= 5
                and 7 <= max(pitches) - min(pitches) <= 14
                and max(map(pitches.count, pitches)) <= len(pitches) / 2.5
            ):
                break
        return theme


def _perform(events: list[int], expression: Expression, transposition: int) -> Iterator[Note]:
    """Turns events in C into notes in the book's key, with dynamics and articulation."""
    starts = [step for step, event in enumerate(events) if event >= 0]
    for start in starts:
        end = start + 1
        while end < len(events) and events[end] == NO_EVENT:
            end += 1
        arch = math.sin(math.pi * start / len(events))  # a phrase swells and sinks
        beat = expression.accent if start % STEPS_PER_BEAT == 0 else 0.0
        bar = expression.accent if start % STEPS_PER_BAR == 0 else 0.0
        height = (events[start] - _MIDDLE) / 3
        velocity = expression.velocity + 6 * arch + beat + bar / 2 + height
        yield Note(
            start=start * TICKS_PER_STEP,
            duration=max(1, round((end - start) * TICKS_PER_STEP * expression.articulation)),
            pitch=events[start] + transposition,
            velocity=min(127, max(1, round(velocity))),
        )


@dataclass(frozen=True, slots=True)
class _Degrees:
    """What a mode bends the sampling with: factors on the probability of each event."""

    phrase: Array  # (38,)
    strong: Array  # (38,): on a strong beat
    closed: Array  # (38,): on a sentence's last note
    light: Array  # (38,): on that of one inside a period
    open: Array  # (38,): on a question's
    tonic: Array  # (38,): on a chapter's


@dataclass(frozen=True, slots=True)
class _Bent:
    """What the sampling of a phrase is bent with."""

    degrees: _Degrees
    phrase: Array  # (38,)
    wide: float


@dataclass(frozen=True, slots=True)
class _Landing:
    """A note on which a phrase comes to rest.

    Attributes:
        length: steps, breath included.
        leaning: (38,): factors on the probability of its pitch.
        breath: whether a breath follows, of a step.
    """

    length: int
    leaning: Array
    breath: bool = True


class _Singer:
    """The melody of one chapter, as it goes on."""

    def __init__(
        self,
        networks: Mapping[Mode, AttentionRNN],
        random: np.random.Generator,
        temperature: float,
    ) -> None:
        self._networks = networks
        self._random = random
        self._sharpness = 1 / temperature
        self._mode: Mode | None = None
        self._continuation: Continuation
        self._heard: list[int] = []  # since the last bar line before `_REMEMBERED` steps ago
        self._pitch: int | None = None  # the last one
        self._lasting = 0  # steps that the last event has gone on for
        self._sounding = False
        self._density = 0.0  # notes a step that are asked for
        self._owed = 0.0  # how many more notes that comes to than have begun
        self._repeating = dict.fromkeys(_REPEATS, 0)  # steps for which it has, by distance
        self._open_for = 0  # steps since a period was closed
        self._head: list[int] = []  # how the last phrase began

    def improvise(self, mode: Mode, steps: int, expression: Expression) -> list[int]:
        """An opening of the given length, in steps."""
        self._turn(mode)
        bent = _bend(mode, expression)
        self._density, self._owed = expression.density / STEPS_PER_BAR, 0.0
        return [self._sing_freely(bent, step) for step in range(steps)]

    def sing(self, plan: Plan, theme: Sequence[int]) -> list[int]:
        """The events of a phrase, which begins with as much of the theme as it has room for."""
        bent = _bend(plan.mode, plan.expression)
        steps = plan.half_bars * STEPS_PER_HALF_BAR
        landings = self._landings(plan, steps, bent)
        room = min(landings)
        answer = self._answer(plan.mode, room)
        self._turn(plan.mode)

        events = [self._hear(recast(event, plan.mode)) for event in theme[:room] or answer]
        begun = sum(event >= 0 for event in events) + len(landings)
        free = steps - len(events) - sum(landing.length for landing in landings.values())
        wanted = plan.expression.density * plan.half_bars / 2 - begun
        self._density, self._owed = min(max(0.0, wanted / max(1, free)), _DENSEST), 0.0
        while len(events) < steps:
            landing = landings.get(len(events))
            if landing is None:
                events.append(self._sing_freely(bent, len(events)))
            else:
                events.append(self._sing_on(bent, must=True, leaning=landing.leaning))
                events += [self._hear(NO_EVENT) for _ in range(landing.length - 2)]
                events.append(self._hear(NOTE_OFF if landing.breath else NO_EVENT))
        self._head = [] if answer else events[: min(room, _ANSWER)]
        return events

    def _landings(self, plan: Plan, steps: int, bent: _Bent) -> dict[int, _Landing]:
        """Where a phrase comes to rest, by the step that its resting note begins with."""
        if not plan.moods:
            return {steps - _BROAD_LANDING: _Landing(_BROAD_LANDING, bent.degrees.tonic)}
        landings = {step: _Landing(_LANDING, bent.degrees.closed) for step in _breaths(steps)}
        share = (_DENSE - plan.expression.density) / (_DENSE - _SPARSE)
        length = _BROAD_LANDING if self._random.random() < share else _LANDING
        self._open_for += steps
        if plan.moods[-1].sentence.text.rstrip("\"'”’」』)").endswith(("?", "？")):
            last = _Landing(length, bent.degrees.open)
        elif self._open_for >= _PERIOD:
            last = _Landing(length, bent.degrees.closed)
            self._open_for = 0
        else:
            last = _Landing(length, bent.degrees.light, breath=False)
        return landings | {steps - length: last}

    def _answer(self, mode: Mode, room: int) -> list[int]:
        """What a phrase in another mode takes from the last one, to be recast.

        It is how that phrase began, unless it took that from the one before it: the same tune
        turns once.
        """
        if mode == self._mode or not self._head:
            return []
        way = abs(recast(self._head[0], mode) - (self._pitch or 0))
        return self._head[: room - room % STEPS_PER_HALF_BAR] if way <= _REACH else []

    def _turn(self, mode: Mode) -> None:
        """Lets the network of the mode go on with what has been sounding, recast into it."""
        if mode == self._mode:
            return
        self._mode = mode
        self._continuation = Continuation(self._networks[mode])
        self._heard = [recast(event, mode) for event in self._heard]
        self._continuation.hear_all(self._heard)

    def _sing_freely(self, bent: _Bent, step: int) -> int:
        """Samples the event of a phrase's step where nothing but the density is settled."""
        leaning = bent.degrees.strong if step % STEPS_PER_HALF_BAR == 0 else None
        event = self._sing_on(bent, must=step == 0, leaning=leaning)
        owed = self._owed + self._density - (event >= 0)
        self._owed = max(-_OWED, min(_OWED, owed))
        return event

    def _sing_on(self, bent: _Bent, must: bool, leaning: Array | None) -> int:
        """Samples the next event, which `must` begin a note, `leaning` to some more than others."""
        if self._pitch is None:  # the networks never learned how a melody begins
            triad = [index_of(p) for p in (60, 64 if self._mode == "major" else 63, 67, 72)]
            weights = np.zeros(NUM_EVENTS)
            weights[triad] = bent.phrase[triad]
        else:
            weights = self._continuation.expect().astype(np.float64)
            weights = np.maximum(weights, 1e-9) ** self._sharpness
            weights *= bent.phrase
            weights[2:] *= math.exp(_HURRY * self._owed)
            pitch = index_of(self._pitch)
            weights[2 : max(2, pitch - _WIDEST)] = 0
            weights[pitch + _WIDEST + 1 :] = 0
            if bent.wide != 1:
                weights[2 : max(2, pitch - _WIDE + 1)] *= bent.wide
                weights[pitch + _WIDE :] *= bent.wide
            if leaning is not None:
                weights *= leaning
            for distance, steps in self._repeating.items():
                if steps >= _ENOUGH and self._heard[-distance] >= 0:
                    weights[index_of(self._heard[-distance])] *= _TIRED
            if must:  # where sentences join or end there is no jump
                weights[2:] *= _NEAR ** np.abs(_PITCHES - self._pitch)
                weights[pitch] *= _STILL
            if must or self._lasting >= (_LONGEST_NOTE if self._sounding else _LONGEST_REST):
                weights[:2] = 0
            elif not self._sounding:
                weights[1] = 0
        cumulative = np.cumsum(weights)
        drawn = int(np.searchsorted(cumulative, self._random.random() * cumulative[-1], "right"))
        return self._hear(event_at(drawn))

    def _hear(self, event: int) -> int:
        """Lets the melody go on by `event`, and returns it."""
        self._continuation.hear(event)
        for distance in self._repeating:
            again = len(self._heard) >= distance and self._heard[-distance] == event
            self._repeating[distance] = self._repeating[distance] + 1 if again else 0
        self._heard.append(event)
        if len(self._heard) >= _REMEMBERED + STEPS_PER_BAR:
            del self._heard[:STEPS_PER_BAR]
        if event == NO_EVENT:
            self._lasting += 1
        else:
            self._lasting = 1
            self._sounding = event != NOTE_OFF
            if event >= 0:
                self._pitch = event
        return event


def _breaths(steps: int) -> Iterator[int]:
    """Where a phrase that is longer than a breath lands on its way."""
    for breath in range(_BREATH_EVERY, steps - _BREATH_EVERY // 2, _BREATH_EVERY):
        yield breath - _LANDING


@cache
def _degrees(mode: Mode) -> _Degrees:
    degrees = _PITCHES % 12
    in_scale = np.isin(degrees, list(SCALES[mode]))
    in_mode = np.concatenate([[1.0, 1.0], in_scale])
    beginning = np.where(in_scale, 1.0, _CHROMATIC)
    beginning[(_PITCHES < _LOWEST) | (_PITCHES > _HIGHEST)] = 0

    def by_degree(factors: Mapping[int, float], others: float) -> Array:
        return np.array([others, others, *(factors.get(int(d), others) for d in degrees)])

    return _Degrees(
        phrase=np.concatenate([[1.0, 1.0], beginning]),
        strong=by_degree({d: f for d, f in _STRONG.items() if d in SCALES[mode]}, 1.0),
        closed=by_degree(_CLOSED, 1e-6) * in_mode,
        light=by_degree(_LIGHT, 1e-6) * in_mode,
        open=by_degree(_OPEN, 1e-6) * in_mode,
        tonic=by_degree({0: 1.0}, 0.0),
    )


def _bend(mode: Mode, expression: Expression) -> _Bent:
    degrees = _degrees(mode)
    phrase = degrees.phrase.copy()
    away = np.abs(_PITCHES - _MIDDLE - expression.register) - _FREE
    phrase[2:] *= np.exp(-0.5 * (np.maximum(0, away) / _SPREAD) ** 2)
    return _Bent(degrees, phrase, wide=math.exp(expression.leap))
