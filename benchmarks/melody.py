"""What the composer makes of the models: keys heard, turns, ranges, drift.

    python -m benchmarks.melody

Soundtracks are composed from the novels in $SONIFY_DATA; a key is heard by the method of
Krumhansl & Schmuckler with two sets of weights.
"""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import results
from sonify.melody.attention_rnn import AttentionRNN, Continuation
from sonify.melody.composer import recast
from sonify.melody.events import STEPS_PER_BAR, event_at
from sonify.melody.plan import Planner
from sonify.melody.score import TICKS_PER_BAR, Mode, Note, Phrase
from sonify.mood.models import FOLDER
from sonify.mood.mood import Mood
from sonify.pipeline import Models, Settings, compose, hear
from sonify.reading import read
from training.melody.keys import PROFILES, find_key, pitch_class_durations

DATA = Path(os.environ.get("SONIFY_DATA", "../shared/data"))
MODES: tuple[Mode, Mode] = ("major", "minor")
TURNS = 200
NOVELS = 20
RUN = 8 * TICKS_PER_BAR  # ticks: a run of one mode that a key is heard in

Notes = list[tuple[int, Note]]  # (ticks from the beginning of the book, note)


def soundtracks(models: Models, novels: Sequence[Path]) -> Iterator[tuple[int, list[Phrase]]]:
    """The transposition and the phrases of each novel."""
    for novel in novels:
        score = compose(novel, models, Settings())
        yield (score.tonic + 5) % 12 - 5, list(score.phrases)


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


def intervals(notes: Notes) -> np.ndarray:
    """Semitones from each note to the next, without sign."""
    return np.abs(np.diff([note.pitch for _, note in notes]))


def keys_heard(pieces: list[tuple[int, list[Phrase]]]) -> list[list[object]]:
    """Shares of the runs of eight bars or more whose mode, and mode and tonic, are heard."""
    rows = []
    for mode in MODES:
        long = [
            durations_of(notes_of(run, transposition))
            for transposition, phrases in pieces
            for run_mode, run in runs(phrases)
            if run_mode == mode and sum(p.length for p in run) >= RUN
        ]
        for profile in PROFILES:
            heard = [find_key(durations, profile) for durations in long]
            right = sum(key.mode == mode for key in heard)
            tonic = sum(key.mode == mode and key.tonic == 0 for key in heard)
            rows.append(
                [f"{mode}, {profile}", len(long), share(right, len(long)), share(tonic, len(long))]
            )
    return rows


def turns_heard(networks: dict[Mode, AttentionRNN]) -> list[list[object]]:
    """Without any bending, temperature 1: is the new mode heard in the four bars after a turn?"""
    rows = []
    for mode, other in (("major", "minor"), ("minor", "major")):
        for primer in ("recast", "as it sounded"):
            random = np.random.default_rng(1)
            heard = dict.fromkeys(PROFILES, 0)
            for _ in range(TURNS):
                before = freely(networks[mode], [60 if mode == "major" else 72], random)
                if primer == "recast":
                    before = [recast(event, other) for event in before]
                after = freely(networks[other], before, random)[-4 * STEPS_PER_BAR :]
                for profile in PROFILES:
                    key = find_key(pitch_class_durations(after), profile)
                    heard[profile] += key.mode == other
            rows.append([f"{mode} → {other}, {primer}", *(share(h, TURNS) for h in heard.values())])
    return rows


def freely(network: AttentionRNN, primer: list[int], random: np.random.Generator) -> list[int]:
    """The primer, gone on with to the end of the fourth bar after the next bar line."""
    continuation = Continuation(network)
    continuation.hear_all(primer)
    events = list(primer)
    wanted = -(-len(primer) // STEPS_PER_BAR) * STEPS_PER_BAR + 4 * STEPS_PER_BAR
    if len(primer) < STEPS_PER_BAR:
        wanted -= STEPS_PER_BAR
    while len(events) < wanted:
        p = continuation.expect().astype(float)
        event = event_at(int(random.choice(len(p), p=p / p.sum())))
        continuation.hear(event)
        events.append(event)
    return events


def across_turns(pieces: list[tuple[int, list[Phrase]]]) -> list[list[object]]:
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
        ["over an octave at a turn", share(sum(i > 12 for i in at_turns), len(at_turns))],
        ["mean at a turn, semitones", f"{np.mean(at_turns):.2f}"],
        ["mean between sentences without a turn", f"{np.mean(between):.2f}"],
        ["mean inside runs", f"{np.mean(elsewhere):.2f}"],
        ["turns", len(at_turns)],
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


def theme_carried(pieces: list[tuple[int, list[Phrase]]]) -> list[list[object]]:
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
        ["with the four bars before the turn", f"{np.mean(own):.3f}"],
        ["with four other bars of the piece", f"{np.mean(others):.3f}"],
        ["p (sign-flip test, one-sided)", f"{p:.4f}"],
        ["turns", len(own)],
    ]


