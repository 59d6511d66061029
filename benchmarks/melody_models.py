"""What the two melody models have learned: cross-entropy, keys, likeness to human tunes, speed.

    python -m training.melody data
    python -m benchmarks.melody_models [--major DIR] [--minor DIR]

Runs are sampled at temperature 1 from the models alone, without any mask or bias: 16 bars from the
first note, on or before the bar line, of a held-out tune. Human tunes are those held out from
training (validation and test); cross-entropy is that of the test tunes. In histograms every run and
every tune counts the same.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks import results
from sonify.melody.attention_rnn import AttentionRNN, Continuation
from sonify.melody.events import NO_EVENT, NOTE_OFF, STEPS_PER_BAR, event_at, index_of
from sonify.melody.score import Mode
from training.melody.keys import PROFILES, Key, find_key, pitch_class_durations
from training.melody.kneser_ney import KneserNey
from training.melody.tunes import WORK, Tune, read_tunes

MODES: tuple[Mode, Mode] = ("major", "minor")
RUNS = 200
STEPS = 16 * STEPS_PER_BAR

ASKED = {"major": "85% · 70%", "minor": "75% · 60%"}
"""Of runs whose mode, and mode and tonic, are heard without a mask."""

Events = Sequence[int]
Note = tuple[int, int]  # pitch, steps that it sounds


def sample_run(
    model: AttentionRNN, opening: Events, rng: np.random.Generator, steps: int
) -> list[int]:
    """A run that begins as told, sampled at temperature 1."""
    melody = Continuation(model)
    events = list(opening)
    melody.hear_all(events)
    while len(events) < steps:
        expected = melody.expect().astype(float)
        event = event_at(int(rng.choice(len(expected), p=expected / expected.sum())))
        events.append(event)
        melody.hear(event)
    return events


def cross_entropy(model: AttentionRNN, tunes: Iterable[Events]) -> float:
    """Nats an event, over all events but each tune's first."""
    total, count = 0.0, 0
    for events in tunes:
        melody = Continuation(model)
        for event, after in pairwise(events):
            melody.hear(event)
            total -= float(np.log(melody.expect()[index_of(after)]))
            count += 1
    return total / count


def notes_of(events: Events) -> list[Note]:
    """Pitch and duration in steps of every note."""
    notes: list[list[int]] = []
    sounding = False
    for event in events:
        if event >= 0:
            notes.append([event, 0])
            sounding = True
        elif event == NOTE_OFF:
            sounding = False
        if sounding:
            notes[-1][1] += 1
    return [(pitch, steps) for pitch, steps in notes]


def keys_heard(runs: Sequence[Events], mode: Mode, profile: str) -> tuple[float, float]:
    """Shares of runs in which a key finder hears the mode, and the mode on C."""
    keys = [find_key(pitch_class_durations(run), profile) for run in runs]
    return (
        np.mean([key.mode == mode for key in keys]).item(),
        np.mean([key == Key(0, mode) for key in keys]).item(),
    )


def intervals(notes: Sequence[Note]) -> list[int]:
    """Semitones from note to note."""
    return [after - before for (before, _), (after, _) in pairwise(notes)]


def histogram(pieces: Iterable[Sequence[int]]) -> Counter[int]:
    """Shares of values, every piece counting the same."""
    shares: Counter[int] = Counter()
    for values in filter(None, pieces):
        for value, count in Counter(values).items():
            shares[value] += count / len(values)
    total = sum(shares.values())
    return Counter({value: share / total for value, share in shares.items()})


def overlap(one: Iterable[Sequence[int]], other: Iterable[Sequence[int]]) -> float:
    """Common area of two histograms, 0-1."""
    a, b = histogram(one), histogram(other)
    return sum(min(a[value], b[value]) for value in a)


def repeated(runs: Iterable[Events], bars: int = 4) -> float:
    """Share of passages of four bars that repeat the four bars before them exactly."""
    size = bars * STEPS_PER_BAR
    same = [
        tuple(run[at : at + size]) == tuple(run[at - size : at])
        for run in runs
        for at in range(size, len(run) - size + 1, size)
    ]
    return sum(same) / max(1, len(same))


def longest_shared(run: Events, text: str) -> int:
    """Notes (pitch and duration) of the run's longest passage that stands in `text`."""
    line = "".join(map(_letter, notes_of(run)))
    longest = begin = 0
    while begin + longest < len(line):
        while begin + longest < len(line) and line[begin : begin + longest + 1] in text:
            longest += 1
        begin += 1
    return longest


