"""How well and how fast a mood model hears: `python -m benchmarks.mood --mood NAME`."""

import argparse
import resource
import time
from collections.abc import Iterator
from itertools import islice

from benchmarks import results
from sonify import reading
from sonify.mood import models
from training.mood import data
from training.mood.evaluate import evaluate, sentences

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
    figures = evaluate(model)

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
                ["calibration error", *(f"{e:.3f}" for e in figures.calibration_error.values())],
                ["heard as neutral", *(f"{n:.1%}" for n in figures.neutral.values())],
            ],
            [
                ["speed and memory", ""],
                *(
                    [f"{kind}, sentences a second · a second of processor time", speed]
                    for kind, speed in speeds.items()
                ),
                ["loading the model, s", f"{loaded - before:.2f}"],
                ["first mood after that, s", f"{first - loaded:.2f}"],
                ["peak memory, whole process, MB", f"{memory:.0f}"],
            ],
        ],
    )


def _novel_sentences() -> Iterator[str]:
    for novel in sorted((data.folder() / "novels").glob("*.txt")):
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
