"""The corpora as the steps of the training want them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sonify.mood.spelling import normalize
from training.mood import data

VALIDATE = 8_000
"""Reviews of the train split that are kept to choose, stop and calibrate by."""
ANALYZED = 60_000
"""Reviews whose morphemes the vocabulary is learned from."""
POSITIVE = np.array([0, 0.02, 0.04, 0.08, 0.14, 0.3, 0.42, 0.58, 0.76, 0.95, 0.98], np.float32)
"""How positive a review with each rating, 1 to 10, is taken to be (0 is no rating)."""


@dataclass(frozen=True)
class Texts:
    """All that is learned from."""

    @cached_property
    def reviews(self) -> list[data.Review]:
        """NSMC: train, extra, test, in this order."""
        return [review for split in ("train", "extra", "test") for review in data.nsmc(split)]

    @cached_property
    def normalized(self) -> list[str]:
        """The reviews' texts."""
        return [normalize(review.text) for review in self.reviews]

    @cached_property
    def ratings(self) -> NDArray[np.int64]:
        """Of the reviews, 1 to 10."""
        return np.array([review.rating for review in self.reviews])

    @cached_property
    def train(self) -> NDArray[np.int64]:
        """Places of the reviews of the train split that aren't kept for validation."""
        return np.sort(np.random.default_rng(0).permutation(TRAIN)[VALIDATE:])

    @cached_property
    def validation(self) -> NDArray[np.int64]:
        """Places of the reviews of the train split that are."""
        return np.random.default_rng(0).permutation(TRAIN)[:VALIDATE]

    @cached_property
    def test(self) -> NDArray[np.int64]:
        """Places of the test reviews."""
        return np.arange(len(self.reviews) - TEST, len(self.reviews))

    def learned(self, condition: str) -> NDArray[np.int64]:
        """Places of the reviews that are learned from, in the "open" or the "paper" condition."""
        if condition == "paper":
            return self.train
        return np.concatenate([self.train, np.arange(TRAIN, len(self.reviews) - TEST)])

    def epoch(self, condition: str, random: np.random.Generator) -> NDArray[np.int64]:
        """Places of the reviews of one epoch, shuffled.

        In the open condition, of the `extra` reviews, which are twenty times as often praise as
        blame, every negative one takes part, and another half of the others each time.
        """
        if condition == "paper":
            return random.permutation(self.train)
        extra = np.arange(TRAIN, len(self.reviews) - TEST)
        blame = self.ratings[extra] < 5
        others = random.permutation(extra[~blame])
        half = others[: len(others) // 2]
        return random.permutation(np.concatenate([self.train, extra[blame], half]))

    @cached_property
    def comments(self) -> list[data.Comment]:
        """KOTE's `val` and `test` splits, 10,000 comments."""
        return [comment for split in ("val", "test") for comment in data.kote(split)]

    @cached_property
    def poems(self) -> list[data.PoemLine]:
        """KPoEM's lines, but for the test poems'."""
        return [*data.kpoem("train"), *data.kpoem("dev")]

    @cached_property
    def novels(self) -> list[tuple[str, str]]:
        """The sentences of the novels, each after the name of its novel's file."""
        return [(name, sentence) for name in data.novels() for sentence in data.novel(name)]

    def by_kind(self) -> dict[str, list[str]]:
        """What the vocabulary is learned from."""
        return {
            "poems": [line.text for line in self.poems],
            "novels": [sentence for _, sentence in self.novels],
            "comments": [comment.text for comment in self.comments],
            "reviews": [review.text for review in self.reviews[:ANALYZED]],
        }


TRAIN, TEST = 150_000, 50_000
