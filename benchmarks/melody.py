"""What the composer makes of the models: keys heard, turns, ranges, drift.

    python -m benchmarks.melody

Soundtracks are composed from the novels in $SONIFY_DATA, three times: as they are, without the
scale that the sampling is bent towards, and with nothing bent at all. A key is heard by the method
of Krumhansl & Schmuckler with two sets of weights.
"""

import itertools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks import results
from sonify.melody import composer
from sonify.melody.attention_rnn import AttentionRNN, Continuation
from sonify.melody.composer import Composer, recast
from sonify.melody.events import STEPS_PER_BAR, event_at
from sonify.melody.plan import Plan, Planner
from sonify.melody.score import TICKS_PER_BAR, Mode, Note, Phrase
from sonify.melody.style import Style
from sonify.mood.models import FOLDER
from sonify.mood.mood import Mood
from sonify.pipeline import Models, default_seed, hear
from sonify.reading import read
from training.melody.keys import PROFILES, Key, find_key, pitch_class_durations

DATA = Path(os.environ.get("SONIFY_DATA", "../shared/data"))
MODES: tuple[Mode, Mode] = ("major", "minor")
TURNS = 200
NOVELS = 20
RUN = 8 * TICKS_PER_BAR  # ticks: a run of one mode that a key is heard in
AFTER = 4 * TICKS_PER_BAR  # ticks after a turn
DRIFT_BARS = 3000
DRIFT_SEEDS = 3

Notes = list[tuple[int, Note]]  # (ticks from the beginning of the book, note)
Piece = tuple[int, list[Phrase]]  # the transposition, and a novel's phrases

_EVERY = dict.fromkeys(range(12), 1.0)
_NO_SCALE = {"SCALES": dict.fromkeys(MODES, frozenset(range(12)))}
VARIANTS: Mapping[str, Mapping[str, object]] = {
    "as composed": {},
    "no scale": _NO_SCALE,
    "nothing bent": _NO_SCALE
    | {"_STRONG": {}, "_CLOSED": _EVERY, "_LIGHT": _EVERY, "_OPEN": _EVERY, "_HURRY": 0.0}
    | {"_NEAR": 1.0, "_STILL": 1.0, "_TIRED": 1.0, "_FREE": 99.0},
}
"""What each variant changes in the composer: periods, and what a turn takes up, stay."""


def planned(models: Models, novel: Path) -> tuple[int, list[Plan]]:
    """A novel's own seed and its plans."""
    book = read(novel)
    moods = list(hear(book, models.mood))
    return default_seed(book.title, moods[0].sentence), list(Planner(Style()).plan(moods))


def composed(networks: Mapping[Mode, AttentionRNN], seed: int, plans: Iterable[Plan]) -> Piece:
    """The soundtrack of plans."""
    made = Composer(networks, seed, Style())
    return (made.tonic + 5) % 12 - 5, list(made.compose(plans))


def notes_of(phrases: Iterable[Phrase], transposition: int = 0) -> Notes:
    """The melody in C."""
    return [
        (p.start + n.start, Note(n.start, n.duration, n.pitch - transposition, n.velocity))
        for p in phrases
        for n in p.melody
    ]


def durations_of(notes: Notes) -> np.ndarray:
    """Ticks that each pitch class sounds, shape (12,)."""
    durations = np.zeros(12)
    for _, note in notes:
        durations[note.pitch % 12] += note.duration
    return durations


def runs(phrases: list[Phrase]) -> Iterator[tuple[Mode, list[Phrase]]]:
    """Stretches in one mode, within a chapter."""
    for (mode, _), group in itertools.groupby(phrases, lambda p: (p.mode, p.chapter)):
        yield mode, list(group)


def length(phrases: Iterable[Phrase]) -> int:
    """Ticks."""
    return sum(phrase.length for phrase in phrases)


def intervals(notes: Notes) -> np.ndarray:
    """Semitones from each note to the next, without sign."""
    return np.abs(np.diff([note.pitch for _, note in notes]))


def keys_of_runs(pieces: list[Piece], mode: Mode) -> list[np.ndarray]:
    """Pitch class durations of the runs of eight bars or more."""
    return [
        durations_of(notes_of(run, transposition))
        for transposition, phrases in pieces
        for run_mode, run in runs(phrases)
        if run_mode == mode and length(run) >= RUN
    ]


