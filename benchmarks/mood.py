"""How well and how fast a mood model hears: `python -m benchmarks.mood --mood NAME`."""

import argparse
import resource
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import get_args

import numpy as np

from benchmarks import results
from sonify import reading
from sonify.mood import models
from sonify.mood.mood import Polarity
from training.mood import data
from training.mood.evaluate import evaluate, novels, sentences

SENTENCES = 5_000
"""Of reviews, and of novels, by which the speed is measured."""


def main() -> None:
    """Measure the shipped files of a model and write results/mood-NAME.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mood", default=models.DEFAULT, metavar="NAME")
    name = parser.parse_args().mood

    reviews = [review.text for review in islice(data.nsmc("test"), SENTENCES)]
    before = time.perf_counter()
    model = models.load(name)
    loaded = time.perf_counter()
    next(model.hear(sentences(["첫 문장이다."])))
    first = time.perf_counter()
    speeds = {
        "reviews": _speed(model, reviews),
        "novels": _speed(model, list(islice(_novel_sentences(), SENTENCES))),
    }
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures, verdicts = evaluate(model), novels(model)
    size = sum(file.stat().st_size for file in (models.FOLDER / name).iterdir())

    results.write(
        f"mood-{name}",
        f"The mood model `{name}`",
        f"python -m benchmarks.mood --mood {name}",
        [
            [
                ["", "NSMC test", "KPoEM test"],
                [
                    "accuracy · balanced accuracy",
                    f"{figures.accuracy:.2%}",
                    f"{figures.balanced_accuracy:.3f}",
                ],
                ["Spearman correlation of valence", "", f"{figures.spearman:.3f}"],
                [
                    "of emotions, macro-averaged",
                    "",
                    f"{np.mean([*figures.emotions.values()]):.3f}" if figures.emotions else "",
                ],
                ["calibration error", *(f"{e:.3f}" for e in figures.calibration_error.values())],
                ["heard as neutral", *(f"{n:.1%}" for n in figures.neutral.values())],
            ],
            [
                ["novels: of what a reader heard as", "it hears alike", "as the opposite"],
                *([polarity, *_agreement(verdicts, polarity)] for polarity in get_args(Polarity)),
            ],
            [
                ["speed, memory, size", ""],
                *(
                    [f"{kind}, sentences a second · a second of processor time", speed]
                    for kind, speed in speeds.items()
                ),
                ["loading the model, s", f"{loaded - before:.2f}"],
                ["first mood after that, s", f"{first - loaded:.2f}"],
                ["peak memory, whole process, MB", f"{memory:.0f}"],
                ["all files, MB", f"{size / 1e6:.1f}"],
            ],
        ],
    )


def _agreement(verdicts: Mapping[tuple[str, str], int], polarity: str) -> tuple[str, str]:
    """Of sentences with this verdict: those that a model heard alike, and as the opposite."""
    heard = {said: n for (given, said), n in verdicts.items() if given == polarity}
    opposite = {"positive": "negative", "negative": "positive"}.get(polarity, "")
    total = sum(heard.values())
    return f"{heard.get(polarity, 0)} of {total}", str(heard.get(opposite, 0))


def _novel_sentences() -> Iterator[str]:
    for name in data.novels():
        novel = data.folder() / "novels" / f"{name}.txt"
        yield from (sentence.text for sentence in reading.read(novel).sentences)


def _speed(model: models.MoodModel, texts: list[str]) -> str:
    """Sentences a second, and a second of processor time (which other load doesn't touch)."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in model.hear(sentences(texts)):
        pass
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return f"{len(texts) / wall:,.0f} · {len(texts) / processor:,.0f}"


if __name__ == "__main__":
    main()
