"""What readers feel at a line: ridge regression, taught by a heavier one.

A line has several views: its character n-grams (tf-idf); the mean, highest and lowest of its
pieces' vectors in each dimension: of what they mean, of their polarity (a sentiment lexicon, spread
to words that it doesn't list, is worth 0.04 of Spearman to the teacher, words that were judged 0.02
more), of what they make felt; what the network pooled. Each counts twice, of the line itself and of
the lines around it, weaker with distance. 4,600 lines are few: a network trained on them from the
same beginnings stayed behind (0.56 against 0.61 Spearman on held-out poems).

The teacher also sees what is too slow to ship: Kiwi's morphemes themselves, and the mean of what
multilingual-e5-small makes of the line. It isn't linear, which is worth 0.01 of Spearman. It labels
novels, broken into lines as long as the poems', and verse, which a large language model judged
besides (and wrote, verse): these, with both verdicts at once, and the poems, with their readers'
and the judged ones, are the lesson. First the network reads it, then the student learns it, who
sees by the network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from sonify.mood.ko import HASH_BITS, LONGEST_TEXT, NEARNESS, ngrams
from training.mood.ko.pieces import DIMENSIONS

Array = NDArray[np.float64]

RIDGE = 1.0
"""How much the student's weights are held back."""
TEACHERS_RIDGE = 0.3
AROUND = 0.5
"""Weight of what stands around a line."""
STEPS = 200
EXACT = 2e-3
"""The student's equations are solved in so many steps at most, or to this share of the targets."""
JUDGED = 0.5
"""How much what was judged of a line counts, beside what readers or the teacher say."""


