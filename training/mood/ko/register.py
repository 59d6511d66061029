"""Which kind of text one is: a review or literature, verse or prose."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from sonify.mood.ko import HASH_BITS
from training.mood.ko import literature

Array = NDArray[np.float64]


def learn(
    some: Sequence[str], others: Sequence[str], pooled: NDArray[np.float32],
    terms: NDArray[np.int32], idf: Array,
) -> tuple[Array, Array, float]:  # fmt: skip
    """Logistic regression on n-grams and the pooled vector.

    Args:
        some: normalized texts of one kind.
        others: of the other kind.
        pooled: by the network, of the former, then of the latter.
        terms: the n-grams that count.
        idf: of them.

    Returns:
        weights of the terms' tf-idf, weights of the pooled vector, and offset, of the logit that a
        text is one of the others.
    """
    inverse = np.zeros(1 << HASH_BITS)
    inverse[terms] = idf
    counted = literature.tf_idf(literature.count_ngrams([*some, *others]), inverse)
    standard = literature.Standard.of(pooled)
    features = sparse.hstack([3 * counted.tocsr()[:, terms], sparse.csr_matrix(standard(pooled))])
    kinds = np.repeat([0, 1], [len(some), len(others)])
    found = LogisticRegression(C=1, max_iter=200).fit(features.tocsr(), kinds)
    of_terms, of_pooled = np.split(found.coef_[0], [len(terms)])
    of_pooled = of_pooled / standard.scale
    return 3 * of_terms, of_pooled, float(found.intercept_[0] - standard.mean @ of_pooled)