def shape(notes: Notes) -> list[str]:
    """Share of intervals over an octave, and the range, of one soundtrack's melody."""
    pitches = [note.pitch for _, note in notes]
    wide = share(int((intervals(notes) > 12).sum()), len(notes) - 1, 2)
    return [wide, f"{max(pitches) - min(pitches)}"]


def follows_intensity(pieces: list[tuple[int, list[Phrase]]]) -> list[list[object]]:
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
        rows.append([name, f"{np.mean(found):.2f}", f"{np.min(found):.2f}"])
    return rows


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Rank correlation, ties sharing their mean rank."""

    def ranks(values: Sequence[float]) -> np.ndarray:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def drift(models: Models, novels: Sequence[Path]) -> list[list[object]]:
    """The first and the last tenth of one chapter made of many novels."""

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

    from sonify.melody.composer import Composer

    settings = Settings()
    composer = Composer(models.networks, 1, settings.style, accompanied=False)
    transposition = (composer.tonic + 5) % 12 - 5
    phrases, bars = [], 0
    for phrase in composer.compose(Planner(settings.style).plan(moods())):
        phrases.append(phrase)
        bars = (phrase.start + phrase.length) // TICKS_PER_BAR
        if bars >= 3000:
            break
    rows = []
    for name, part in (
        ("first tenth", [p for p in phrases if p.start < bars * TICKS_PER_BAR / 10]),
        ("last tenth", [p for p in phrases if p.start > bars * TICKS_PER_BAR * 0.9]),
    ):
        notes = notes_of(part, transposition)
        inside = [
            find_key(durations_of(notes_of(run, transposition))).mode == mode
            for mode, run in runs(part)
            if sum(p.length for p in run) >= 4 * TICKS_PER_BAR
        ]
        rows.append(
            [
                name,
                share(sum(inside), len(inside)),
                *shape(notes),
                f"{np.mean([n.pitch for _, n in notes]):.1f}",
                f"{len(notes) / sum(p.length for p in part) * TICKS_PER_BAR:.2f}",
                f"{np.mean(intervals(notes)):.2f}",
            ]
        )
    return [["of " + str(bars) + " bars", "", "", "", "", "", ""], *rows]


def share(part: int, whole: int, digits: int = 0) -> str:
    """A percentage, "—" of nothing."""
    return f"{100 * part / whole:.{digits}f} %" if whole else "—"


def main() -> None:
    """Measures everything and writes it down."""
    models = Models.load()
    novels = sorted((DATA / "novels").glob("*.txt"))[: 2 * NOVELS : 2]
    pieces = list(soundtracks(models, novels))
    networks: dict[Mode, AttentionRNN] = {m: AttentionRNN.load(FOLDER / m) for m in MODES}
    results.write(
        "melody",
        f"The composer on {len(novels)} novels",
        "python -m benchmarks.melody",
        [
            [["runs of 8 bars up", "runs", "mode heard", "mode and tonic"], *keys_heard(pieces)],
            [["4 bars after a turn, nothing bent", *PROFILES], *turns_heard(networks)],
            [["melodic interval", ""], *across_turns(pieces)],
            [["likeness of the 2 bars after a turn", ""], *theme_carried(pieces)],
            [
                ["soundtracks", "intervals over an octave", "range, semitones"],
                ["all", *worst([shape(notes_of(phrases, t)) for t, phrases in pieces])],
            ],
            [["intensity's rank correlation with", "mean", "least"], *follows_intensity(pieces)],
            [
                ["drift", "mode heard", "over an octave", "range", "mean pitch", "notes a bar",
                 "mean interval"],
                *drift(models, sorted((DATA / "novels").glob("*.txt"))),
            ],
        ],
    )  # fmt: skip


def worst(shapes: list[list[str]]) -> list[str]:
    """The largest of each column."""
    return [max(column, key=lambda x: float(x.split()[0])) for column in zip(*shapes, strict=True)]


if __name__ == "__main__":
    main()
