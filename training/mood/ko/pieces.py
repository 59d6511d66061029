"""The vocabulary of pieces, and what Kiwi's language model knows about each.

Kiwi (kiwipiepy, LGPL) cuts text at its morphemes. A unigram model learned from text so cut
(SentencePiece, `pretokenization_delimiter`) then finds much the same pieces without Kiwi. Kiwi's
contextual n-gram model also says how near two morphemes are; a piece's vector is what its
characters' morphemes are near to, so that 슬픔 begins beside 괴로움 before anything was trained. A
lexicon's words lend their polarity to the morphemes that they are near to, and these to pieces.
Behind that comes what a large language model judged that morphemes make felt.
"""

import io
import pickle
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import sentencepiece
from kiwipiepy import Kiwi
from numpy.typing import NDArray

from sonify.mood.spelling import normalize
from training.files import whole
from training.mood.judged import Judgement
from training.mood.ko.texts import Texts

VOCABULARY = 20_000
DIMENSIONS = 80
"""Of what a piece means. In its vector its polarity comes next, then the valence that was judged
and what it makes felt."""
MORPHEMES = 18_000
"""The commonest morphemes with a meaning of their own, compared with the anchors."""
ANCHORS = 140
TIMES = {"poems": 6, "novels": 4, "comments": 1, "reviews": 1}
"""How often each kind of text counts: the literary ones are small."""
MEANING = ("N", "V", "M", "X", "I")
"""First letters of the part-of-speech tags of such morphemes; but for pronouns and numerals."""
MEANINGLESS = ("NP", "NR", "XSN", "XSV", "XSA")
NEAR, NOISE = 0.15, 2.0
"""Of polarities: the scale of similarity, from 1 downwards; the variance of a lexicon's word."""
NOUNS = """
    슬픔 기쁨 분노 공포 사랑 희망 평화 놀람 절망 행복 외로움 그리움 불안 고통
    눈물 웃음 죽음 서러움 미움 증오 부끄러움 감사 존경 기대 후회 죄 원망 한숨
    설움 고독 꿈 빛 어둠 피 꽃 봄 밤 재미 짜증 최악 감동
"""
ADJECTIVES = """
    쓸쓸하 아름답 즐겁 괴롭 무섭 밉 좋 싫 슬프 기쁘 외롭 서럽 춥 따뜻하 어둡
    밝 지루하
"""
VERBS = "울 웃 죽 사랑하"
"""The first anchors, words of feeling; the others are drawn from the commonest morphemes."""

Morpheme = tuple[str, str, int, int]
"""Form, tag, first character, characters."""


def analyzed(texts: Texts, work: Path) -> dict[str, list[tuple[str, list[Morpheme]]]]:
    """Every text with its morphemes, by kind; kept in `work`."""
    kept = work / "morphemes.pickle"
    if not kept.exists():
        kiwi = Kiwi(model_type="cong", num_workers=1)
        found = {
            kind: [
                (text, [(t.form, t.tag.split("-")[0], t.start, t.len) for t in tokens])
                for text, tokens in zip(some, kiwi.tokenize(iter(some)), strict=True)
            ]
            for kind, some in texts.by_kind().items()
        }
        with whole(kept) as file:
            pickle.dump(found, file)
    return pickle.loads(kept.read_bytes())


def vocabulary(
    morphemes: dict[str, list[tuple[str, list[Morpheme]]]], work: Path
) -> sentencepiece.SentencePieceProcessor:
    """Learn the pieces; kept in `work`."""
    kept = work / "pieces.model"
    if not kept.exists():
        delimiter = "\u241f"
        marked = (
            normalize(_cut(text, found, delimiter))
            for kind, some in morphemes.items()
            for text, found in some
            for _ in range(TIMES[kind])
        )
        model = io.BytesIO()  # what is written to a file names the file
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=marked,
            model_writer=model,
            vocab_size=VOCABULARY,
            character_coverage=0.9998,
            normalization_rule_name="identity",
            pretokenization_delimiter=delimiter,
            max_sentencepiece_length=8,
            num_threads=1,
            pad_id=3,
            minloglevel=1,
        )
        with whole(kept) as file:
            file.write(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_file=str(kept))


def _cut(text: str, morphemes: Sequence[Morpheme], delimiter: str) -> str:
    """The text with a delimiter before every morpheme that begins a syllable of its own."""
    starts = sorted({start for *_, start, _ in morphemes if start and text[start - 1] != " "})
    inside = {
        place for *_, start, length in morphemes for place in range(start + 1, start + length)
    }
    whole = [start for start in starts if start not in inside]
    return delimiter.join(
        text[begin:end] for begin, end in zip([0, *whole], [*whole, len(text)], strict=True)
    )


def vectors(
    pieces: sentencepiece.SentencePieceProcessor,
    morphemes: dict[str, list[tuple[str, list[Morpheme]]]],
    known: dict[tuple[str, str], NDArray[np.float64]],
) -> NDArray[np.float32]:
    """What each piece means, its polarity and what it makes felt, shape (pieces, dimensions).

    Zero for pieces that are never part of a morpheme with a meaning of its own.

    Args:
        pieces: the vocabulary.
        morphemes: of `analyzed`.
        known: of `meanings`.
    """
    width = len(next(iter(known.values())))
    names = [pieces.id_to_piece(row) for row in range(pieces.vocab_size())]
    sums, counts = np.zeros((len(names), width)), np.zeros(len(names))
    for some in morphemes.values():
        for text, found in some:
            if normalize(text) != text:  # the places of its morphemes would be others
                continue
            meaning: list[NDArray[np.float64] | None] = [None] * len(text)
            for form, tag, start, length in found:
                for place in range(start, min(start + length, len(text))):
                    if meaning[place] is None:
                        meaning[place] = known.get((form, tag))
            place = -1  # before the space that every first piece begins with
            for row in pieces.encode(text):
                length = len(names[row]) if row else 1
                here = [m for m in meaning[max(place, 0) : place + length] if m is not None]
                counts[row] += 1
                if here:
                    sums[row] += np.mean(here, axis=0)
                place += length
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)


