"""`ko`: hears Korean, reviews and literature alike, in NumPy.

Two things are heard in a sentence, how its writer rates something and what its readers feel, and
which of the two it is about, a review or literature, decides how they are mixed.

- A network: pieces → gated convolutions → pooled by attention and by maximum into one vector. From
  it come the review's verdict, the emotions of a comment, and which kind of text it is.
- Hashed character n-grams (as in fastText) have half a say in the review's verdict: they read what
  no vocabulary lists.
- Literature's verdict is linear in n-grams, pieces and the network's vector, of the sentence and of
  the three before and after it. Lines with human verdicts are few; more parameters would learn them
  by heart.

`training/mood/ko` says how all of it was learned.
"""

import json
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sonify.errors import SonifyError
from sonify.mood.mood import EMOTIONS, Mood, Polarity
from sonify.mood.pieces import Pieces, normalize
from sonify.reading.book import Sentence

CONFIG, PIECES, WEIGHTS = "config.json", "pieces.tsv", "weights.npz"

NEARNESS = (0.5, 0.4, 0.3)
"""How much the next sentence, before or after, counts for a sentence; the second; the third."""
CONTEXT = len(NEARNESS)
LONGEST = 96
"""Pieces; the rest of a longer sentence is not heard."""
LONGEST_TEXT = 400
"""Characters of which the n-grams are heard."""
OUTPUTS = len(EMOTIONS) + 2
"""Of literature: valence, a share for each emotion, the share of the strongest."""
DILATIONS = (1, 1, 2)
"""Of the convolutions, three pieces wide."""
HEADS = 4
"""Of the attention that pools."""
ORDERS = 5
"""Characters of the longest n-gram."""
HASH_BITS = 20

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """Names as in `weights.npz`; p pieces, d dimensions, e = 44 emotions.

    Attributes:
        embedding: of the pieces, in whole numbers, (p, d); times `embedding_scale`, (p, 1).
        embedding_norm: gain and bias, (2, d).
        convolution: (blocks, 3d, 2d); the second half of its outputs gates the first.
        convolution_bias: (blocks, 2d).
        convolution_norm: gain and bias, (blocks, 2, d).
        attention: (d, HEADS). attention_bias: (HEADS,).
        value: (d, d). value_bias: (d,).
        review_hidden: (2d, h). review_hidden_bias: (h,). review: (h,). review_bias: ().
        ngrams: in whole numbers, (2 ** HASH_BITS, n); times `ngrams_scale`, ().
        ngrams_hidden: (n, m). ngrams_hidden_bias: (m,). ngrams_out: (n + m,). ngrams_bias: ().
        emotions: from the review's hidden layer to the emotions of a comment, (h, 44).
            emotions_bias: (44,).
        vectors: what a piece means, in whole numbers, (p, m); times `vectors_scale`, ().
        terms: the hashed n-grams that literature's verdict knows, sorted, (t,).
        terms_idf: their inverse frequencies, (t,).
        terms_out: in whole numbers, (t, 2o); times `terms_scale`, (2o,). o = 10 outputs: valence,
            `EMOTIONS`, the share of the strongest emotion; first of the sentence for itself, then
            what it adds to its neighbours.
        meaning_out: from mean, highest and lowest of the pieces' vectors, (3m, 2o).
        pooled_out: (2d, 2o).
        literature_bias: (2o,).
        register: (2d, 2). register_terms: (t, 2). register_bias: (2,). To the logits that a text is
            a review, and that literature is prose.
    """

    embedding: NDArray[np.int8]
    embedding_scale: Array
    embedding_norm: Array
    convolution: Array
    convolution_bias: Array
    convolution_norm: Array
    attention: Array
    attention_bias: Array
    value: Array
    value_bias: Array
    review_hidden: Array
    review_hidden_bias: Array
    review: Array
    review_bias: Array
    ngrams: NDArray[np.int8]
    ngrams_scale: Array
    ngrams_hidden: Array
    ngrams_hidden_bias: Array
    ngrams_out: Array
    ngrams_bias: Array
    emotions: Array
    emotions_bias: Array
    vectors: NDArray[np.int8]
    vectors_scale: Array
    terms: NDArray[np.int32]
    terms_idf: Array
    terms_out: NDArray[np.int8]
    terms_scale: Array
    meaning_out: Array
    pooled_out: Array
    literature_bias: Array
    register: Array
    register_terms: Array
    register_bias: Array


