"""A melody model's folder: `config.json` and `weights.npz`, as the runtime reads them."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sonify.melody.attention_rnn import CONFIG, WEIGHTS, Array


def write_model(
    folder: Path, weights: Mapping[str, Array], layer_sizes: tuple[int, ...], attention_length: int
) -> None:
    """Write weights (see `weight_shapes`) and sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "network": "attention_rnn",
        "rnn_layer_sizes": list(layer_sizes),
        "attn_length": attention_length,
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    np.savez_compressed(folder / WEIGHTS, **weights)
