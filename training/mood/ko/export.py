"""From what was learned to the files that `sonify.mood.ko` reads."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor

from sonify.mood.ko import CONFIG, PIECES, WEIGHTS, Calibration
from training.mood.ko.literature import Literature
from training.mood.ko.network import Network
from training.mood.ko.register import Register
from training.mood.ko.reviewer import Reviewer

IN_FULL = frozenset({
    "embedding_norm", "convolution_norm", "recurrent_norm", "meaning_out", "pooled_out",
    "literature_bias", "register", "register_bias",
})  # fmt: skip
"""Small, or added up over many features: kept in single, not in half precision."""


def export(
    folder: Path, pieces: SentencePieceProcessor, network: Network, reviewer: Reviewer,
    vectors: NDArray[np.int8], vectors_scale: float, literature: Literature,
    registers: Sequence[Register],
    calibration: Calibration,
) -> None:  # fmt: skip
    """Write a model folder; tables in whole numbers, the rest in half precision.

    Args:
        folder: made where there is none.
        pieces: learned.
        network: trained.
        reviewer: trained.
        vectors: of the pieces, times `vectors_scale`.
        vectors_scale: see `vectors`.
        literature: learned.
        registers: literature or reviews, verse or prose.
        calibration: all of it.
    """
    net = {name: array.numpy() for name, array in network.state_dict().items()}
    bag = {name: array.numpy() for name, array in reviewer.state_dict().items()}
    layers = range(len(network.recurrent))
    embedding, embedding_scale = whole(net["embedding.weight"], axis=1)
    terms_out, terms_scale = whole(literature.terms_out, axis=0)
    table = bag["ngrams.weight"]
    ngrams, ngrams_scale = whole(np.clip(table, *np.quantile(table, [5e-5, 1 - 5e-5])))
    arrays = {
        "embedding": embedding,
        "embedding_scale": embedding_scale,
        "embedding_norm": np.stack([net["norm.weight"], net["norm.bias"]]),
        "convolution": net["blocks.0.convolution.weight"].T,
        "convolution_bias": net["blocks.0.convolution.bias"],
        "convolution_norm": np.stack([net["blocks.0.norm.weight"], net["blocks.0.norm.bias"]]),
        "recurrent": np.stack([net[f"recurrent.{k}.gates.weight"].T for k in layers]),
        "recurrent_bias": np.stack([net[f"recurrent.{k}.gates.bias"] for k in layers]),
        "recurrent_norm": np.stack(
            [[net[f"recurrent.{k}.norm.weight"], net[f"recurrent.{k}.norm.bias"]] for k in layers]
        ),
        "attention": net["attention.weight"].T,
        "attention_bias": net["attention.bias"],
        "value": net["value.weight"].T,
        "value_bias": net["value.bias"],
        "review_hidden": net["hidden.weight"].T,
        "review_hidden_bias": net["hidden.bias"],
        "review": net["review.weight"][0],
        "review_bias": net["review.bias"][0],
        "emotions": net["emotions.weight"].T,
        "emotions_bias": net["emotions.bias"],
        "ngrams": ngrams,
        "ngrams_scale": ngrams_scale,
        "ngrams_hidden": bag["hidden.weight"].T,
        "ngrams_hidden_bias": bag["hidden.bias"],
        "ngrams_out": np.concatenate([bag["linear.weight"][0], bag["out.weight"][0]]),
        "ngrams_bias": bag["linear.bias"][0] + bag["out.bias"][0],
        "vectors": vectors,
        "vectors_scale": vectors_scale,
        "terms": literature.terms,
        "terms_idf": literature.idf,
        "terms_out": terms_out,
        "terms_scale": terms_scale[0],
        "meaning_out": literature.meaning_out,
        "pooled_out": literature.pooled_out,
        "literature_bias": literature.bias,
        "register_terms": np.stack([register.terms for register in registers], axis=1),
        "register": np.stack([register.pooled for register in registers], axis=1),
        "register_bias": np.array([register.bias for register in registers]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / WEIGHTS, **{n: _narrow(n, a) for n, a in arrays.items()})
    (folder / PIECES).write_bytes(pieces.serialized_model_proto())
    config = json.dumps(asdict(calibration), ensure_ascii=False, indent=2)
    (folder / CONFIG).write_text(config + "\n", encoding="utf-8", newline="\n")


def whole(
    array: NDArray[np.floating], axis: int | None = None
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The array in whole numbers from -127 to 127, and what to multiply them by.

    Args:
        array: any.
        axis: of the numbers that share a scale; all of them do where there is none.
    """
    scale = np.abs(array).max(axis=axis, keepdims=axis is not None) / 127
    scale = np.asarray(np.maximum(scale, 1e-9), np.float32)
    return np.round(array / scale).astype(np.int8), scale


def _narrow(name: str, array: object) -> NDArray:
    array = np.asarray(array)
    if array.dtype.kind == "i":
        return array
    return array.astype(np.float32 if "scale" in name or name in IN_FULL else np.float16)
