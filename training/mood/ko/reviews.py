"""The review's verdict: networks that learn from ratings teach the one that ships.

A rating is one reader's word; two networks and the n-grams together hear more evenly what a text
says. The one that ships learns from both: Hinton et al. 2015, distillation. Where they waver, they
are right on little more than half of the reviews, and a large language model on three in four: when
it reads literature, the one that ships learns from this, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit, logit
from sentencepiece import SentencePieceProcessor
from sklearn.linear_model import LogisticRegression

from training.files import whole
from training.mood import judged
from training.mood.ko import calibration, network, reviewer
from training.mood.ko.texts import POSITIVE, Texts

TEACHERS = (0, 1)
"""Their seeds."""
DILATIONS, RECURRENT = (1, 2), 2
"""Of a teacher: it is another kind of network than the one that ships, and hears other things."""
TAUGHT = 0.7
"""How much what the teachers say counts, beside the rating."""
COURSE = network.Course(7, 1.5e-3)
AGAIN = network.Course(4, 1e-3, before=COURSE.epochs + 1)

Hearer = network.Network | reviewer.Reviewer | NDArray[np.float32]
"""Who hears reviews; or what one heard in each of them, see `Reviews.all_heard`."""


@dataclass(frozen=True)
class Reviews:
    """All that the verdict on reviews is learned from.

    Attributes:
        texts: with the reviews.
        pieces: draws how a text is cut.
        rows: of the pieces of each review, cut the likeliest way.
        vectors: what the pieces begin with, (pieces, m).
        condition: "open" or "paper".
        work: where every step is kept.
    """

    texts: Texts
    pieces: SentencePieceProcessor
    rows: Sequence[Sequence[int]]
    vectors: NDArray[np.float32]
    condition: str
    work: Path

    def heard(
        self, hearers: Sequence[Hearer], places: NDArray[np.int64]
    ) -> list[NDArray[np.float32]]:
        """The logits of each hearer, (places,)."""
        found = []
        for hearer in hearers:
            if isinstance(hearer, network.Network):
                found.append(network.ratings(hearer, self.rows, places))
            elif isinstance(hearer, reviewer.Reviewer):
                found.append(reviewer.ratings(hearer, self.texts, places))
            else:
                found.append(hearer[places])
        return found

    def all_heard(self, hearer: Hearer, name: str, seed: int) -> NDArray[np.float32]:
        """The hearer's logits, (reviews,), of what is learned from and measured on; kept."""
        kept = self.work / f"heard-{self.condition}-{name}-{seed}.npy"
        if not kept.exists():
            texts = self.texts
            places = np.concatenate([texts.learned(self.condition), texts.validation, texts.test])
            logits = np.zeros(len(texts.reviews), np.float32)
            (logits[places],) = self.heard([hearer], places)
            with whole(kept) as file:
                np.save(file, logits)
        return np.load(kept)

    def calibrated(self, hearers: Sequence[Hearer]) -> tuple[float, ...]:
        """How to add up what they hear, see `calibration.reviews`; by the reviews kept aside."""
        places = self.texts.validation
        return calibration.reviews(self.heard(hearers, places), self.texts.ratings[places] > 5)

    def _together(
        self, hearers: Sequence[Hearer], places: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Their calibrated logit of some reviews, (places,)."""
        *slopes, offset = self.calibrated(hearers)
        return np.array(slopes) @ self.heard(hearers, places) + offset

    def learn(self, seed: int) -> tuple[network.Network, reviewer.Reviewer, NDArray[np.float32]]:
        """The network and the n-grams that ship, and how positive each review is for what the
        network learns next, (reviews,)."""
        characters = reviewer.Reviewer()
        reviewer.train(characters, self.texts, self.condition, seed, self.work)
        hearers: list[Hearer] = [self.all_heard(characters, "n-grams", seed)]
        for other in TEACHERS:
            torch.manual_seed(other)
            teacher = network.Network(self.vectors, DILATIONS, RECURRENT)
            self._train(teacher, "teacher", other, POSITIVE[self.texts.ratings], COURSE)
            hearers.append(self.all_heard(teacher, "teacher", other))
            self.measure("teacher", other, [hearers[-1], hearers[0]])
        teachers = tuple(hearers)
        torch.manual_seed(seed)
        taught = network.Network(self.vectors)
        for name, course in (("taught", COURSE), ("again", AGAIN)):
            self._train(taught, name, seed, self._told(hearers, name, seed), course)
            heard = self.all_heard(taught, name, seed)
            self.measure(name, seed, [heard, hearers[0]])
            hearers = [*teachers, heard]  # it teaches itself next, as it is then
        if self.condition == "paper":
            return taught, characters, POSITIVE[self.texts.ratings]
        return taught, characters, self._told(hearers, "read", seed)

    def _train(
        self,
        net: network.Network,
        name: str,
        seed: int,
        positive: NDArray[np.float32],
        course: network.Course,
    ) -> None:
        kept = self.work / f"{name}-{self.condition}-{seed}.pt"
        network.train(
            net, self.texts, self.pieces, self.rows, positive, self.condition, course, seed, kept
        )

    def _told(self, teachers: Sequence[Hearer], name: str, seed: int) -> NDArray[np.float32]:
        """How positive a network is told that each review is: by its rating, and as the teachers
        say it together; when it reads literature, mended by what was judged.

        Args:
            teachers: who say it.
            name: of the course that is taught by them.
            seed: of that course.
        """
        self.measure(f"teachers of {name}", seed, teachers)
        said = np.zeros(len(self.texts.reviews), np.float32)
        places = self.texts.learned(self.condition)
        said[places] = expit(self._together(teachers, places))
        if name == "read":
            self._mend(said, teachers)
        return (1 - TAUGHT) * POSITIVE[self.texts.ratings] + TAUGHT * said

    def _mend(self, said: NDArray[np.float32], teachers: Sequence[Hearer]) -> None:
        """Mend what teachers say of reviews that were judged by what was judged of them.

        How the two are weighed is learned from the reviews kept aside that were judged too.

        Args:
            said: how positive each review is, (reviews,); is changed.
            teachers: who said it.
        """
        judgements = judged.reviews()
        guesses = np.array([judgements.get(review.id, -1) for review in self.texts.reviews])

        def both(places: NDArray[np.int64], logits: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.stack([logits, (guesses[places] - 4.5) / 2], 1)

        places = np.flatnonzero(guesses >= 0)
        aside = np.intersect1d(self.texts.validation, places)
        weighed = LogisticRegression(C=10).fit(
            both(aside, self._together(teachers, aside)), self.texts.ratings[aside] > 5
        )
        places = np.setdiff1d(places, aside)
        logits = logit(np.clip(said[places].astype(float), 1e-6, 1 - 1e-6))
        said[places] = weighed.predict_proba(both(places, logits))[:, 1]

    def measure(self, name: str, seed: int, hearers: Sequence[Hearer]) -> None:
        """Keep and print the accuracy on the test split, where all are known to be reviews."""
        kept = self.work / f"accuracy-{self.condition}-{name}-{seed}.txt"
        if not kept.exists():
            verdicts = self._together(hearers, self.texts.test)
            right = (verdicts > 0) == (self.texts.ratings[self.texts.test] > 5)
            with whole(kept) as file:
                file.write(f"{right.mean():.4f}".encode())
        accuracy = float(kept.read_text())
        print(f"NSMC test, {self.condition} condition, {name}, seed {seed}: {accuracy:.2%}")
