"""What turns logits into verdicts, from what was held out of the training."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

CLEAR = 1 / 3
"""Lines with a valence nearer to 0 say neither positive nor negative."""


def reviews(heard: Sequence[NDArray[np.float32]], positive: NDArray[np.bool_]) -> tuple[float, ...]:
    """Slopes, one for each hearer, and offset that make the labels likeliest (Platt 1999).

    Args:
        heard: the logits of each hearer, (reviews,).
        positive: (reviews,).
    """
    found = LogisticRegression(C=100).fit(np.stack(heard, 1), positive)
    return (*map(float, found.coef_[0]), float(found.intercept_[0]))


def literature(heard: NDArray[np.float64], valence: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset from predicted valence to the logit of a pleasant line.

    As if clear lines were as often pleasant as unpleasant. In these poems two in three are
    unpleasant; that a novel is as sad isn't known before it is read.
    """
    clear = np.abs(valence) > CLEAR
    found = LogisticRegression(C=1e4, class_weight="balanced")
    found.fit(heard[clear, None], valence[clear] > 0)
    return float(found.coef_[0, 0]), float(found.intercept_[0])


def prose(heard: NDArray[np.float64], verdicts: NDArray[np.str_]) -> tuple[float, float]:
    """Slope and offset from predicted valence to the logit of a pleasant sentence of a novel.

    A neutral one counts as half pleasant, half unpleasant; those that are pleasant weigh as much,
    all together, as those that are unpleasant.
    """
    kinds = [verdicts == kind for kind in ("positive", "negative", "neutral", "neutral")]
    clear = kinds[0].sum() + kinds[1].sum()
    weights = [clear / 2 / kinds[0].sum(), clear / 2 / kinds[1].sum(), 0.5, 0.5]
    counts = [kind.sum() for kind in kinds]
    found = LogisticRegression(C=1e4).fit(
        np.concatenate([heard[kind] for kind in kinds])[:, None],
        np.repeat([True, False, True, False], counts),
        sample_weight=np.repeat(weights, counts),
    )
    return float(found.coef_[0, 0]), float(found.intercept_[0])


def neutral(valence: NDArray[np.float64], verdicts: NDArray[np.str_]) -> float:
    """The valence within which as many sentences of novels are as are neutral."""
    return float(np.quantile(np.abs(valence), (verdicts == "neutral").mean()))
