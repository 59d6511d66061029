"""A mood model heard on the two benchmarks, NSMC's test reviews and KPoEM's test poems, and on
sentences of novels."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sonify.mood.models import MoodModel
from sonify.mood.mood import EMOTIONS, Mood
from sonify.reading.book import Chapter, Sentence
from training.mood import data, metrics
from training.mood.ko import emotions


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; see `training.mood.metrics` for each.

    Attributes:
        accuracy: over reviews.
        balanced_accuracy: over the poems' lines that are clearly pleasant or unpleasant.
        spearman: of valence, over all lines.
        emotions: of the share of each emotion that the model tells, over all lines.
        calibration_error: of the polarity probability; for poems, over the clear lines.
        neutral: share in which the model abstains. (The other figures go by valence alone.)
    """

    accuracy: float
    balanced_accuracy: float
    spearman: float
    emotions: dict[str, float]
    calibration_error: dict[str, float]
    neutral: dict[str, float]


def evaluate(model: MoodModel) -> Figures:
    """Measure a model: reviews each for themselves, poems line by line with their context."""
    reviews = list(data.nsmc("test"))
    lines = list(data.kpoem("test"))
    positive = np.array([bool(review.positive) for review in reviews])
    truth = np.array([line.valence for line in lines])
    felt = np.transpose([emotions.shares(line.emotions) for line in lines])
    clear = np.abs(truth) > 1 / 3
    of_reviews = list(model.hear(sentences(review.text for review in reviews), context=False))
    of_lines = list(model.hear(poems(lines)))
    heard_reviews, heard_lines = valences(of_reviews), valences(of_lines)
    return Figures(
        accuracy=metrics.accuracy(heard_reviews, positive),
        balanced_accuracy=metrics.balanced_accuracy(heard_lines, truth),
        spearman=metrics.spearman(heard_lines, truth),
        emotions={
            name: metrics.spearman([mood.emotions[name] for mood in of_lines], shares)
            for name, shares in zip(EMOTIONS, felt, strict=True)
            if name in of_lines[0].emotions
        },
        calibration_error={
            "NSMC": metrics.calibration_error(heard_reviews, positive),
            "KPoEM": metrics.calibration_error(heard_lines[clear], truth[clear] > 0),
        },
        neutral={"NSMC": _neutral(of_reviews), "KPoEM": _neutral(of_lines)},
    )


def novels(model: MoodModel) -> dict[tuple[str, str], int]:
    """How often each verdict, a reader's and then the model's, fell on a test sentence."""
    found: Counter[tuple[str, str]] = Counter()
    for novel, verdicts in data.verdicts("test").items():
        moods = list(model.hear(sentences(data.novel(novel))))
        found.update((verdict, moods[place].polarity) for place, verdict in verdicts.items())
    return dict(found)


def sentences(texts: Iterable[str]) -> Iterator[Sentence]:
    """Texts that have nothing to do with each other, as sentences of one chapter."""
    chapter = Chapter(0, "")
    for index, text in enumerate(texts):
        yield Sentence(text, chapter, index, paragraph=index)


def poems(lines: Iterable[data.PoemLine]) -> Iterator[Sentence]:
    """Lines of poems as sentences, a chapter a poem."""
    for index, line in enumerate(lines):
        yield Sentence(line.text, Chapter(line.poem, ""), index, paragraph=line.poem)


def valences(moods: Iterable[Mood]) -> np.ndarray:
    """The moods' valences, shape (moods,)."""
    return np.array([mood.valence for mood in moods])


def _neutral(moods: list[Mood]) -> float:
    return sum(mood.polarity == "neutral" for mood in moods) / len(moods)