def meanings(
    morphemes: dict[str, list[tuple[str, list[Morpheme]]]],
    lexicon: Iterable[tuple[str, float]],
    judged: Mapping[tuple[str, str], Judgement],
    work: Path,
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """What common morphemes mean and make felt, (DIMENSIONS + 2 + emotions,) each; kept in `work`.

    The principal components of their similarities to the anchors, then their polarity, then the
    valence that was judged and how strongly each emotion is called up; all from polarity on with a
    deviation of 1, and 0 where it isn't known.

    Args:
        morphemes: of `analyzed`.
        lexicon: words and their polarities.
        judged: what morphemes make felt.
        work: see above.
    """
    kept = work / "meanings.pickle"
    if not kept.exists():
        found = similarities(morphemes)
        polarity = polarities(found, lexicon)
        deviation = np.std([*polarity.values()])
        found = {m: np.append(vector, polarity[m] / deviation) for m, vector in found.items()}
        felt = {name: np.array([word.valence, *word.felt]) for name, word in judged.items()}
        deviations = np.std([*felt.values()], axis=0)
        unknown, unjudged = np.zeros(DIMENSIONS + 1), np.zeros_like(deviations)
        found = {
            name: np.concatenate([found.get(name, unknown), felt.get(name, unjudged) / deviations])
            for name in sorted(found.keys() | felt.keys())
        }
        with whole(kept) as file:
            pickle.dump(found, file)
    return pickle.loads(kept.read_bytes())


def polarities(
    known: Collection[tuple[str, str]], lexicon: Iterable[tuple[str, float]]
) -> dict[tuple[str, str], float]:
    """How pleasant each morpheme is, by the lexicon's words that mean something like it.

    A Gaussian process over Kiwi's similarity (Rasmussen & Williams 2006, equation 2.23), from the
    words that are one of these morphemes; 0 far from all of them.
    """
    kiwi = Kiwi(model_type="cong")
    listed = defaultdict(list)
    for word, polarity in lexicon:
        names = [(token.form, token.tag.split("-")[0]) for token in kiwi.tokenize(word)]
        names = [name for name in names if _means(name[1])]
        if len(names) == 1 and names[0] in known:
            listed[names[0]].append(polarity)

    def kernel(name: tuple[str, str]) -> NDArray[np.float64]:
        similarity = [kiwi.morpheme_similarity(name, other) for other in listed]
        return np.exp((np.array(similarity) - 1) / NEAR)

    covariance = np.array([kernel(name) for name in listed])
    covariance = (covariance + covariance.T) / 2 + NOISE * np.eye(len(listed))
    weights = np.linalg.solve(covariance, [np.mean(some) for some in listed.values()])
    return {name: float(kernel(name) @ weights) for name in known}


def _means(tag: str) -> bool:
    """Whether a morpheme with this tag has a meaning of its own."""
    return tag.startswith(MEANING) and tag not in MEANINGLESS


def similarities(
    morphemes: dict[str, list[tuple[str, list[Morpheme]]]],
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Common morphemes' similarities to the anchors, as principal components, (DIMENSIONS,)."""
    kiwi = Kiwi(model_type="cong")
    counts: Counter[tuple[str, str]] = Counter()
    for kind, some in morphemes.items():
        for _, found in some:
            for form, tag, _, _ in found:
                if _means(tag):
                    counts[form, tag] += TIMES[kind]
    common = [morpheme for morpheme, _ in counts.most_common(MORPHEMES)]
    drawn = np.random.default_rng(0).permutation(2500)
    kinds = {"NNG": NOUNS, "VA": ADJECTIVES, "VV": VERBS}
    feelings = [(word, tag) for tag, words in kinds.items() for word in words.split()]
    anchors = [*feelings, *(common[place] for place in drawn)]

    def similarity(one: tuple[str, str], other: tuple[str, str]) -> float | None:
        try:
            return kiwi.morpheme_similarity(one, other)
        except (ValueError, KeyError):  # one that its model doesn't know
            return None

    anchors = [a for a in anchors if similarity(a, ("사람", "NNG")) is not None][:ANCHORS]
    rows = {m: [similarity(m, a) for a in anchors] for m in common}
    rows = {m: row for m, row in rows.items() if None not in row}
    table = np.array(list(rows.values()), float)
    u, s, _ = np.linalg.svd(table - table.mean(axis=0), full_matrices=False)
    components = u[:, :DIMENSIONS] * np.sqrt(s[:DIMENSIONS])
    return dict(zip(rows, components / components.std(), strict=True))


def meanings_of(
    texts: Sequence[str], known: dict[tuple[str, str], NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    """The vectors of each text's morphemes, (morphemes, dimensions) each."""
    kiwi = Kiwi(model_type="cong", num_workers=1)
    nothing = np.zeros((0, len(next(iter(known.values())))))
    found = []
    for tokens in kiwi.tokenize(iter(texts)):
        names = [(token.form, token.tag.split("-")[0]) for token in tokens]
        vectors = [known[name] for name in names if name in known]
        found.append(np.array(vectors) if vectors else nothing)
    return found
