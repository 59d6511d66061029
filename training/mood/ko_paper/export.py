"""From a trained network to the files that `sonify.mood.paper` reads."""

import json
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from sonify.mood.paper import CONFIG, VOCABULARY, WEIGHT_NAMES, WEIGHTS

COIN = 0.6
"""Where verdicts are right less often than this, the model abstains."""


def export(
    model: keras.Model, tokens: Sequence[str], temperature: float, neutral: float, folder: Path
) -> None:
    """Write a model folder, weights in half precision.

    Args:
        model: of `network.build`; row 0 of its vectors is left out.
        tokens: of the other rows.
        temperature: see `calibrate`.
        neutral: see `calibrate`.
        folder: made where there is none.
    """
    (vectors,), lstm, hidden, output = (
        model.get_layer(name).get_weights() for name in ("vectors", "lstm", "hidden", "output")
    )
    arrays = [
        vectors[1:],
        *(np.stack(pair) for pair in zip(lstm[:3], lstm[3:], strict=True)),  # there and back
        *hidden,
        *output,
    ]
    weights = dict(zip(WEIGHT_NAMES, arrays, strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / VOCABULARY).write_text("\n".join(tokens), encoding="utf-8", newline="\n")
    np.savez_compressed(
        folder / WEIGHTS, **{name: array.astype(np.float16) for name, array in weights.items()}
    )
    config = {"temperature": round(temperature, 4), "neutral": round(neutral, 4)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def calibrate(
    probabilities: NDArray[np.float32], positive: NDArray[np.bool_]
) -> tuple[float, float]:
    """What makes the probabilities of validation reviews mean what they say.

    Args:
        probabilities: of negative and positive, shape (reviews, 2).
        positive: shape (reviews,).

    Returns:
        the temperature that makes the reviews' labels likeliest (Guo et al. 2017), and the widest
        valence (of the calibrated probabilities) within which fewer than `COIN` of the verdicts
        are right.
    """
    negative, positively = np.log(np.maximum(probabilities.astype(np.float64), 1e-12)).T
    margin = np.where(positive, 1, -1) * (positively - negative)  # above 0: right
    temperature = float(
        minimize_scalar(
            lambda t: np.logaddexp(0, -margin / t).mean(), bounds=(0.1, 10), method="bounded"
        ).x
    )
    order = np.argsort(np.abs(margin))
    right = np.cumsum(margin[order] > 0) / np.arange(1, len(margin) + 1)
    widest = order[np.flatnonzero(right < COIN)[-1]]
    return temperature, float(np.tanh(np.abs(margin[widest]) / temperature / 2))