@dataclass(frozen=True)
class Calibration:
    """What turns logits into verdicts; see `training.mood.ko.calibration`.

    Attributes:
        review: slopes of the network's and of the n-grams' logit, and an offset.
        literature: slope, and offsets of verse and of prose, to the logit of a pleasant line.
        intensity: the shares of the strongest emotion that are heard as 0 and as 1.
        neutral: a valence nearer to 0 than this is no verdict.
        groups: which of `EMOTIONS` each of the 44 emotions belongs to, null for none.
    """

    review: tuple[float, float, float]
    literature: tuple[float, float, float]
    intensity: tuple[float, float]
    neutral: float
    groups: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a sentence says by itself.

    Attributes:
        sentence: which.
        review: valence, if it is a review.
        comment: the share of people that would choose each of `EMOTIONS`, if it is one.
        register: the logits that it is one, and that it is prose, (2,).
        literature: the outputs, without its neighbours, (o,).
        neighbours: what it adds to theirs, (o,).
    """

    sentence: Sentence
    review: float
    comment: Array
    register: Array
    literature: Array
    neighbours: Array


@dataclass(frozen=True)
class KoModel:
    """The trained model."""

    name: ClassVar[str] = "ko"
    language: ClassVar[str] = "ko"

    pieces: Pieces
    weights: Weights
    calibration: Calibration
    _groups: Array = field(init=False, repr=False)  # (44, emotions), 1 where one belongs
    _places: NDArray[np.int32] = field(init=False, repr=False)  # of each n-gram in the terms
    _meaningful: list[bool] = field(init=False, repr=False)  # pieces that have a vector

    def __post_init__(self) -> None:
        groups = [[group == name for name in EMOTIONS] for group in self.calibration.groups]
        object.__setattr__(self, "_groups", np.array(groups, np.float32))
        places = np.full(1 << HASH_BITS, -1, np.int32)
        places[self.weights.terms] = np.arange(len(self.weights.terms), dtype=np.int32)
        object.__setattr__(self, "_places", places)
        object.__setattr__(self, "_meaningful", self.weights.vectors.any(axis=1).tolist())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder: `config.json`, `pieces.tsv` and `weights.npz`.

        Raises:
            SonifyError: something there is missing or isn't what it should be.
        """
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            calibration = Calibration(**config)
            pieces = Pieces.parse((folder / PIECES).read_text(encoding="utf-8").split("\n"))
            with np.load(folder / WEIGHTS, allow_pickle=False) as file:
                weights = Weights(**{f.name: _single(file[f.name]) for f in fields(Weights)})
            if len(weights.embedding) != len(pieces.rows):
                raise ValueError("pieces and embedding don't fit")
        except OSError as error:
            raise SonifyError(f"can't read the mood model {folder}: {error.strerror}") from error
        except (ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise SonifyError(f"the mood model {folder} is damaged; reinstall sonify") from error
        return cls(pieces, weights, calibration)

    def hear(self, sentences: Iterable[Sentence], *, context: bool = True) -> Iterator[Mood]:
        """See `MoodModel.hear`; reads `CONTEXT` sentences ahead, or none without context."""
        reach = CONTEXT if context else 0
        before: deque[_Heard] = deque(maxlen=reach)
        coming: deque[_Heard] = deque()

        def mood() -> Mood:
            heard = coming.popleft()
            chapter = heard.sentence.chapter.index
            outputs, register, weight = heard.literature, heard.register, 1.0
            for neighbours in (reversed(before), coming):
                for nearness, other in zip(NEARNESS, neighbours, strict=False):
                    if other.sentence.chapter.index == chapter:
                        outputs = outputs + nearness * other.neighbours
                        register = register + nearness * other.register
                        weight += nearness
            before.append(heard)
            return self._mood(heard, outputs, register / weight)

        for sentence in sentences:
            coming.append(self._hear(sentence))
            if len(coming) > reach:
                yield mood()
        while coming:
            yield mood()

    def _hear(self, sentence: Sentence) -> _Heard:
        w = self.weights
        text = normalize(sentence.text)
        rows = self.pieces.encode(text)[:LONGEST] or [0]
        found = ngrams(text[:LONGEST_TEXT])
        pooled = self.pool(rows)

        hidden = np.maximum(pooled @ w.review_hidden + w.review_hidden_bias, 0)
        network, characters, offset = self.calibration.review
        logit = network * float(hidden @ w.review + w.review_bias) + offset
        logit += characters * self.review_ngrams(found)
        comment = _sigmoid(hidden @ w.emotions + w.emotions_bias) @ self._groups
        terms, tf_idf = self.terms(found)
        register = pooled @ w.register + tf_idf @ w.register_terms[terms] + w.register_bias
        outputs = tf_idf @ w.terms_out[terms] * w.terms_scale + self._meaning(rows) @ w.meaning_out
        outputs += pooled @ w.pooled_out + w.literature_bias
        literature, neighbours = outputs.reshape(2, OUTPUTS)
        valence = float(np.tanh(logit / 2))  # 2p - 1
        return _Heard(sentence, valence, comment, register, literature, neighbours)

    def pool(self, rows: list[int]) -> Array:
        """The vector of a sentence, (2d,).

        Args:
            rows: of its pieces, one or more.
        """
        w = self.weights
        x = w.embedding[rows] * w.embedding_scale[rows]  # (pieces, d)
        x = _layer_norm(x, w.embedding_norm)
        length, d = x.shape
        for block, dilation in enumerate(DILATIONS):
            padded = np.zeros((length + 2 * dilation, d), np.float32)
            padded[dilation:-dilation] = x
            windows = np.concatenate([padded[:length], x, padded[2 * dilation :]], axis=1)
            gated = windows @ w.convolution[block] + w.convolution_bias[block]  # (pieces, 2d)
            x = _layer_norm(x + gated[:, :d] * _sigmoid(gated[:, d:]), w.convolution_norm[block])
        scores = x @ w.attention + w.attention_bias  # (pieces, HEADS)
        scores = np.exp(scores - scores.max(axis=0))
        scores /= scores.sum(axis=0)
        values = (x @ w.value + w.value_bias).reshape(length, HEADS, -1)
        attended: Array = np.einsum("lh,lhv->hv", scores, values).reshape(-1)  # (d,)
        return np.concatenate([attended, x.max(axis=0)])

    def review_ngrams(self, found: NDArray[np.int64]) -> float:
        """The logit that a reviewer who writes this rates 9 or 10, of the n-grams alone."""
        w = self.weights
        total = w.ngrams[found].sum(axis=0, dtype=np.float32) * w.ngrams_scale
        total /= max(1, len(found)) ** 0.5
        hidden = np.maximum(total @ w.ngrams_hidden + w.ngrams_hidden_bias, 0)
        return float(np.concatenate([total, hidden]) @ w.ngrams_out + w.ngrams_bias)

    def terms(self, found: NDArray[np.int64]) -> tuple[NDArray[np.int32], Array]:
        """Which of `Weights.terms` are among some n-grams, and their tf-idf, of length 1."""
        places = self._places[found]
        places, counts = np.unique(places[places >= 0], return_counts=True)
        tf_idf = (1 + np.log(counts.astype(np.float32))) * self.weights.terms_idf[places]
        tf_idf /= max(float(tf_idf @ tf_idf), 1e-9) ** 0.5
        return places, tf_idf

    def _meaning(self, rows: list[int]) -> Array:
        """The mean, highest and lowest of the pieces' vectors, (3m,); 0 where none has one."""
        vectors = self.weights.vectors[[row for row in rows if self._meaningful[row]]]
        if not len(vectors):
            return np.zeros(3 * vectors.shape[1], np.float32)
        extremes = [vectors.mean(axis=0), vectors.max(axis=0), vectors.min(axis=0)]
        meaning: Array = np.concatenate(extremes).astype(np.float32) * self.weights.vectors_scale
        return meaning

    def _mood(self, heard: _Heard, outputs: Array, logits: Array) -> Mood:
        slope, verse, prose = self.calibration.literature
        low, high = self.calibration.intensity
        review = heard.review
        register, of_prose = _sigmoid(logits).tolist()
        offset = of_prose * prose + (1 - of_prose) * verse
        literature = float(np.tanh((slope * float(outputs[0]) + offset) / 2))  # 2p - 1
        strongest = min(max((float(outputs[-1]) - low) / (high - low), 0.0), 1.0)
        valence = register * review + (1 - register) * literature
        intensity = register * abs(review) + (1 - register) * strongest
        felt = outputs[1:-1] * (1 + _TONE * np.float32(literature))
        shares = register * _shares(heard.comment) + (1 - register) * _shares(felt)
        emotions = dict(zip(EMOTIONS, shares.tolist(), strict=True))
        return Mood(heard.sentence, valence, self._polarity(valence), intensity, emotions)

    def _polarity(self, valence: float) -> Polarity:
        if abs(valence) <= self.calibration.neutral:
            return "neutral"
        return "positive" if valence > 0 else "negative"


def ngrams(text: str) -> NDArray[np.int64]:
    """The rows of a text's character n-grams, 1 to `ORDERS` long; spaces count, alone they don't.

    A polynomial over code points modulo 2^64, of which a multiplication keeps the best-mixed bits.
    """
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = codes.astype(np.uint64)
    value = codes * _FIRST
    rows = [_mix(value)[codes != _SPACE]]
    for order in range(2, min(ORDERS, len(codes)) + 1):
        value = value[:-1] * _FIRST + codes[order - 1 :] * _NEXT
        rows.append(_mix(value))
    return np.concatenate(rows)


def _mix(value: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (((value ^ (value >> _HALF)) * _MIX) >> _TOP).astype(np.int64)


_FIRST = np.uint64(0x9E3779B97F4A7C15)
_NEXT = np.uint64(0xC2B2AE3D27D4EB4F)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(31)
_TOP = np.uint64(64 - HASH_BITS)
_SPACE = np.uint64(32)


_TONE = np.array([0.8, 0.8, 0.8, 0.8, -0.8, -0.8, -0.8, 0], np.float32)
"""How much valence raises or lowers each of `EMOTIONS`: ridge regression holds all of them near
their means, and a line with one clear feeling is told so by its valence first."""


def _layer_norm(x: Array, gain_and_bias: Array) -> Array:
    x = x - x.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
    x /= np.sqrt(variance + np.float32(1e-5))[:, None]
    normed: Array = x * gain_and_bias[0] + gain_and_bias[1]
    return normed


def _sigmoid(x: Array) -> Array:
    half = np.float32(0.5)
    y: Array = half + half * np.tanh(half * x)  # nothing overflows
    return y


def _shares(weights: Array) -> Array:
    """The same, none below 0.01, summing to 1."""
    weights = np.maximum(weights, np.float32(0.01))
    shares: Array = weights / weights.sum()
    return shares


def _single(array: NDArray[Any]) -> NDArray[Any]:
    """Single precision for what was kept in half; whole numbers stay what they are."""
    return array.astype(np.float32) if array.dtype == np.float16 else array
