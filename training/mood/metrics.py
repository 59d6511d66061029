"""How well a mood model hears: the figures of every card and benchmark, each defined once.

Valences are arrays of shape (items,), -1 to 1. `heard` is what a model says, `truth` what people
said.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import spearmanr


def accuracy(heard: ArrayLike, positive: ArrayLike) -> float:
    """Share of items whose valence has the right sign; exactly 0 is never right.

    Args:
        heard: valences.
        positive: True or False each.
    """
    heard, positive = np.asarray(heard), np.asarray(positive, bool)
    return float(np.mean(np.where(positive, heard > 0, heard < 0)))


def balanced_accuracy(heard: ArrayLike, truth: ArrayLike, clear: float = 1 / 3) -> float:
    """Mean of the share of pleasant and the share of unpleasant items that were heard as such.

    Counted are items with |truth| > `clear`. A valence of exactly 0 is never right.
    """
    heard, truth = np.asarray(heard), np.asarray(truth)
    return float((np.mean(heard[truth > clear] > 0) + np.mean(heard[truth < -clear] < 0)) / 2)


def spearman(heard: ArrayLike, truth: ArrayLike) -> float:
    """Spearman's rank correlation over all items; 0 where one of the two never changes."""
    if np.min(heard) == np.max(heard) or np.min(truth) == np.max(truth):
        return 0.0
    return float(spearmanr(heard, truth).statistic)


def macro_spearman(heard: ArrayLike, truth: ArrayLike) -> float:
    """Mean over emotions of Spearman's correlation over items.

    Args:
        heard: shares, shape (items, emotions).
        truth: the same shape.
    """
    pairs = zip(np.transpose(heard), np.transpose(truth), strict=True)
    return float(np.mean([spearman(*pair) for pair in pairs]))


def calibration_error(heard: ArrayLike, positive: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error of the polarity probability (Guo et al. 2017, equation 3).

    Items are put into `bins` equally wide bins by the probability of the polarity that was heard,
    (1 + |valence|) / 2; the distance between that and the share that is right is averaged over
    bins, weighted by their items.
    """
    heard, positive = np.asarray(heard), np.asarray(positive, bool)
    confidence = (1 + np.abs(heard)) / 2  # 0.5 to 1
    right = (heard > 0) == positive
    place = np.minimum((np.abs(heard) * bins).astype(int), bins - 1)
    sums = [np.bincount(place, weights=w, minlength=bins) for w in (confidence, right)]
    return float(np.abs(sums[0] - sums[1]).sum() / len(heard))
