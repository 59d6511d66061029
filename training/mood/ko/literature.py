"""What readers feel at a line: ridge regression in closed form, taught by a heavier one.

A line has several views: its character n-grams (tf-idf), the mean, highest and lowest of its
pieces' vectors in each dimension, what the network pooled. Each counts twice, of the line itself
and of the lines around it, weaker with distance. 4,600 lines are few: a network trained on them
from the same beginnings stayed behind (0.56 against 0.61 Spearman on held-out poems).

The teacher also sees what is too slow to ship: Kiwi's morphemes themselves, and the mean of what
multilingual-e5-small makes of the line. It labels sentences of the novels, from which, together
with the poems, the student learns. (Taught KOTE's and KPoEM's emotions itself, in windows of
lines, E5 heard less by itself, 0.53 Spearman on held-out poems, than the ridge regression on it.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from sonify.mood.ko import HASH_BITS, NEARNESS, ngrams

Array = NDArray[np.float64]

RIDGE = 1.0
AROUND = 0.5
"""Weight of what stands around a line."""


@dataclass(frozen=True)
class View:
    """A kind of features of lines, scaled so that views can be added.

    Attributes:
        features: (lines, any number), sparse or dense.
        weight: in the sum of kernels.
    """

    features: Array | sparse.csr_matrix
    weight: float

    def kernel(self) -> Array:
        """Products of all pairs of lines."""
        product = self.features @ self.features.T
        if sparse.issparse(product):
            product = product.toarray()
        return np.float32(self.weight) * np.asarray(product, np.float32)


def count_ngrams(texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each hashed n-gram stands in each normalized text, (texts, 2 ** HASH_BITS)."""
    rows = [ngrams(text) for text in texts]
    ends = np.cumsum([0, *map(len, rows)])
    table = sparse.csr_matrix(
        (np.ones(ends[-1]), np.concatenate(rows).astype(np.int64), ends),
        shape=(len(texts), 1 << HASH_BITS),
    )
    table.sum_duplicates()
    return table


def inverse_frequency(counts: sparse.csr_matrix) -> Array:
    """Of each n-gram, smoothed; 0 for one that stands in fewer than two texts."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.where(frequency > 1, np.log((1 + counts.shape[0]) / (1 + frequency)) + 1, 0)


def tf_idf(counts: sparse.csr_matrix, inverse: Array) -> sparse.csr_matrix:
    """Logarithmic counts times inverse frequency, of length 1 each text."""
    table = counts.copy()
    table.data = (1 + np.log(table.data)) * inverse[table.indices]
    table.eliminate_zeros()
    norm = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return sparse.diags(1 / np.maximum(norm, 1e-9)) @ table


def extremes(vectors: Sequence[NDArray[np.float32]]) -> Array:
    """The mean, highest and lowest of each text's vectors, 0 where it has none."""
    return np.array([
        np.concatenate([some.mean(0), some.max(0), some.min(0)]) if len(some) else
        np.zeros(3 * some.shape[1])
        for some in vectors
    ])  # fmt: skip


def around(owner: Sequence[object]) -> sparse.csr_matrix:
    """How near each line is to each other one of the same text, (lines, lines)."""
    owner = np.unique([str(o) for o in owner], return_inverse=True)[1]
    size = len(owner)
    offsets = range(1, len(NEARNESS) + 1)
    after = [n * (owner[:-k] == owner[k:]) for n, k in zip(NEARNESS, offsets, strict=True)]
    near = sparse.diags([*after, *after], [*offsets, *(-k for k in offsets)], (size, size))
    return near.tocsr().astype(np.float32)


@dataclass(frozen=True)
class Ridge:
    """What was learned: one number a learned line and output.

    Attributes:
        dual: (lines, outputs).
        mean: of the targets, (outputs,).
        near: of `around`, over the learned lines.
    """

    dual: Array
    mean: Array
    near: sparse.csr_matrix

    def weights(self, view: View) -> tuple[Array, Array]:
        """For the line itself and for those around it, both (features, outputs)."""
        own = view.weight * (view.features.T @ self.dual)
        beside = AROUND * view.weight * (view.features.T @ (self.near.T @ self.dual))
        return np.asarray(own), np.asarray(beside)


def with_context(kernel: Array, near: sparse.csr_matrix) -> Array:
    """The kernel of lines with what stands around them."""
    around_both = near @ (near @ kernel).T
    return kernel + np.float32(AROUND) * np.asarray(around_both)


def fit(kernel: Array, targets: Array, near: sparse.csr_matrix) -> Ridge:
    """Kernel ridge regression.

    Args:
        kernel: of the learned lines, with context.
        targets: (lines, outputs).
        near: of `around`.
    """
    mean = targets.mean(axis=0)
    regular = kernel.copy()
    regular[np.diag_indices_from(regular)] += RIDGE
    apart = (targets - mean).astype(kernel.dtype)
    dual = linalg.solve(regular, apart, assume_a="pos", overwrite_a=True)
    return Ridge(dual, mean, near)


@dataclass(frozen=True)
class Standard:
    """Brings each feature to mean 0 and the same variance, all features together to 1.

    Attributes:
        mean: (features,).
        scale: what the difference from the mean is divided by, (features,).
    """

    mean: Array
    scale: Array

    @classmethod
    def of(cls, features: Array) -> "Standard":
        """As these lines have them."""
        scale = (features.std(axis=0) + 1e-6) * np.sqrt(features.shape[1])
        return cls(features.mean(axis=0), scale)

    def __call__(self, features: Array) -> Array:
        """The features of some lines, brought to this standard."""
        return ((features - self.mean) / self.scale).astype(np.float32)


