"""`ko`: hears Korean, reviews and literature alike, in NumPy.

Two things are heard in a sentence, how its writer rates something and what its readers feel, and
which of the two it is about, a review or literature, decides how they are mixed.

- A network: pieces → a gated convolution → layers that remember along the text → pooled by
  attention and by maximum into one vector. From it come the review's verdict, the emotions of a
  comment, and which kind of text it is.
- Hashed character n-grams (as in fastText) have a say in the review's verdict: they read what
  no vocabulary lists.
- Literature's verdict is linear in n-grams, pieces and the network's vector, of the sentence and of
  the three before and after it. Lines with human verdicts are few; more parameters would learn them
  by heart.

`training/mood/ko` says how all of it was learned.
"""

import json
import os
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor

from sonify.errors import SonifyError
from sonify.mood.batches import in_batches
from sonify.mood.mood import EMOTIONS, Mood, Polarity
from sonify.mood.spelling import normalize
from sonify.reading.book import Sentence

CONFIG, PIECES, WEIGHTS = "config.json", "pieces.model", "weights.npz"

NEARNESS = (0.5, 0.4, 0.3)
"""How much the next sentence, before or after, counts for a sentence; the second; the third."""
CONTEXT = len(NEARNESS)
KEPT = 0.9
"""How much of what the sentences before said of a text's kind counts for the next one."""
BATCH = 64
"""Sentences heard at once, by one thread."""
AHEAD = os.cpu_count() or 1
"""Batches that other threads hear while one is waited for."""
LONGEST = 96
"""Pieces; the rest of a longer sentence is not heard."""
LONGEST_TEXT = 400
"""Characters of which the n-grams are heard."""
OUTPUTS = len(EMOTIONS) + 2
"""Of literature: valence, a share for each emotion, the share of the strongest."""
RECURRENT = 4
"""Layers that remember along the text."""
HEADS = 4
"""Of the attention that pools."""
ORDERS = 5
"""Characters of the longest n-gram."""
HASH_BITS = 20
COMMON = 8192
"""Pieces, the most frequent ones, of which the convolution is kept."""

