"""What turns logits into verdicts, from what was held out of the training."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

CLEAR = 1 / 3
"""Lines with a valence nearer to 0 say neither positive nor negative."""
COIN = 0.6
"""Where verdicts are right less often than this, the model abstains."""


def reviews(
    network: NDArray[np.float32], characters: NDArray[np.float32], positive: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Slopes and offset that make the validation reviews' labels likeliest (Platt 1999)."""
    found = LogisticRegression(C=100).fit(np.stack([network, characters], 1), positive)
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


def prose(slope: float, heard: NDArray[np.float64]) -> float:
    """The offset at which half of the novels' sentences are pleasant, half unpleasant.

    They have no verdicts. Plain narration, half of what a novel says, is to be neutral; by what
    poems taught alone, it would be as unpleasant as their unpleasant lines.

    Args:
        slope: of `literature`.
        heard: the student's predicted valences of the novels' sentences.
    """
    return float(-slope * np.median(heard))


def neutral(heard: ArrayLike, positive: ArrayLike) -> float:
    """The widest valence within which fewer than `COIN` of the verdicts are right."""
    heard, positive = np.asarray(heard), np.asarray(positive, bool)
    order = np.argsort(np.abs(heard))
    right = np.cumsum(((heard > 0) == positive)[order]) / np.arange(1, len(heard) + 1)
    doubtful = np.flatnonzero(right < COIN)
    return float(np.abs(heard[order[doubtful[-1]]])) if len(doubtful) else 0.0
