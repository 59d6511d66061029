"""Sizes and dropout by validation, all else as in `SETTINGS`.

Minor models, which begin with the major model's weights and so have its size, are trained as long
as the one that ships; major ones, which take long, `EPOCHS` times. Two seeds of the same show what
difference means nothing.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sonify.melody.score import Mode
from training.melody.train import SETTINGS, Settings, train_mode

logger = logging.getLogger(__name__)

EPOCHS = 2
"""Of a major model; the rate falls to nothing in them."""


def candidates(mode: Mode) -> Iterator[Settings]:
    """What is tried."""
    settings = SETTINGS[mode]
    if mode == "major":
        settings = replace(settings, epochs=EPOCHS)
    yield settings
    yield replace(settings, seed=1)
    for keep in (1.0, 0.5):
        yield replace(settings, keep=keep)
    if mode == "major":
        for units in (64, 256):
            yield replace(settings, layer_sizes=(units, units))


def try_all(mode: Mode, work: Path, threads: int) -> None:
    """Log the validation loss of each candidate."""
    for settings in candidates(mode):
        units, dropout = settings.layer_sizes[0], 1 - settings.keep
        folder = work / "grid" / f"{mode}-{units}-{dropout:.1f}-{settings.seed}"
        best = train_mode(mode, settings, work, folder, threads)
        logger.info(
            "%s, %d units twice, dropout %.1f, seed %d: %.4f an event",
            mode, units, dropout, settings.seed, best,
        )  # fmt: skip