_DAMAGES = (
    RuntimeError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a damaged file raises; SentencePiece the first."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """Names as in `weights.npz`; p pieces, d dimensions, e = 44 emotions.

    Attributes:
        embedding: of the pieces, in whole numbers, (p, d); times `embedding_scale`, (p, 1).
        embedding_norm: gain and bias, (2, d).
        convolution: three pieces wide, (3d, 2d); the second half of its outputs gates the first.
        convolution_bias: (2d,).
        convolution_norm: gain and bias, (2, d).
        recurrent: new, kept and heard, each (d,): (layers, d, 3d).
        recurrent_bias: (layers, 3d).
        recurrent_norm: gain and bias, (layers, 2, d).
        attention: (d, HEADS). attention_bias: (HEADS,).
        value: (d, d). value_bias: (d,).
        review_hidden: (2d, h). review_hidden_bias: (h,). review: (h,). review_bias: ().
        ngrams: in whole numbers, (2 ** HASH_BITS, n); times `ngrams_scale`, ().
        ngrams_hidden: (n, m). ngrams_hidden_bias: (m,). ngrams_out: (n + m,). ngrams_bias: ().
        emotions: from the review's hidden layer to the emotions of a comment, (h, 44).
            emotions_bias: (44,).
        vectors: what a piece means, how pleasant that is and what it makes felt, in whole numbers,
            (p, m); times `vectors_scale`, ().
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
    recurrent: Array
    recurrent_bias: Array
    recurrent_norm: Array
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
        prior: what is added to the logits that a text is a review, and that literature is prose,
            once for all of its sentences.
        verse: slope and offset to the logit of a pleasant line.
        prose: slope and offset to that of a pleasant sentence.
        intensity: the shares of the strongest emotion that are heard as 0 and as 1.
        neutral: a valence nearer to 0 than this is no verdict.
        groups: which of `EMOTIONS` each of the 44 emotions belongs to, null for none.
    """

    review: tuple[float, float, float]
    prior: tuple[float, float]
    verse: tuple[float, float]
    prose: tuple[float, float]
    intensity: tuple[float, float]
    neutral: float
    groups: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Heard:
    """What each of n sentences says by itself.

    Attributes:
        sentences: which.
        review: the logit that a reviewer rates 9 or 10, if it is a review, (n,).
        comment: the share of people that would choose each of `EMOTIONS`, if it is one, (n, 8).
        own: literature's outputs, without those of its neighbours; then the logits that it is a
            review, and that it is prose, (n, o + 2).
        beside: what it adds to its neighbours' `own`, (n, o + 2).
        before: what the sentences of its chapter before it say of the last two, (n, 2).
    """

    sentences: list[Sentence]
    review: Array
    comment: Array
    own: Array
    beside: Array
    before: Array

    def __add__(self, other: "_Heard") -> "_Heard":
        return _Heard(
            self.sentences + other.sentences,
            *(np.concatenate([getattr(self, name), getattr(other, name)]) for name in _ARRAYS),
        )

    def __getitem__(self, which: slice) -> "_Heard":
        return _Heard(self.sentences[which], *(getattr(self, name)[which] for name in _ARRAYS))


_ARRAYS = tuple(f.name for f in fields(_Heard) if f.type is Array)


@dataclass(frozen=True)
class KoModel:
    """The trained model."""

    name: ClassVar[str] = "ko"
    language: ClassVar[str] = "ko"

    pieces: SentencePieceProcessor
    weights: Weights
    calibration: Calibration
    _groups: Array = field(init=False, repr=False)  # (44, emotions), 1 where one belongs
    _recurrent: list["_Exact"] = field(init=False, repr=False)
    _pooling: "_Exact" = field(init=False, repr=False)  # value and attention, (d, d + HEADS)
    _places: NDArray[np.int32] = field(init=False, repr=False)  # of each n-gram in the terms
    _convolved: Array = field(init=False, repr=False)  # (COMMON + 1, 3, 2d), see `_convolve`
    _met: NDArray[np.bool_] = field(init=False, repr=False)  # pieces of which that is known
    _meaningful: NDArray[np.bool_] = field(init=False, repr=False)  # pieces that have a vector

    def __post_init__(self) -> None:
        w = self.weights
        groups = [[group == name for name in EMOTIONS] for group in self.calibration.groups]
        object.__setattr__(self, "_groups", np.array(groups, np.float32))
        *recurrent, pooling = (
            _Exact.after_layer_norm(*layer)
            for layer in zip(
                [w.convolution_norm, *w.recurrent_norm],
                [*w.recurrent, np.concatenate([w.value, w.attention], axis=1)],
                strict=True,
            )
        )
        object.__setattr__(self, "_recurrent", recurrent)
        object.__setattr__(self, "_pooling", pooling)
        places = np.full(1 << HASH_BITS, -1, np.int32)
        places[w.terms] = np.arange(len(w.terms), dtype=np.int32)
        object.__setattr__(self, "_places", places)
        pieces, d = w.embedding.shape
        common = min(COMMON, pieces)
        # Filled, not only promised: what hears for months isn't to grow by it.
        object.__setattr__(self, "_convolved", np.full((common + 1, 3, 2 * d), 0, np.float32))
        object.__setattr__(self, "_met", np.zeros(common + 1, np.bool_))
        object.__setattr__(self, "_meaningful", w.vectors.any(axis=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder: `config.json`, `pieces.model` and `weights.npz`.

        Raises:
            SonifyError: something there is missing or isn't what it should be.
        """
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            calibration = Calibration(**config)
            pieces = SentencePieceProcessor(model_proto=(folder / PIECES).read_bytes())
            with np.load(folder / WEIGHTS, allow_pickle=False) as file:
                weights = Weights(**{f.name: _single(file[f.name]) for f in fields(Weights)})
            if len(weights.embedding) != pieces.vocab_size():
                raise ValueError("pieces and embedding don't fit")
        except OSError as error:
            raise SonifyError(f"can't read the mood model {folder}: {error.strerror}") from error
        except _DAMAGES as error:
            raise SonifyError(f"the mood model {folder} is damaged; reinstall sonify") from error
        return cls(pieces, weights, calibration)

    def hear(
        self, sentences: Iterable[Sentence], *, context: bool = True, live: bool = False
    ) -> Iterator[Mood]:
        """See `MoodModel.hear`; with context, a mood waits for the `CONTEXT` sentences after it."""
        reach = CONTEXT if context else 0
        heard: _Heard | None = None
        given = 0  # of those in `heard`
        said = np.zeros(2, np.float32)  # of the kind of text, by all that was heard of the chapter
        chapter = -1
        for new in self._hear_ahead(sentences, live):
            for place, sentence in enumerate(new.sentences if context else ()):
                if sentence.chapter.index != chapter:
                    chapter, said = sentence.chapter.index, np.zeros(2, np.float32)
                new.before[place] = said
                said = np.float32(KEPT) * (said + new.own[place, OUTPUTS:])
            heard = heard + new if heard else new
            settled = max(given, len(heard.sentences) - reach)
            yield from self._moods(heard, given, settled, reach)
            kept = max(0, settled - reach)
            heard, given = heard[kept:], settled - kept
        if heard:
            yield from self._moods(heard, given, len(heard.sentences), reach)

    def _hear_ahead(self, sentences: Iterable[Sentence], live: bool) -> Iterator[_Heard]:
        """Hears batches, `AHEAD` more while one is waited for; live sentences one by one."""
        ahead = 0 if live else AHEAD
        with ThreadPoolExecutor(max(1, ahead)) as threads:
            coming: deque[Future[_Heard]] = deque()
            for batch in in_batches(sentences, 1 if live else BATCH):
                coming.append(threads.submit(self._hear, batch))
                if len(coming) > ahead:
                    yield coming.popleft().result()
            for heard in coming:
                yield heard.result()

    def _hear(self, sentences: list[Sentence]) -> _Heard:
        """Hears sentences together; what it makes of one doesn't depend on the others, to the bit.

        So products of matrices are either exact or of one row alone: how BLAS sums up a row depends
        on how many rows there are, and on which of them it is.
        """
        w = self.weights
        texts = [normalize(sentence.text) for sentence in sentences]
        rows = [some[:LONGEST] or [0] for some in self.pieces.encode(texts, num_threads=1)]
        found, owners = ngrams_of([text[:LONGEST_TEXT] for text in texts])
        pooled = self.pool(rows)

        hidden = np.maximum(_times(pooled, w.review_hidden) + w.review_hidden_bias, 0)
        network, characters, offset = self.calibration.review
        logit = network * (_times(hidden, w.review[:, None])[:, 0] + w.review_bias) + offset
        logit += characters * self.review_ngrams(found, owners)
        comment = _times(_sigmoid(_times(hidden, w.emotions) + w.emotions_bias), self._groups)
        outputs, register = self._terms(found, owners, len(texts))
        outputs += _times(self._meaning(rows), w.meaning_out)
        outputs += _times(pooled, w.pooled_out) + w.literature_bias
        register += _times(pooled, w.register) + w.register_bias
        own, beside = np.split(outputs, 2, axis=1)
        own, beside = (np.concatenate([part, register], axis=1) for part in (own, beside))
        before = np.zeros((len(texts), 2), np.float32)
        return _Heard(sentences, logit, comment, own, beside, before)

    def pool(self, sentences: Sequence[Sequence[int]]) -> Array:
        """The vector of each sentence, (sentences, 2d).

        Args:
            sentences: the rows of the pieces of each, one or more.
        """
        w = self.weights
        rows = np.concatenate(sentences)  # n pieces in all
        lengths = np.array([len(sentence) for sentence in sentences])
        ends = np.cumsum(lengths)
        starts = ends - lengths

        x = self._embedded(rows)  # (n, d)
        d = x.shape[1]
        gated = self._convolve(rows, starts, ends)  # (n, 2d)
        gated += w.convolution_bias
        x = _layer_norm(x + gated[:, :d] * _sigmoid(gated[:, d:]), w.convolution_norm)
        steps = _Steps.of(starts, lengths)
        for layer in range(RECURRENT):
            gates = self._recurrent[layer].times(x)
            gates += w.recurrent_bias[layer]
            x = _layer_norm(x + steps.remembered(gates), w.recurrent_norm[layer])
        product = self._pooling.times(x)  # (n, d + HEADS)
        scores = product[:, d:] + w.attention_bias
        scores = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), lengths, axis=0))
        scores /= np.repeat(np.add.reduceat(scores, starts), lengths, axis=0)
        values = (product[:, :d] + w.value_bias).reshape(len(x), HEADS, -1)
        values *= scores[:, :, None]
        attended = np.add.reduceat(values.reshape(-1, d), starts)  # (sentences, d)
        return np.concatenate([attended, np.maximum.reduceat(x, starts)], axis=1)

    def _embedded(self, rows: NDArray[np.int64]) -> Array:
        w = self.weights
        return _layer_norm(w.embedding[rows] * w.embedding_scale[rows], w.embedding_norm)

    def _convolve(
        self, rows: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> Array:
        """The convolution, (n, 2d): what becomes of common pieces is kept.

        Args:
            rows: of n pieces.
            starts: the place among them of each text's first one.
            ends: the place after its last one.
        """
        place, nowhere = np.arange(len(rows)), len(rows)
        before, after = place - 1, place + 1
        before[starts] = after[ends - 1] = nowhere
        none = len(self._met) - 1
        d = self.weights.embedding.shape[1]
        kernel = self.weights.convolution.reshape(3, d, 2 * d)
        common = np.append(np.minimum(rows, none), none)
        new = np.unique(common[~self._met[common]])
        new = new[new < none]
        if len(new):  # threads may do this at once: they write the same
            embedded = self._embedded(new)
            for side in range(3):
                self._convolved[new, side] = _times(embedded, kernel[side])
            self._met[new] = True
        gated: Array = self._convolved[common[before], 0]
        gated += self._convolved[common[:-1], 1]
        gated += self._convolved[common[after], 2]
        rare = np.append(rows >= none, False)
        if rare.any():
            embedded = self._embedded(rows[rare[:-1]])
            which = np.cumsum(rare) - 1  # of `embedded`
            for side, near in enumerate((before, place, after)):
                here = np.flatnonzero(rare[near])
                gated[here] += _times(embedded[which[near[here]]], kernel[side])
        return gated

    def review_ngrams(self, found: NDArray[np.int64], owners: NDArray[np.int16]) -> Array:
        """The logit that a reviewer who writes this rates 9 or 10, of the n-grams alone.

        Args:
            found: the n-grams of some texts, at least one of each.
            owners: as in `ngrams_of`.
        """
        w = self.weights
        _, starts, counts = np.unique(owners, return_index=True, return_counts=True)
        total = np.add.reduceat(w.ngrams[found], starts, dtype=np.int32) * w.ngrams_scale
        total /= np.sqrt(counts.astype(np.float32))[:, None]
        hidden = np.maximum(_times(total, w.ngrams_hidden) + w.ngrams_hidden_bias, 0)
        both = np.concatenate([total, hidden], axis=1)
        return _times(both, w.ngrams_out[:, None])[:, 0] + w.ngrams_bias

    def _terms(
        self, found: NDArray[np.int64], owners: NDArray[np.int16], texts: int
    ) -> tuple[Array, Array]:
        """What the n-grams among `Weights.terms` add to outputs and register; tf-idf, length 1."""
        w = self.weights
        places = self._places[found]
        listed = places >= 0
        keys = owners[listed] * np.int64(len(w.terms)) + places[listed]
        keys, counts = np.unique(keys, return_counts=True)
        owners, places = np.divmod(keys, len(w.terms))
        knowing, starts, terms = np.unique(owners, return_index=True, return_counts=True)
        tf_idf = (1 + np.log(counts.astype(np.float32))) * w.terms_idf[places]
        tf_idf /= np.sqrt(np.repeat(np.add.reduceat(tf_idf * tf_idf, starts), terms))
        outputs = np.zeros((texts, len(w.terms_scale)), np.float32)
        register = np.zeros((texts, 2), np.float32)
        for said, table in ((outputs, w.terms_out), (register, w.register_terms)):
            said[knowing] = np.add.reduceat(tf_idf[:, None] * table[places], starts)
        return outputs * w.terms_scale, register

    def _meaning(self, sentences: Sequence[Sequence[int]]) -> Array:
        """Mean, highest and lowest of the pieces' vectors, (sentences, 3m); 0 where none has one.

        Args:
            sentences: the rows of the pieces of each, one or more.
        """
        w = self.weights
        rows = np.concatenate(sentences)
        owners = np.repeat(np.arange(len(sentences)), [len(pieces) for pieces in sentences])
        meaningful = self._meaningful[rows]
        vectors = w.vectors[rows[meaningful]]
        having, starts, counts = np.unique(
            owners[meaningful], return_index=True, return_counts=True
        )
        mean = np.add.reduceat(vectors, starts, dtype=np.int32) / counts[:, None]
        extremes = [np.maximum.reduceat(vectors, starts), np.minimum.reduceat(vectors, starts)]
        meaning = np.zeros((len(sentences), 3 * vectors.shape[1]), np.float32)
        meaning[having] = np.concatenate([mean, *extremes], axis=1) * w.vectors_scale
        return meaning

    def _moods(self, heard: _Heard, first: int, last: int, reach: int) -> Iterator[Mood]:
        """The moods of some of the sentences that were heard, coloured by their neighbours."""
        chapters = np.array([sentence.chapter.index for sentence in heard.sentences])
        total = heard.own[first:last].copy()
        total[:, OUTPUTS:] += heard.before[first:last]
        for distance, nearness in enumerate(NEARNESS[:reach], 1):
            for shift in (-distance, distance):
                near = np.arange(max(first, -shift), min(last, len(chapters) - shift))
                near = near[chapters[near] == chapters[near + shift]]
                columns = slice(None) if shift > 0 else slice(OUTPUTS)  # the rest is in `before`
                beside = heard.beside[near + shift, columns]
                total[near - first, columns] += np.float32(nearness) * beside

        low, high = self.calibration.intensity
        outputs = total[:, :OUTPUTS]
        kind = _sigmoid(total[:, OUTPUTS:] + np.array(self.calibration.prior, np.float32))
        register, of_prose = kind[:, 0], kind[:, 1]
        review = np.tanh(heard.review[first:last] / 2)  # 2p - 1
        logits = [
            slope * outputs[:, 0] + offset
            for slope, offset in (self.calibration.verse, self.calibration.prose)
        ]
        literature = np.tanh((logits[0] + of_prose * (logits[1] - logits[0])) / 2)
        strongest = np.clip((outputs[:, -1] - low) / (high - low), 0, 1)
        valences = register * review + (1 - register) * literature
        intensities = register * abs(review) + (1 - register) * strongest
        felt = outputs[:, 1:-1] * (1 + _TONE * literature[:, None])
        shares = register[:, None] * _shares(heard.comment[first:last])
        shares += (1 - register[:, None]) * _shares(felt)
        for sentence, valence, intensity, emotions in zip(
            heard.sentences[first:last],
            valences.tolist(),
            intensities.tolist(),
            shares.tolist(),
            strict=True,
        ):
            named = dict(zip(EMOTIONS, emotions, strict=True))
            yield Mood(sentence, valence, self._polarity(valence), intensity, named)

    def _polarity(self, valence: float) -> Polarity:
        if abs(valence) <= self.calibration.neutral:
            return "neutral"
        return "positive" if valence > 0 else "negative"


def ngrams(text: str) -> NDArray[np.int64]:
    """The rows of a text's character n-grams, 1 to `ORDERS` long; spaces count, alone they don't.

    A polynomial over code points modulo 2^64, of which a multiplication keeps the best-mixed bits.
    """
    return ngrams_of([text])[0]


def ngrams_of(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """The n-grams of each of some texts, and the place of the text that each belongs to, sorted."""
    spaced = [f" {text} " for text in texts]
    codes = np.frombuffer("".join(spaced).encode("utf-32-le"), np.uint32)
    codes = codes.astype(np.uint64)
    of = np.repeat(np.arange(len(texts), dtype=np.int16), [len(text) for text in spaced])
    value = codes * _FIRST
    solid = codes != _SPACE
    rows, owners = [_mix(value[solid])], [of[solid]]
    for order in range(2, min(ORDERS, len(codes)) + 1):
        value = value[:-1] * _FIRST + codes[order - 1 :] * _NEXT
        within = of[order - 1 :] == of[: 1 - order]
        rows.append(_mix(value[within]))
        owners.append(of[order - 1 :][within])
    owner = np.concatenate(owners)
    sort = np.argsort(owner, kind="stable")
    return np.concatenate(rows)[sort], owner[sort]


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


def _times(x: Array, matrix: Array) -> Array:
    """x @ matrix, (n, k) @ (k, m) -> (n, m), row by row."""
    product: Array = (x[:, None] @ matrix)[:, 0]
    return product


@dataclass(frozen=True, slots=True)
class _Exact:
    """A matrix whose product with others is the same to the bit, however BLAS sums it up.

    All factors are whole numbers, so few that no sum exceeds those that single precision knows each
    of.

    Attributes:
        whole: whole numbers, (k, m).
        scale: what to multiply the product of these with others by, (m,).
    """

    whole: Array
    scale: Array

    @classmethod
    def after_layer_norm(cls, gain_and_bias: Array, matrix: Array) -> Self:
        """A matrix, (k, m), that is to be multiplied with rows normalized so."""
        gain, bias = gain_and_bias
        longest = np.float32(np.sqrt(len(gain)) * abs(gain).max() + np.linalg.norm(bias))
        # No sum of products is larger than the product of two vectors' lengths (Cauchy, Schwarz).
        scale = np.linalg.norm(matrix, axis=0) * longest * _STEPS / _GREATEST
        return cls(np.rint(matrix / scale), scale / _STEPS)

    def times(self, x: Array) -> Array:
        """x @ matrix, (n, k) @ (k, m) -> (n, m), x in steps of 1 / `_STEPS`."""
        product: Array = np.rint(x * _STEPS) @ self.whole
        product *= self.scale
        return product


_STEPS = np.float32(256)
# Single precision knows each whole number up to 2^24; 1 % is for what rounding adds to factors.
_GREATEST = np.float32(0.99 * 2**24)


@dataclass(frozen=True, slots=True)
class _Steps:
    """How texts are gone through piece by piece, all at once, the longest first.

    The half of the channels that goes from first to last and the half that goes the other way are
    rows of their own, 2i and 2i + 1 of piece i.

    Attributes:
        order: the rows (2n,) of every text's first step, then of the second, …
        inverse: undoes it.
        sizes: how many texts have a first step, a second, …
    """

    order: NDArray[np.int64]
    inverse: NDArray[np.int64]
    sizes: list[int]

    @classmethod
    def of(cls, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Self:
        """For texts that begin at these places and have so many pieces."""
        longest_first = np.argsort(-lengths, kind="stable")
        starts, lengths = starts[longest_first], lengths[longest_first]
        step = np.arange(lengths[0])[:, None]
        there = step < lengths  # (steps, texts)
        forward, backward = (starts + step)[there], (starts + lengths - 1 - step)[there]
        order = np.stack([2 * forward, 2 * backward + 1], axis=1).ravel()
        inverse = np.empty_like(order)
        inverse[order] = np.arange(len(order))
        return cls(order, inverse, there.sum(axis=1).tolist())

    def remembered(self, gates: Array) -> Array:
        """What is remembered along each text, half of it from first to last, half the other way.

        A quasi-recurrent layer's fo-pooling: Bradbury et al. 2017.

        Args:
            gates: what is new, what is kept, what is heard of each piece, (n, 3d); is changed.

        Returns:
            (n, d)
        """
        d = gates.shape[1] // 3
        new, kept, heard = (gates[:, part : part + d] for part in range(0, 3 * d, d))
        np.tanh(new, out=new)
        _sigmoid(gates[:, d:], out=gates[:, d:])
        new *= 1 - kept
        kept, new = (x.reshape(-1, d // 2).take(self.order, 0).reshape(-1, d) for x in (kept, new))
        start, before = 0, new[:0]
        for size in self.sizes:  # `new` becomes what is remembered
            here = new[start : start + size]
            if start:
                here += kept[start : start + size] * before[:size]
            start, before = start + size, here
        remembered = new.reshape(-1, d // 2).take(self.inverse, 0).reshape(-1, d)
        remembered *= heard
        return remembered


def _layer_norm(x: Array, gain_and_bias: Array) -> Array:
    normed: Array = x - x.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", normed, normed) / normed.shape[1]
    normed /= np.sqrt(variance + np.float32(1e-5))[:, None]
    normed *= gain_and_bias[0]
    normed += gain_and_bias[1]
    return normed


def _sigmoid(x: Array, out: Array | None = None) -> Array:
    y: Array = np.negative(x, out=out)
    with np.errstate(over="ignore"):  # 1 / (1 + inf) is 0, as it should be
        np.exp(y, out=y)
    y += 1
    np.reciprocal(y, out=y)
    return y


def _shares(weights: Array) -> Array:
    """The same, (n, 8), none below 0.01, each row summing to 1."""
    weights = np.maximum(weights, np.float32(0.01))
    shares: Array = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _single(array: NDArray[Any]) -> NDArray[Any]:
    """Single precision for what was kept in half; whole numbers stay what they are."""
    return array.astype(np.float32) if array.dtype == np.float16 else array
