"""From scores to tunes that a model can learn: events in C, in families, split three ways.

A score is unfolded (repeats and endings played), laid on the grid of 16th notes with its bar
lines where the model's are, heard in a key, and moved to C. Tunes that share much of their
melody, wherever they were collected and in whichever mode, are one family and stay together on
one side of the split.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from sonify.melody.events import MAX_PITCH, MIN_PITCH, NO_EVENT, NOTE_OFF, STEPS_PER_BAR
from sonify.melody.score import Mode
from training.melody.corpus import Bar, Score
from training.melody.keys import KEYS, PROFILES, Key, correlations, pitch_class_durations

Part = Literal["train", "validation", "test"]

WORK = Path("work/melody")
"""Where data and trainings lie, unless told otherwise; not part of the project."""

METRES = {"2/4", "4/4", "2/2", "4/8", "4/2"}
"""Metres of two or four beats: their bars fit the model's bar of 16 steps, its counter and its
lookbacks of one and two bars. A tune in 3/4 or 6/8 would have its bar lines anywhere."""

SHORTEST = 3 * STEPS_PER_BAR
MIDDLE = 67
"""The octave of a tune is the one that brings its mean pitch nearest to this, G4."""


@dataclass(frozen=True)
class Tune:
    """A tune in C.

    Attributes:
        collection, source, title: where it's from.
        mode: "major" or "minor".
        scale: mode that the printed key signature names.
        events: melody events; bar lines stand at multiples of 16 steps.
        family: number shared by near-duplicates.
        part: side of the split.
        recast_from: "major" if it's a major tune with lowered third, sixth and seventh, for
            training only.
    """

    collection: str
    source: str
    title: str
    mode: Mode
    scale: str
    events: tuple[int, ...]
    family: int = -1
    part: Part = "train"
    recast_from: str | None = None


class Unusable(Exception):
    """Why a score gives no tune."""


def unfold(bars: Iterable[Bar]) -> list[Bar]:
    """Bars in the order of playing.

    A repeat goes back to its opening sign or, without one, to the last double bar.
    """
    played: list[Bar] = []
    part: list[Bar] = []
    ended = False
    for bar in bars:
        if bar.opens or (ended and bar.ending < 2):
            part = []
        played.append(bar)
        part.append(bar)
        if bar.closes:
            played += [again for again in part if again.ending != 1]
        ended = bar.ends
    return played


def lay_on_grid(bars: list[Bar]) -> tuple[int, ...]:
    """Melody events of bars in playing order, up to the first bar that stands off its bar line.

    An upbeat ends at a bar line; what is before it in its bar is `NO_EVENT`. Two notes of one
    step: the earlier stays.

    Raises:
        Unusable: more than a tenth of the notes fall together with others.
    """
    full = round(bars[0].full * 4)
    first = round(bars[0].length * 4)
    start = -first % STEPS_PER_BAR / 4 if first < full else 0.0
    notes: list[list[int]] = []  # onset, end, pitch
    written = lost = 0
    for bar in bars:
        if bar is not bars[0] and bar.length == bar.full and round(start * 4) % full:
            break
        for offset, duration, pitch, tied in bar.notes:
            onset, end = round((start + offset) * 4), round((start + offset + duration) * 4)
            if tied and notes and notes[-1][2] == pitch:
                notes[-1][1] = end
                continue
            written += 1
            if notes and onset <= notes[-1][0]:
                lost += 1
                continue
            notes.append([onset, max(end, onset + 1), pitch])
        start += bar.length
    if lost * 10 > written:
        raise Unusable("too fast for a grid of 16th notes")
    length = round(start * 4)
    events = [NO_EVENT] * length
    for (onset, end, pitch), after in zip(notes, [*(n[0] for n in notes[1:]), length], strict=True):
        if onset >= length:
            break
        events[onset] = pitch
        if end < after:
            events[end] = NOTE_OFF
    return tuple(events)


def pieces(events: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """What lies between rests of a bar or more, from bar line to bar line."""
    begin, silent_since, last = 0, None, 0
    sounding = False
    for step, event in enumerate(events):
        if event >= 0:
            if not sounding and step - last >= STEPS_PER_BAR:
                if last > begin:
                    yield events[begin:last]
                begin = step - step % STEPS_PER_BAR
            sounding, silent_since = True, None
        elif event == NOTE_OFF:
            sounding, silent_since = False, step
        if sounding:
            last = step + 1
    if last > begin:
        yield events[begin : silent_since if silent_since is not None else len(events)]


def hear_key(events: Iterable[int], tonic: int | None, scale: str | None) -> Key | None:
    """The key of a tune, by two key profiles, its last note and its key signature together.

    Args:
        events: the tune as written.
        tonic: that of the key signature, if there is one.
        scale: its mode; None if the header names no mode.

    Returns:
        None if they leave it open.
    """
    events = list(events)
    durations = pitch_class_durations(events)
    scores = sum(correlations(durations, profile) for profile in PROFILES) / len(PROFILES)
    last = next(event for event in reversed(events) if event >= 0) % 12
    evidence = np.array(
        [
            0.15 * (key.tonic == last)
            + 0.1 * (key.tonic == tonic)
            + 0.1 * (scale is not None and key.tonic == tonic and key.mode == mode_of(scale))
            for key in KEYS
        ]
    )
    total = scores + evidence
    second, first = np.argsort(total)[-2:]
    if total[first] - total[second] < 0.05 or scores[first] < 0.5:
        return None
    best = KEYS[first]
    third = 4 if best.mode == "major" else 3
    if durations[(best.tonic + third) % 12] <= durations[(best.tonic + 7 - third) % 12]:
        return None  # the third of its mode must be the one that's heard
    return best


def mode_of(scale: str) -> Mode:
    """Major or minor, by the third of a scale that a key signature names."""
    return "major" if scale in {"major", "ionian", "mixolydian", "lydian"} else "minor"


def to_c(events: tuple[int, ...], tonic: int) -> tuple[int, ...]:
    """Events moved to C, in the octave that suits the model's range best.

    Raises:
        Unusable: the tune's range is wider than the model's.
    """
    pitches = [event for event in events if event >= 0]
    shifts = [
        shift
        for shift in range(-tonic - 60, 61 - tonic, 12)
        if min(pitches) + shift >= MIN_PITCH and max(pitches) + shift < MAX_PITCH
    ]
    if not shifts:
        raise Unusable("wider than three octaves")
    mean = sum(pitches) / len(pitches)
    shift = min(shifts, key=lambda shift: abs(mean + shift - MIDDLE))
    return tuple(event + shift if event >= 0 else event for event in events)


def make_tunes(scores: Iterable[Score], why_not: Counter[tuple[str, str]]) -> Iterator[Tune]:
    """Tunes of scores, not yet in families; `why_not` counts what was left out, by collection."""
    for score in scores:
        try:
            yield from _tunes_of(score)
        except Unusable as reason:
            why_not[score.collection, str(reason)] += 1


def _tunes_of(score: Score) -> Iterator[Tune]:
    if not score.metres or not set(score.metres) <= METRES:
        raise Unusable("metre")
    bars = unfold(score.bars)
    if not any(bar.notes for bar in bars):
        raise Unusable("no notes")
    events = lay_on_grid(bars)
    scale = None if score.collection.startswith("Essen") else score.mode
    found = False
    for piece in pieces(events):
        sung = [event for event in piece if event >= 0]
        if len(piece) < SHORTEST or len(sung) < 12:
            continue
        key = hear_key(piece, score.tonic, scale)
        if key is None:
            raise Unusable("key in doubt")
        found = True
        yield Tune(
            score.collection,
            score.source,
            score.title,
            key.mode,
            score.mode or "",
            to_c(piece, key.tonic),
        )
    if not found:
        raise Unusable("short")


# Near-duplicates

_GRAM = 8  # notes
_COMMON = 40  # tunes that share a turn of melody which says nothing about kinship
_KINSHIP = 0.25


def _shingles(events: Iterable[int]) -> set[tuple[int, ...]]:
    """Every run of eight notes, as intervals in degrees of the scale, so that mode doesn't count.

    Notes on the beat count as a melody of their own: what ornaments leave alone.
    """
    degree = (0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
    line: list[int] = []
    beats: list[int] = []
    sounding = None
    for step, event in enumerate(events):
        if event >= 0:
            sounding = event // 12 * 7 + degree[event % 12]
            line.append(sounding)
        if step % 4 == 0 and sounding is not None:
            beats.append(sounding)
    found = set()
    for kind, voice in enumerate((line, beats)):
        steps = np.diff(voice).tolist()
        found |= {(kind, *steps[i : i + _GRAM - 1]) for i in range(len(steps) - _GRAM + 2)}
    return {gram for gram in found if len(set(gram[1:])) > 2}


def find_families(tunes: list[Tune]) -> list[Tune]:
    """Number families: tunes are kin if a quarter of the shorter one's runs are the other's too."""
    holders: dict[tuple[int, ...], list[int]] = defaultdict(list)
    counts = []
    for number, tune in enumerate(tunes):
        grams = _shingles(tune.events)
        counts.append(len(grams))
        for gram in grams:
            holders[gram].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in holders.values():
        if 1 < len(numbers) <= _COMMON:
            for i, a in enumerate(numbers):
                for b in numbers[i + 1 :]:
                    shared[a, b] += 1
    parent = list(range(len(tunes)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    for (a, b), count in shared.items():
        if count >= _KINSHIP * max(8, min(counts[a], counts[b])):
            parent[root(b)] = root(a)
    return [replace(tune, family=root(number)) for number, tune in enumerate(tunes)]


def split(tunes: list[Tune], seed: int = 0) -> list[Tune]:
    """Give every family a side: 90 % of the tunes to training, 5 % each to the others, by mode."""
    rng = np.random.default_rng(seed)
    families: dict[int, list[Tune]] = defaultdict(list)
    for tune in tunes:
        families[tune.family].append(tune)
    sides: dict[int, Part] = {}
    for mode in ("major", "minor"):
        members = [
            family
            for family, kin in families.items()
            if Counter(tune.mode for tune in kin).most_common(1)[0][0] == mode
        ]
        twentieth = sum(len(families[family]) for family in members) / 20
        done = 0
        for family in rng.permutation(members).tolist():
            sides[family] = (
                "test" if done < twentieth else "validation" if done < 2 * twentieth else "train"
            )
            done += len(families[family])
    return [replace(tune, part=sides[tune.family]) for tune in tunes]


def recast_to_minor(tune: Tune) -> Tune:
    """A major tune with its third, sixth and seventh lowered; a seventh that leads to C stays."""
    pitches = [(step, event) for step, event in enumerate(tune.events) if event >= 0]
    events = list(tune.events)
    for (step, pitch), (_, after) in zip(pitches, [*pitches[1:], (0, 0)], strict=True):
        if pitch % 12 in {4, 9} or (pitch % 12 == 11 and after % 12 != 0):
            events[step] = pitch - 1
    return replace(tune, mode="minor", events=tuple(events), recast_from="major")


def write_tunes(path: Path, tunes: Iterable[Tune]) -> None:
    """JSON a line."""
    path.write_text("".join(json.dumps(asdict(tune), ensure_ascii=False) + "\n" for tune in tunes))


def read_tunes(path: Path) -> list[Tune]:
    """The tunes that `write_tunes` wrote."""
    with path.open() as lines:
        return [
            Tune(**(fields | {"events": tuple(fields["events"])}))
            for fields in map(json.loads, lines)
        ]