def keys_after_turns(pieces: list[Piece], mode: Mode) -> list[np.ndarray]:
    """Pitch class durations of the four bars after each turn to a mode that stays so long."""
    found = []
    for transposition, phrases in pieces:
        for (_, before), (run_mode, run) in itertools.pairwise(runs(phrases)):
            if run_mode == mode and run[0].chapter == before[0].chapter and length(run) >= AFTER:
                notes = notes_of(run, transposition)
                found.append(durations_of([x for x in notes if x[0] < run[0].start + AFTER]))
    return found


def keys_heard(
    pieces: Mapping[str, list[Piece]],
    keys_of: Callable[[list[Piece], Mode], list[np.ndarray]],
    asked: Mapping[Mode, str],
) -> list[list[object]]:
    """How often the mode, and the mode and the tonic, are heard: a row a mode and profile."""
    rows: list[list[object]] = []
    for mode in MODES:
        found = {name: keys_of(variant, mode) for name, variant in pieces.items()}
        for profile in PROFILES:
            cells = []
            for durations in found.values():
                keys = [find_key(each, profile) for each in durations]
                right = sum(key.mode == mode for key in keys)
                both = sum(key == Key(0, mode) for key in keys)
                cells.append(f"{share(right, len(keys))} · {share(both, len(keys))}")
            count = len(found["as composed"])
            rows.append([f"{mode} ({count}), {profile}", asked[mode], *cells])
    return rows


def turns_heard(networks: dict[Mode, AttentionRNN]) -> list[list[object]]:
    """The networks alone, temperature 1: is the new mode heard in the four bars after a turn?"""
    rows = []
    for mode, other in (("major", "minor"), ("minor", "major")):
        for primer in ("recast", "recast, its first bar taken up", "as it sounded"):
            random = np.random.default_rng(1)
            heard = dict.fromkeys(PROFILES, 0)
            for _ in range(TURNS):
                before = freely(networks[mode], [60 if mode == "major" else 72], 4, random)
                if primer != "as it sounded":
                    before = [recast(event, other) for event in before]
                taken_up = before[:STEPS_PER_BAR] if primer.endswith("taken up") else []
                after = freely(networks[other], before + taken_up, 8, random)[len(before) :]
                for profile in PROFILES:
                    key = find_key(pitch_class_durations(after), profile)
                    heard[profile] += key.mode == other
            rows.append([f"{mode} → {other}, {primer}", *(share(h, TURNS) for h in heard.values())])
    return rows


def freely(
    network: AttentionRNN, primer: list[int], bars: int, random: np.random.Generator
) -> list[int]:
    """The primer, gone on with until it is so many bars long."""
    continuation = Continuation(network)
    continuation.hear_all(primer)
    events = list(primer)
    while len(events) < bars * STEPS_PER_BAR:
        p = continuation.expect().astype(float)
        event = event_at(int(random.choice(len(p), p=p / p.sum())))
        continuation.hear(event)
        events.append(event)
    return events


def across_turns(pieces: list[Piece]) -> list[list[object]]:
    """Melodic intervals at turns against those elsewhere, over all soundtracks."""
    at_turns: list[int] = []
    elsewhere: list[int] = []
    for transposition, phrases in pieces:
        for before, after in itertools.pairwise(phrases):
            if before.chapter != after.chapter:
                continue
            step = abs(after.melody[0].pitch - before.melody[-1].pitch)
            (at_turns if before.mode != after.mode else elsewhere).append(step)
        for phrase in phrases:
            elsewhere += intervals(notes_of([phrase], transposition)).tolist()
    between = [
        abs(after.melody[0].pitch - before.melody[-1].pitch)
        for _, phrases in pieces
        for before, after in itertools.pairwise(phrases)
        if before.chapter == after.chapter and before.mode == after.mode
    ]
    return [
        ["over an octave at a turn", share(sum(i > 12 for i in at_turns), len(at_turns)), "0 %"],
        [
            "mean at a turn, against that inside runs",
            f"{np.mean(at_turns):.2f} ({np.mean(at_turns) / np.mean(elsewhere) - 1:+.0%})",
            "± 15 %",
        ],
        ["mean inside runs, semitones", f"{np.mean(elsewhere):.2f}", ""],
        ["mean between sentences without a turn", f"{np.mean(between):.2f}", ""],
        ["turns", len(at_turns), ""],
    ]


