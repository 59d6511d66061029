"""Korean text cut into the pieces of a unigram language model (Kudo 2018, as in SentencePiece).

The vocabulary is learned in `training/mood/ko` from text cut at its morphemes, so that stems and
endings are pieces of their own and no morphological analyser is needed here.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

UNKNOWN = 0
"""The row of whatever is no piece of the vocabulary."""

_HANJA = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_GLOSS = re.compile(rf"(?<=[가-힣])\s?[(\[（［][{_HANJA}·,、\s]+[)\]）］]")
_REPEATED = re.compile(r"(.)\1{2,}")
_WORD_START = "▁"


def normalize(text: str) -> str:
    """The text as the model reads it.

    Compatibility forms are folded (NFKC: old jamo, full width, ligatures), Latin letters made
    small, a word's Hanja in brackets left out (`사랑(愛)` → `사랑`: it is said already), anything
    repeated three times or more shortened to two (`ㅋㅋㅋㅋ`, `……`), whitespace made single.
    """
    text = _GLOSS.sub("", unicodedata.normalize("NFC", text))
    text = unicodedata.normalize("NFKC", text).lower()
    return " ".join(_REPEATED.sub(r"\1\1", text).split())


@dataclass(frozen=True)
class Pieces:
    """A vocabulary of pieces.

    Attributes:
        rows: the row of each piece; a piece that begins a word begins with `▁`.
        scores: the log probability of each row's piece, shape (pieces,).
    """

    rows: Mapping[str, int]
    scores: NDArray[np.float32]
    _costs: dict[str, float] = field(init=False, repr=False)
    _longest: int = field(init=False, repr=False)
    _unknown: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        scores = self.scores.tolist()
        costs = {piece: -scores[row] for piece, row in self.rows.items()}
        object.__setattr__(self, "_costs", costs)
        object.__setattr__(self, "_longest", max(map(len, self.rows)))
        object.__setattr__(self, "_unknown", 10 - min(scores))  # as SentencePiece has it
        object.__setattr__(self, "_word", lru_cache(1 << 15)(self._cut))

    @classmethod
    def parse(cls, lines: Iterable[str]) -> Self:
        """From lines `piece TAB log probability`, a row each."""
        table = [line.split("\t") for line in lines]
        scores = np.array([float(score) for _, score in table], np.float32)
        return cls({piece: row for row, (piece, _) in enumerate(table)}, scores)

    def encode(self, text: str) -> list[int]:
        """The rows of the likeliest pieces of a normalized text."""
        return [row for word in text.split() for row in self._word(word)]  # type: ignore[attr-defined]

    def _cut(self, word: str) -> tuple[int, ...]:
        """Viterbi over one word: no piece reaches beyond it."""
        word = _WORD_START + word
        cost = [0.0] + [math.inf] * len(word)
        start = [0] * (len(word) + 1)
        known = self._costs
        for end in range(1, len(word) + 1):
            for begin in range(max(0, end - self._longest), end):
                piece = known.get(word[begin:end])
                if piece is None:
                    if begin < end - 1:
                        continue
                    piece = self._unknown
                if cost[begin] + piece < cost[end]:
                    cost[end], start[end] = cost[begin] + piece, begin
        rows: list[int] = []
        end = len(word)
        while end:
            row = self.rows.get(word[start[end] : end], UNKNOWN)
            if row != UNKNOWN or not rows or rows[-1] != UNKNOWN:  # a run of unknowns is one
                rows.append(row)
            end = start[end]
        return tuple(reversed(rows))