def _letter(note: Note) -> str:
    pitch, steps = note
    return chr(0x1000 + pitch * 64 + min(steps, 63))


def step_time(model: AttentionRNN, events: Events) -> float:
    """Microseconds to hear an event and say what is expected next, the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        melody = Continuation(model)
        began = time.perf_counter()
        for event in events:
            melody.hear(event)
            melody.expect()
        best = min(best, time.perf_counter() - began)
    return best / len(events) * 1e6


def measure(mode: Mode, model: AttentionRNN, tunes: Sequence[Tune]) -> list[tuple[str, ...]]:
    """Rows: what, the model's figure, the yardstick's."""
    own = [tune for tune in tunes if tune.mode == mode]
    train = [tune.events for tune in own if tune.part == "train"]
    test = [tune.events for tune in own if tune.part == "test"]
    human = [tune.events for tune in own if tune.part != "train"]
    rng = np.random.default_rng(1)
    openings = [tune[: 1 + next(i for i, e in enumerate(tune) if e != NO_EVENT)] for tune in human]
    chosen = rng.integers(len(openings), size=RUNS)
    runs = [sample_run(model, openings[i], rng, STEPS) for i in chosen]

    nats, ngram = cross_entropy(model, test), KneserNey(train).cross_entropy(test)
    rows = [
        ("cross-entropy, nats an event: model, Kneser-Ney 5-gram", f"{nats:.4f}", f"{ngram:.4f}"),
        ("… lower by", f"{1 - nats / ngram:.1%}", "≥ 5 %, aim 10 %"),
    ]
    for profile in PROFILES:
        heard, theirs = keys_heard(runs, mode, profile), keys_heard(human, mode, profile)
        rows.append(
            (
                f"key finder ({profile}): mode · mode and tonic",
                f"{heard[0]:.0%} · {heard[1]:.0%}",
                f"≥ {ASKED[mode]}; human {theirs[0]:.0%} · {theirs[1]:.0%}",
            )
        )
    ours, theirs_notes = list(map(notes_of, runs)), list(map(notes_of, human))
    for name, part in (
        ("pitch class", lambda notes: [pitch % 12 for pitch, _ in notes]),
        ("interval", intervals),
        ("duration", lambda notes: [steps for _, steps in notes]),
    ):
        shared = overlap(map(part, ours), map(part, theirs_notes))
        rows.append((f"histogram overlap, {name}", f"{shared:.3f}", "≥ 0.90"))
    rows.append(
        ("four bars repeated exactly", f"{repeated(runs):.1%}", f"human {repeated(human):.1%}")
    )
    text = " ".join("".join(map(_letter, notes_of(events))) for events in train)
    copied = np.percentile([longest_shared(run, text) for run in runs], 95)
    human_copied = np.percentile([longest_shared(events, text) for events in human], 95)
    rows.append(
        (
            "longest passage shared with a training tune, 95th percentile, notes",
            f"{copied:.0f}",
            f"≤ 14; human {human_copied:.0f}",
        )
    )
    leaps, human_leaps = (
        np.mean([abs(interval) > 12 for notes in pieces for interval in intervals(notes)])
        for pieces in (ours, theirs_notes)
    )
    ranges = [max(pitches) - min(pitches) for pitches in ([p for p, _ in notes] for notes in ours)]
    rows += [
        ("intervals over an octave", f"{leaps:.2%}", f"≤ 0.5 %; human {human_leaps:.2%}"),
        (
            "range of a run, semitones: median · 95th percentile",
            f"{np.median(ranges):.0f} · {np.percentile(ranges, 95):.0f}",
            "≤ 29",
        ),
        ("a step, µs", f"{step_time(model, test[0] * 8):.0f}", "≤ 70"),
    ]
    return rows


def main() -> None:
    """Measure both models and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for mode in MODES:
        parser.add_argument(f"--{mode}", type=Path, default=Path("models") / mode)
    parser.add_argument("--tunes", type=Path, default=WORK / "tunes.jsonl")
    folders = vars(arguments := parser.parse_args())
    tunes = read_tunes(arguments.tunes)
    tables = []
    for mode in MODES:
        rows = measure(mode, AttentionRNN.load(folders[mode]), tunes)
        tables.append([(f"{mode}: {RUNS} runs of 16 bars", "model", "reference"), *rows])
    results.write(
        "melody_models", "The two melody models", "python -m benchmarks.melody_models", tables
    )


if __name__ == "__main__":
    main()