def steps_of_scale(notes: Notes) -> list[int]:
    """Intervals in steps of the scale, which are the same in both modes."""
    scale = {0: 0, 2: 1, 4: 2, 5: 3, 7: 4, 9: 5, 11: 6}
    heights = [
        7 * (pitch // 12) + scale.get(pitch % 12, scale.get(pitch % 12 - 1, 0))
        for pitch in (recast(note.pitch, "major") for _, note in notes)
    ]
    return [b - a for a, b in itertools.pairwise(heights)]


def likeness(after: Notes, before: Notes) -> float:
    """Share of the three-interval groups of `after` that `before` has too."""
    groups = [tuple(g) for g in zip(*(steps_of_scale(after)[i:] for i in range(3)), strict=False)]
    known = {tuple(g) for g in zip(*(steps_of_scale(before)[i:] for i in range(3)), strict=False)}
    return sum(group in known for group in groups) / len(groups) if groups else 0.0


def theme_carried(pieces: list[Piece]) -> list[list[object]]:
    """Are the two bars after a turn more like the four before it than like four others?"""
    random = np.random.default_rng(0)
    own, others = [], []
    for transposition, phrases in pieces:
        notes = notes_of(phrases, transposition)
        end = phrases[-1].start + phrases[-1].length

        def bars(start: int, count: int, notes: Notes = notes) -> Notes:
            return [x for x in notes if start <= x[0] < start + count * TICKS_PER_BAR]

        for before, after in itertools.pairwise(phrases):
            turn = after.start
            if before.mode == after.mode or before.chapter != after.chapter:
                continue
            following, preceding = bars(turn, 2), bars(turn - 4 * TICKS_PER_BAR, 4)
            if len(following) < 5 or len(preceding) < 5:
                continue
            elsewhere = bars(int(random.integers(0, max(1, end - 4 * TICKS_PER_BAR))), 4)
            own.append(likeness(following, preceding))
            others.append(likeness(following, elsewhere))
    differences = np.array(own) - np.array(others)
    flips = random.choice([-1, 1], (10_000, len(differences)))
    p = (1 + np.sum((flips * differences).mean(axis=1) >= differences.mean())) / 10_001
    return [
        ["with the four bars before the turn", f"{np.mean(own):.3f}", ""],
        ["with four other bars of the piece", f"{np.mean(others):.3f}", ""],
        ["p (sign-flip test, one-sided)", f"{p:.4f}", "< 0.01"],
        ["turns", len(own), ""],
    ]


def shape(notes: Notes) -> list[str]:
    """Share of intervals over an octave, and the range, of one soundtrack's melody."""
    pitches = [note.pitch for _, note in notes]
    wide = share(int((intervals(notes) > 12).sum()), len(notes) - 1, 2)
    return [wide, f"{max(pitches) - min(pitches)}"]


def follows_intensity(pieces: list[Piece]) -> list[list[object]]:
    """Spearman correlation, over the sentences of each novel, of intensity with each cue."""
    cues = {
        "tempo": lambda p: p.tempi[-1].bpm,
        "velocity": lambda p: np.mean([n.velocity for n in p.melody]),
        "density": lambda p: len(p.melody) / p.length,
    }
    rows = []
    for name, cue in cues.items():
        found = []
        for _, phrases in pieces:
            sung = [p for p in phrases if p.moods]
            found.append(spearman([p.moods[0].intensity for p in sung], [cue(p) for p in sung]))
        rows.append([name, f"{np.mean(found):.2f}", f"{np.min(found):.2f}", "≥ 0.6"])
    return rows


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Rank correlation, ties sharing their mean rank."""

    def ranks(values: Sequence[float]) -> np.ndarray:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def accompanied(pieces: list[Piece]) -> list[list[object]]:
    """Does the accompaniment fit, and is it below?"""
    strong = consonant = 0
    softer = []
    for _, phrases in pieces:
        for phrase in phrases:
            velocity = np.mean([note.velocity for note in phrase.melody])
            softer.append(velocity - np.mean([note.velocity for note in phrase.accompaniment]))
            for note in phrase.melody:
                if note.start % (TICKS_PER_BAR // 2) == 0:
                    end = note.start + TICKS_PER_BAR // 2
                    below = {
                        chord.pitch % 12
                        for chord in phrase.accompaniment
                        if note.start <= chord.start < end
                    }
                    strong, consonant = strong + 1, consonant + (note.pitch % 12 in below)
    return [
        ["notes on strong beats that are in the chord", share(consonant, strong)],
        ["softer than the melody, velocity", f"{np.mean(softer):.0f}"],
    ]


def drift(models: Models, novels: Sequence[Path]) -> list[list[object]]:
    """The first and the last tenth of one chapter made of many novels, with several seeds."""

    def moods() -> Iterator[Mood]:
        chapter, index = None, 0
        for novel in novels:
            for mood in hear(read(novel), models.mood):
                chapter = chapter or mood.sentence.chapter
                sentence = type(mood.sentence)(mood.sentence.text, chapter, index, index)
                yield type(mood)(
                    sentence, mood.valence, mood.polarity, mood.intensity, mood.emotions
                )
                index += 1

    plans = list(
        itertools.takewhile(
            lambda plan: plan.start < DRIFT_BARS * TICKS_PER_BAR, Planner(Style()).plan(moods())
        )
    )
    end = plans[-1].start
    pieces = [composed(models.networks, seed, plans) for seed in range(1, 1 + DRIFT_SEEDS)]
    rows = []
    for name, first, last in (("first tenth", 0, end // 10), ("last tenth", end * 9 // 10, end)):
        parts = [(t, [p for p in phrases if first <= p.start < last]) for t, phrases in pieces]
        heard = [
            find_key(durations_of(notes_of(run, transposition))).mode == mode
            for transposition, phrases in parts
            for mode, run in runs(phrases)
            if length(run) >= AFTER
        ]
        notes = [notes_of(phrases, transposition) for transposition, phrases in parts]
        rows.append(
            [
                name,
                f"{share(sum(heard), len(heard))} ({wilson(sum(heard), len(heard))})",
                *worst([shape(each) for each in notes]),
                f"{np.mean([n.pitch for each in notes for _, n in each]):.1f}",
                f"{sum(map(len, notes)) / sum(length(p) for _, p in parts) * TICKS_PER_BAR:.2f}",
                f"{np.mean(np.concatenate([intervals(each) for each in notes])):.2f}",
            ]
        )
    return rows


def wilson(part: int, whole: int) -> str:
    """The 95 % confidence interval of a share (Wilson 1927)."""
    z = 1.96
    p, n = part / whole, whole
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return f"{100 * (middle - half):.0f}–{100 * (middle + half):.0f}"


def share(part: int, whole: int, digits: int = 0) -> str:
    """A percentage, "—" of nothing."""
    return f"{100 * part / whole:.{digits}f} %" if whole else "—"


def main() -> None:
    """Measures everything and writes it down."""
    models = Models.load()
    novels = sorted((DATA / "novels").glob("*.txt"))
    books = [planned(models, novel) for novel in novels[: 2 * NOVELS : 2]]
    pieces = {}
    for name, changes in VARIANTS.items():
        with patch.multiple(composer, _degrees=composer._degrees.__wrapped__, **changes):
            pieces[name] = [composed(models.networks, seed, plans) for seed, plans in books]
    own = pieces["as composed"]
    networks: dict[Mode, AttentionRNN] = {m: AttentionRNN.load(FOLDER / m) for m in MODES}
    keys = ["asked", *(f"{name}: mode · and tonic" for name in VARIANTS)]
    results.write(
        "melody",
        f"The composer on {len(books)} novels",
        "python -m benchmarks.melody",
        [
            [
                ["runs of 8 bars up", *keys],
                *keys_heard(
                    pieces, keys_of_runs, {"major": "96 % · 92 %", "minor": "93 % · 88 %"}
                ),
            ],
            [
                ["4 bars after a turn to", *keys],
                *keys_heard(pieces, keys_after_turns, dict.fromkeys(MODES, "88 %")),
            ],
            [["4 bars after a turn, networks alone", *PROFILES], *turns_heard(networks)],
            [["melodic interval", "", "asked"], *across_turns(own)],
            [["likeness of the 2 bars after a turn", "", "asked"], *theme_carried(own)],
            [
                ["soundtracks, the worst", "intervals over an octave", "range, semitones"],
                ["measured", *worst([shape(notes_of(phrases, t)) for t, phrases in own])],
                ["asked", "≤ 0.5 %", "≤ 29"],
            ],
            [
                ["intensity's rank correlation with", "mean", "least", "asked"],
                *follows_intensity(own),
            ],
            [["accompaniment", ""], *accompanied(own)],
            [
                [f"drift over {DRIFT_BARS:,} bars, {DRIFT_SEEDS} seeds",
                 "mode heard (95 % interval)", "over an octave", "range", "mean pitch",
                 "notes a bar", "mean interval"],
                *drift(models, novels),
            ],
        ],
    )  # fmt: skip


def worst(shapes: list[list[str]]) -> list[str]:
    """The largest of each column."""
    return [max(column, key=lambda x: float(x.split()[0])) for column in zip(*shapes, strict=True)]


if __name__ == "__main__":
    main()
