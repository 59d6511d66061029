"""`ko-paper`: the classifier of the paper, Okt → Word2Vec → Bi-LSTM → softmax, in NumPy.

Sungpyo Cho and Taelim Hwang, "Music Generation based on Emotions", section 3. It was learned from
film reviews (see `training/mood/ko_paper`), judges each sentence by itself and tells only positive
from negative: `Mood.emotions` is empty.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sonify.errors import SonifyError
from sonify.mood import okt
from sonify.mood.batches import in_batches
from sonify.mood.mood import Mood, Polarity
from sonify.reading.book import Sentence

CONFIG, VOCABULARY, WEIGHTS = "config.json", "vocabulary.txt", "weights.npz"

LONGEST_PIECE = 128
"""Tokens; a sentence with more is heard in pieces. No review that it learned from has more."""
LARGEST_BATCH = 32
"""Sentences heard at once."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class PaperModel:
    """The trained classifier: v words, d dimensions, n units each way, m fully connected units.

    The weights are laid out as Keras does it, gates in the order input, forget, cell, output.

    Attributes:
        vocabulary: the row of `vectors` of each token.
        vectors: Word2Vec's, (v, d).
        kernel: from a vector to the gates, forward and backward, (2, d, 4n).
        recurrent_kernel: from the state before, (2, n, 4n).
        bias: (2, 4n).
        hidden_kernel: the fully connected layer's, (2n, m).
        hidden_bias: (m,).
        output_kernel: to the logits of negative and positive, (m, 2).
        output_bias: (2,).
        temperature: divides the logits, so that probabilities mean what they say.
        neutral: a valence nearer to 0 than this is no verdict.
    """

    name: ClassVar[str] = "ko-paper"
    language: ClassVar[str] = "ko"

    vocabulary: Mapping[str, int]
    vectors: Array
    kernel: Array
    recurrent_kernel: Array
    bias: Array
    hidden_kernel: Array
    hidden_bias: Array
    output_kernel: Array
    output_bias: Array
    temperature: float
    neutral: float

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder: `config.json`, `vocabulary.txt` and `weights.npz`.

        Raises:
            SonifyError: something there is missing or isn't what it should be.
        """
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            temperature, neutral = float(config["temperature"]), float(config["neutral"])
            tokens = (folder / VOCABULARY).read_text(encoding="utf-8").split("\n")
            with np.load(folder / WEIGHTS, allow_pickle=False) as file:
                weights = {name: file[name].astype(np.float32) for name in WEIGHT_NAMES}
            _check_shapes(weights, len(tokens))
        except OSError as error:
            raise SonifyError(f"can't read the mood model {folder}: {error.strerror}") from error
        except (
            ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, zlib.error,
        ) as error:  # fmt: skip
            raise SonifyError(f"the mood model {folder} is damaged; reinstall sonify") from error
        vocabulary = {token: row for row, token in enumerate(tokens)}
        return cls(vocabulary, **weights, temperature=temperature, neutral=neutral)

    def hear(
        self, sentences: Iterable[Sentence], *, context: bool = True, live: bool = False
    ) -> Iterator[Mood]:
        """See `MoodModel.hear`; this model hears every sentence alone, whatever `context` is."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for batch in in_batches(sentences, 1 if live else LARGEST_BATCH):
                tokens = list(pool.map(okt.tokens, (sentence.text for sentence in batch)))
                yield from map(self._mood, batch, self.valences(tokens).tolist())

    def valences(self, sentences: Sequence[Sequence[str]]) -> Array:
        """2p - 1, where p is the probability that a sentence is positive, shape (sentences,).

        Tokens that it has no vector for are left out; a sentence without any other has valence 0.

        Args:
            sentences: the tokens of each.
        """
        pieces: list[list[int]] = []
        owner: list[int] = []
        for place, tokens in enumerate(sentences):
            rows = [self.vocabulary[token] for token in tokens if token in self.vocabulary]
            starts = range(0, len(rows), LONGEST_PIECE)
            pieces += [rows[start : start + LONGEST_PIECE] for start in starts]
            owner += [place] * len(starts)
        logits = [
            self._logits(pieces[start : start + LARGEST_BATCH])
            for start in range(0, len(pieces), LARGEST_BATCH)
        ]
        if not logits:
            return np.zeros(len(sentences), np.float32)
        lengths = np.array([len(piece) for piece in pieces])
        sums = np.bincount(owner, np.concatenate(logits) * lengths, len(sentences))
        words = np.bincount(owner, lengths, len(sentences))
        return np.tanh(sums / np.maximum(words, 1) / self.temperature / 2).astype(np.float32)

    def _logits(self, pieces: Sequence[Sequence[int]]) -> Array:
        """Logit of positive minus logit of negative, shape (pieces,); no piece may be empty."""
        # Sorted by length, those that still have words stand first at every step.
        order = sorted(range(len(pieces)), key=lambda place: -len(pieces[place]))
        lengths = np.array([len(pieces[place]) for place in order])
        rows = np.zeros((2, lengths[0], len(pieces)), np.intp)
        for column, place in enumerate(order):
            rows[0, : lengths[column], column] = pieces[place]
            rows[1, : lengths[column], column] = pieces[place][::-1]

        inputs = self.vectors[rows] @ self.kernel[:, None] + self.bias[:, None, None]
        h = np.zeros((2, len(pieces), self.recurrent_kernel.shape[1]), np.float32)
        c = np.zeros_like(h)
        for step in range(lengths[0]):
            going = np.count_nonzero(lengths > step)
            gates = inputs[:, step, :going] + h[:, :going] @ self.recurrent_kernel  # (2, b, 4n)
            i, f, g, o = np.split(gates, 4, axis=-1)
            c[:, :going] = _sigmoid(f) * c[:, :going] + _sigmoid(i) * np.tanh(g)
            h[:, :going] = _sigmoid(o) * np.tanh(c[:, :going])

        hidden = np.maximum(np.concatenate(h, axis=-1) @ self.hidden_kernel + self.hidden_bias, 0)
        negative, positive = (hidden @ self.output_kernel + self.output_bias).T
        logits: Array = np.empty_like(positive)
        logits[order] = positive - negative
        return logits

    def _mood(self, sentence: Sentence, valence: float) -> Mood:
        polarity: Polarity = "neutral"
        if abs(valence) >= self.neutral:
            polarity = "positive" if valence > 0 else "negative"
        return Mood(sentence, valence, polarity, intensity=abs(valence), emotions={})


WEIGHT_NAMES = tuple(f.name for f in fields(PaperModel) if f.type is Array)


def _check_shapes(weights: Mapping[str, Array], words: int) -> None:
    _, dimensions = weights["vectors"].shape
    _, units, _ = weights["recurrent_kernel"].shape
    _, hidden = weights["hidden_kernel"].shape
    shapes = {
        "vectors": (words, dimensions),
        "kernel": (2, dimensions, 4 * units),
        "recurrent_kernel": (2, units, 4 * units),
        "bias": (2, 4 * units),
        "hidden_kernel": (2 * units, hidden),
        "hidden_bias": (hidden,),
        "output_kernel": (hidden, 2),
        "output_bias": (2,),
    }
    for name, shape in shapes.items():
        if weights[name].shape != shape or not np.isfinite(weights[name]).all():
            raise ValueError(name)


def _sigmoid(x: Array) -> Array:
    y: Array = 0.5 * np.tanh(0.5 * x) + 0.5  # exp would overflow
    return y