def count_ngrams(texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each hashed n-gram stands in each normalized text, (texts, 2 ** HASH_BITS)."""
    rows = [ngrams(text[:LONGEST_TEXT]) for text in texts]
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
    """The mean, highest and lowest of each text's vectors, (texts, 3d), 0 where it has none."""
    return np.array([
        np.concatenate([some.mean(0), some.max(0), some.min(0)]) if len(some) else
        np.zeros(3 * some.shape[1])
        for some in vectors
    ])  # fmt: skip


def columns_of(features: Array, part: str) -> NDArray[np.intp]:
    """The columns, of `extremes`, of a part of the vectors: one of `PARTS`."""
    return np.arange(features.shape[1]).reshape(3, -1)[:, PARTS[part]].ravel()


def around(owner: Sequence[object]) -> sparse.csr_matrix:
    """How near each line is to each other one of the same text, (lines, lines)."""
    owner = np.unique([str(o) for o in owner], return_inverse=True)[1]
    size = len(owner)
    offsets = range(1, len(NEARNESS) + 1)
    after = [n * (owner[:-k] == owner[k:]) for n, k in zip(NEARNESS, offsets, strict=True)]
    near = sparse.diags([*after, *after], [*offsets, *(-k for k in offsets)], (size, size))
    return near.tocsr().astype(np.float32)


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
    """Lines of poems, labelled, then of novels and verse, which the teacher labels.

    Attributes:
        texts: normalized.
        owner: the poem or novel that each is from.
        judged: what a large language model judged, in terms of readers, (lines, outputs).
        targets: of the poems' lines, (poems' lines, outputs): valence, the share of each of
            `EMOTIONS` among what was felt, the share of the strongest emotion.
        meaning: `extremes` of the pieces' vectors.
        pooled: by the network.
        morphemes: `extremes` of the morphemes' vectors, likewise; the teacher's.
        e5: the teacher's.
    """

    texts: Sequence[str]
    owner: Sequence[str]
    targets: Array
    judged: Array
    meaning: Array
    pooled: Array
    morphemes: Array
    e5: Array

    def view(self, name: str) -> Array:
        """One of the arrays, or of `meaning` and `morphemes` a part: `polarity of meaning`."""
        part, _, whole = name.rpartition(" of ")
        array: Array = getattr(self, whole)
        return array[:, columns_of(array, part)] if part else array

    def standard(self, name: str) -> "Standard":
        """That of a view of the poems' lines."""
        return Standard.of(self.view(name)[: len(self.targets)])

    def dense(self, weights: Mapping[str, float]) -> NDArray[np.float32]:
        """Some views but the n-grams, side by side, scaled so that products can be added."""
        return np.hstack(
            [
                np.float32(np.sqrt(weight)) * self.standard(name)(self.view(name))
                for name, weight in weights.items()
            ]
        )


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


PARTS = {
    "sense": slice(DIMENSIONS),
    "polarity": slice(DIMENSIONS, DIMENSIONS + 2),
    "feeling": slice(DIMENSIONS + 2, None),
}
"""Of vectors of pieces and morphemes: what they mean, how pleasant it is, what it makes felt."""
STUDENT = {
    "sense of meaning": 0.2, "polarity of meaning": 0.2, "feeling of meaning": 0.1, "pooled": 0.2,
}  # fmt: skip
TEACHER = {
    "sense of morphemes": 0.2, "polarity of morphemes": 0.2, "feeling of morphemes": 0.1,
    "pooled": 0.02, "e5": 0.2,
}  # fmt: skip
"""The views of each, with their weights; n-grams, beside them, weigh 1."""


class Teacher:
    """Kernel ridge regression on how far lines, with what stands around them, are apart.

    The kernel is Gaussian; two lines of poems at the median distance are alike by 1 / e.
    """

    def __init__(self, lines: Lines) -> None:
        counts = count_ngrams(lines.texts)
        terms = tf_idf(counts, inverse_frequency(counts)).tocsr().astype(np.float32)
        near, weight = around(lines.owner), np.float32(np.sqrt(AROUND))
        dense = lines.dense(TEACHER)
        self.terms = sparse.hstack([terms, weight * (near @ terms)]).tocsr()
        self.dense = np.hstack([dense, weight * (near @ dense)])
        squares = np.asarray(self.terms.multiply(self.terms).sum(axis=1)).ravel()
        self.squares = squares + (self.dense**2).sum(axis=1)
        poems = np.arange(len(lines.targets))
        self.scale = float(np.median(self._apart(poems, poems)))

    def _apart(self, some: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.float32]:
        """Squared distances."""
        products = (self.terms[some] @ self.terms[others].T).toarray()
        products += self.dense[some] @ self.dense[others].T
        return self.squares[some, None] + self.squares[others] - 2 * products

    def heard(self, which: NDArray[np.intp], learned: NDArray[np.intp], targets: Array) -> Array:
        """What is heard in some lines by one who learned from others, (lines, outputs).

        Args:
            which: are heard.
            learned: were learned from.
            targets: of these.
        """
        kernel = np.exp(-self._apart(learned, learned) / self.scale)
        kernel[np.diag_indices_from(kernel)] += TEACHERS_RIDGE
        mean = targets.mean(axis=0)
        dual = linalg.solve(kernel, (targets - mean).astype(kernel.dtype), assume_a="pos")
        parts = np.array_split(which, len(which) // 4000 + 1)
        return mean + np.concatenate([
            np.exp(-self._apart(part, learned) / self.scale) @ dual for part in parts
        ])  # fmt: skip


def learn(lines: Lines, learned: NDArray[np.intp], targets: Array) -> Literature:
    """The student: linear ridge regression by conjugate gradients, of one number a line.

    Args:
        lines: all.
        learned: which of them are learned from.
        targets: of these, (learned, outputs).
    """
    counts = count_ngrams([lines.texts[place] for place in learned])
    inverse = inverse_frequency(counts)
    known = np.flatnonzero(inverse > 0).astype(np.int32)
    terms = tf_idf(counts, inverse).tocsr()[:, known].astype(np.float32)
    transposed, dense = terms.T.tocsr(), lines.dense(STUDENT)[learned]
    near = around([lines.owner[place] for place in learned])  # symmetric
    mean = targets.mean(axis=0)

    def weights(dual: Array) -> tuple[Array, Array]:
        """Of n-grams and of the other features: of the line itself, then of those around it."""
        both = np.hstack([dual, np.float32(AROUND) * (near @ dual)])
        return transposed @ both, dense.T @ both

    def product(dual: Array) -> Array:
        of_terms, of_dense = weights(dual)
        own, beside = np.hsplit(terms @ of_terms + dense @ of_dense, 2)
        return own + near @ beside + np.float32(RIDGE) * dual

    dual = solve(product, (targets - mean).astype(np.float32))
    out = np.vstack(weights(dual))
    bias = np.concatenate([mean, np.zeros_like(mean)])
    folded, start = {}, len(known)
    for name, weight in STUDENT.items():
        standard = lines.standard(name)
        part = out[start : start + len(standard.mean)] * np.sqrt(weight)
        start += len(standard.mean)
        folded[name] = part / standard.scale[:, None]  # the standards are folded into the weights
        bias = bias - standard.mean @ folded[name]
    meaning = np.zeros((lines.meaning.shape[1], out.shape[1]))
    for part in PARTS:
        meaning[columns_of(lines.meaning, part)] = folded[f"{part} of meaning"]
    return Literature(known, inverse[known], out[: len(known)], meaning, folded["pooled"], bias)


def solve(product: Callable[[Array], Array], targets: Array) -> Array:
    """x so that product(x) = targets, column by column, by conjugate gradients.

    Args:
        product: with a symmetric positive definite matrix, (n, columns) → (n, columns).
        targets: (n, columns).
    """
    x, rest = np.zeros_like(targets), targets.copy()
    towards, left = rest.copy(), (rest * rest).sum(axis=0)
    enough = EXACT**2 * left.sum()
    for _ in range(STEPS):
        if left.sum() <= enough:
            break
        image = product(towards)
        step = left / np.maximum((towards * image).sum(axis=0), 1e-30)
        x += step * towards
        rest -= step * image
        before, left = left, (rest * rest).sum(axis=0)
        towards = rest + left / np.maximum(before, 1e-30) * towards
    return x


@dataclass(frozen=True)
class School:
    """The teacher, who labels the novels, and the student, who learns from poems and novels."""

    lines: Lines
    teacher: Teacher

    @classmethod
    def of(cls, lines: Lines) -> Self:
        """For these lines."""
        return cls(lines, Teacher(lines))

    def held_out(self, which: NDArray[np.bool_]) -> Array:
        """What the student hears in some of the poems' lines, from which neither learned."""
        return heard_in(self.lines, np.flatnonzero(which), self.learn(np.flatnonzero(~which)))

    def learn(self, poems: NDArray[np.intp]) -> Literature:
        """The student, taught these lines of poems, and the novels as the teacher heard them."""
        return learn(self.lines, *self.lesson(poems))

    def lesson(self, poems: NDArray[np.intp]) -> tuple[NDArray[np.intp], Array]:
        """These lines of poems, then all others, and what is felt at all of these.

        In the poems by their readers, in the others by the teacher, who learned from these poems;
        in all by what was judged, too.
        """
        others = np.arange(len(self.lines.targets), len(self.lines.texts))
        targets = (1 - JUDGED) * self.lines.targets[poems] + JUDGED * self.lines.judged[poems]
        labels = self.teacher.heard(others, poems, targets)
        labels = (1 - JUDGED) * labels + JUDGED * self.lines.judged[others]
        return np.concatenate([poems, others]), np.concatenate([targets, labels])


def heard_in(lines: Lines, which: NDArray[np.intp], student: Literature) -> Array:
    """What the student hears in some of the lines, (which, outputs)."""
    return heard(
        student,
        [lines.texts[place] for place in which],
        [lines.owner[place] for place in which],
        lines.meaning[which],
        lines.pooled[which],
    )


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