@dataclass(frozen=True)
class Lines:
    """Lines of poems, labelled, then sentences of novels, which the teacher labels.

    Attributes:
        texts: normalized.
        owner: the poem or novel that each is from.
        targets: of the poems' lines, (poems' lines, outputs): valence, the share of each of
            `EMOTIONS` among what was felt, the share of the strongest emotion.
        meaning: of `extremes` of the pieces' vectors.
        pooled: by the network.
        morphemes: of `extremes` of Kiwi's similarities; the teacher's.
        e5: the teacher's.
    """

    texts: Sequence[str]
    owner: Sequence[str]
    targets: Array
    meaning: Array
    pooled: Array
    morphemes: Array
    e5: Array


@dataclass(frozen=True)
class Literature:
    """The student as it ships, in single numbers; o outputs.

    Attributes:
        terms: the rows of the n-grams it knows.
        idf: of them.
        terms_out: (terms, 2o): for the line itself, then for its neighbours.
        meaning_out: (features, 2o).
        pooled_out: (features, 2o).
        bias: (2o,).
    """

    terms: NDArray[np.int32]
    idf: Array
    terms_out: Array
    meaning_out: Array
    pooled_out: Array
    bias: Array


STUDENT = {"meaning": 0.2, "pooled": 0.2}
TEACHER = {"morphemes": 0.2, "pooled": 0.15, "e5": 0.2}
"""The views of each, with their weights; n-grams, beside them, weigh 1."""


class Kernel:
    """How alike lines are, seen in several views, and what its weights are made of."""

    def __init__(self, lines: Lines, weights: Mapping[str, float]) -> None:
        poems = len(lines.targets)
        self.near = around(lines.owner)
        counts = count_ngrams(lines.texts)
        self.inverse = inverse_frequency(counts)
        self.terms = View(tf_idf(counts, self.inverse).tocsr().astype(np.float32), 1.0)
        self.standards = {name: Standard.of(getattr(lines, name)[:poems]) for name in weights}
        self.views = {
            name: View(self.standards[name](getattr(lines, name)), weight)
            for name, weight in weights.items()
        }
        products = self.terms.kernel()
        for view in self.views.values():
            products += view.kernel()
        self.products = with_context(products, self.near)

    def heard(self, which: NDArray[np.intp], learned: NDArray[np.intp], targets: Array) -> Array:
        """What is heard in some lines by one who learned from others, (lines, outputs).

        Args:
            which: are heard.
            learned: were learned from.
            targets: of these.
        """
        fitted = fit(self.products[np.ix_(learned, learned)], targets, self.near)
        return self.products[np.ix_(which, learned)] @ fitted.dual + fitted.mean

    def learn(self, targets: Array) -> Literature:
        """From all lines, in weights of features instead of numbers of lines."""
        ridge = fit(self.products, targets, self.near)
        bias = np.concatenate([ridge.mean, np.zeros_like(ridge.mean)])
        folded = {}
        for name, standard in self.standards.items():
            weights = np.hstack(ridge.weights(self.views[name]))
            folded[name] = weights / standard.scale[:, None]  # the standards are folded into them
            bias = bias - standard.mean @ folded[name]
        known = np.flatnonzero(self.inverse > 0).astype(np.int32)
        out = np.hstack(ridge.weights(self.terms))[known]
        return Literature(
            known, self.inverse[known], out, folded["meaning"], folded["pooled"], bias
        )


@dataclass(frozen=True)
class School:
    """The teacher, who labels the novels, and the student, who learns from poems and novels."""

    lines: Lines
    teacher: Kernel
    student: Kernel

    @classmethod
    def of(cls, lines: Lines) -> Self:
        """For these lines."""
        return cls(lines, Kernel(lines, TEACHER), Kernel(lines, STUDENT))

    def held_out(self, which: NDArray[np.bool_]) -> Array:
        """What the student hears in some of the poems' lines, from which neither learned."""
        learned, targets = self._lesson(np.flatnonzero(~which))
        return self.student.heard(np.flatnonzero(which), learned, targets)

    def learn(self) -> Literature:
        """The student, taught all there is."""
        return self.student.learn(self._lesson(np.arange(len(self.lines.targets)))[1])

    def _lesson(self, poems: NDArray[np.intp]) -> tuple[NDArray[np.intp], Array]:
        """Some lines of poems, then the novels' sentences, and the targets of all of these."""
        novels = np.arange(len(self.lines.targets), len(self.lines.texts))
        targets = self.lines.targets[poems]
        labels = self.teacher.heard(novels, poems, targets)
        return np.concatenate([poems, novels]), np.concatenate([targets, labels])


def terms_of(texts: Sequence[str], student: Literature) -> sparse.csr_matrix:
    """The tf-idf of the student's terms in normalized texts, (texts, terms)."""
    inverse = np.zeros(1 << HASH_BITS)
    inverse[student.terms] = student.idf
    return tf_idf(count_ngrams(texts), inverse).tocsr()[:, student.terms]


def heard(
    student: Literature, texts: Sequence[str], owner: Sequence[object], meaning: Array,
    pooled: Array,
) -> Array:  # fmt: skip
    """What the student hears in some lines, (lines, outputs). Args: as `Lines` has them."""
    outputs = (
        terms_of(texts, student) @ student.terms_out
        + meaning @ student.meaning_out
        + pooled @ student.pooled_out
        + student.bias
    )
    own, beside = np.hsplit(outputs, 2)
    return own + around(owner) @ beside
