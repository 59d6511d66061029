"""Which kind of text one is: a review or literature, verse or prose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from training.mood.ko import literature

Array = NDArray[np.float64]

NGRAMS = 6
"""How much n-grams weigh against the pooled vector."""
REVIEWS_TAKEN = 0.005
"""The share of lone reviews that may be taken for literature."""
POEMS_TAKEN = 0.05
"""The share of poems that may be taken for prose."""


@dataclass(frozen=True)
class Register:
    """A logistic regression on n-grams and the pooled vector.

    Attributes:
        terms: weights of the terms' tf-idf.
        pooled: of the pooled vector.
        bias: offset of the logit that a text is of the second kind.
    """

    terms: Array
    pooled: Array
    bias: float

    @classmethod
    def learn(
        cls, some: Sequence[str], others: Sequence[str], pooled: NDArray[np.float32],
        student: literature.Literature,
    ) -> Self:  # fmt: skip
        """Tell two kinds of texts apart.

        Args:
            some: normalized texts of one kind.
            others: of the other kind.
            pooled: by the network, of the former, then of the latter.
            student: whose terms count.
        """
        standard = literature.Standard.of(pooled)
        terms = literature.terms_of([*some, *others], student)
        features = sparse.hstack([NGRAMS * terms, sparse.csr_matrix(standard(pooled))])
        kinds = np.repeat([0, 1], [len(some), len(others)])
        found = LogisticRegression(C=3, class_weight="balanced", max_iter=200)
        found.fit(features.tocsr(), kinds)
        of_terms, of_pooled = np.split(found.coef_[0], [terms.shape[1]])
        of_pooled = of_pooled / standard.scale
        bias = float(found.intercept_[0] - standard.mean @ of_pooled)
        return cls(NGRAMS * of_terms, of_pooled, bias)

    def logits(
        self, texts: Sequence[str], pooled: NDArray[np.float32], student: literature.Literature
    ) -> Array:
        """That each text is of the second kind, (texts,). Args: as in `learn`."""
        terms = literature.terms_of(texts, student)
        return np.asarray(terms @ self.terms + pooled @ self.pooled + self.bias)


def lone(logits: Array) -> float:
    """What to add to the logit that lone texts are reviews, so that all but `REVIEWS_TAKEN` are.

    A text without neighbours is sooner a review than the only line of a poem; where there are
    neighbours, what they say is added up and outweighs it.

    Args:
        logits: of reviews that weren't learned from.
    """
    return max(0.0, -float(np.quantile(logits, REVIEWS_TAKEN)))


def whole(logits: Array, poem: NDArray) -> float:
    """What to add to the logit that literature is prose, so that all but `POEMS_TAKEN` aren't.

    A poem has few lines to tell by what it is, and some are in prose; a novel has many.

    Args:
        logits: of lines of poems that weren't learned from.
        poem: that each belongs to.
    """
    sums = [logits[poem == some].sum() for some in np.unique(poem)]
    return min(0.0, -float(np.quantile(sums, 1 - POEMS_TAKEN)))
