import re
from collections import defaultdict

import numpy as np
import pytest

from sonify.mood.mood import EMOTIONS
from training.mood import data, judged
from training.mood.judged import Judgement

FEELINGS = len(EMOTIONS)
needs_data = pytest.mark.skipif(
    not (data.folder() / "kpoem" / "lines.jsonl").exists(),
    reason="the shared data isn't there (see SONIFY_DATA)",
)


def well_formed(judgement: Judgement) -> bool:
    return abs(judgement.valence) <= 1 and len(judgement.felt) == FEELINGS


def test_words_and_verse_are_judged():
    words = judged.words()
    assert len(words) > 15_000 and all(map(well_formed, words.values()))
    assert words["눈물", "NNG"].valence < 0 < words["행복", "NNG"].valence
    assert max(words["귀신", "NNG"].felt) == words["귀신", "NNG"].felt[EMOTIONS.index("fear")]
    verse = list(judged.verse())
    assert len(verse) > 6_000 and all(well_formed(judgement) for *_, judgement in verse)
    numbers = [number for number, *_ in verse]
    assert numbers == sorted(numbers)


def test_reviews_are_judged_from_0_to_9():
    guesses = judged.reviews()
    assert len(guesses) > 80_000 and set(guesses.values()) == set(range(10))


def test_features_tell_pleasant_from_unpleasant():
    glad, sad = Judgement.parse("8", "54210000"), Judgement.parse("-9", "00009311")
    assert glad.features().shape == sad.features().shape
    assert glad.features()[1] == 1 and sad.features()[1] == -1
    assert np.isfinite(Judgement.parse("0", "00000000").features()).all()


@needs_data
def test_the_verse_is_nobodys_but_its_own():
    """No nine syllables in a row of it stand in a poem of the benchmark."""

    def runs(text: str) -> set[str]:
        syllables = "".join(re.findall("[가-힣]", re.sub(r"\([^)]*\)", "", text)))
        return {syllables[place : place + 9] for place in range(len(syllables) - 8)}

    known = {
        run for split in ("train", "dev", "test") for line in data.kpoem(split)
        for run in runs(line.text)
    }  # fmt: skip
    assert not known & {run for _, line, _ in judged.verse() for run in runs(line)}


@needs_data
def test_lines_are_the_words_of_their_novels_but_not_of_sentences_that_a_reader_judged():
    of_novel = defaultdict(list)
    for name, line, judgement in judged.lines():
        assert well_formed(judgement)
        of_novel[name] += line.split()
    asked = data.verdicts("test") | data.verdicts("dev")  # of other novels
    assert len(asked) == 40 and of_novel.keys() == set(data.novels())
    for name, words in of_novel.items():
        left = [s for n, s in enumerate(data.novel(name)) if n not in asked.get(name, {})]
        assert words == " ".join(left).split()


@needs_data
def test_it_agrees_with_the_readers_of_poems():
    stats = pytest.importorskip("scipy.stats", reason="needs the training extra")
    lines = defaultdict(list)
    for split in ("train", "dev"):
        for line in data.kpoem(split):
            lines[line.poem].append(line.valence)
    seen = judged.poems()
    assert len(seen) > 1_000
    valences = [judgement.valence for judgement in seen.values()]
    readers = [lines[poem][place] for poem, place in seen]
    assert stats.spearmanr(valences, readers).statistic > 0.7


@needs_data
def test_no_test_review_was_judged():
    asked = {review.id for review in data.nsmc("test")}
    assert len(asked) == 50_000 and not asked & judged.reviews().keys()
