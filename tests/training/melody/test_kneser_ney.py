import math

import pytest

from sonify.melody.events import NO_EVENT
from training.melody.kneser_ney import KneserNey

TUNES = [[60, NO_EVENT, 62, NO_EVENT] * 4, [60, NO_EVENT, 64, 62, 60, NO_EVENT, 67, NO_EVENT]]


@pytest.mark.parametrize("before", [[], [14], [14, 0], [14, 0, 16, 0], [5, 5, 5, 5, 5]])
def test_probabilities_add_up(before):
    p = KneserNey(TUNES, order=4).probabilities(before)
    assert p.sum() == pytest.approx(1)
    assert (p > 0).all()


def test_a_bigram_by_hand():
    model = KneserNey([[60, 62, 60, 64]], order=2)
    # Bigrams 60-62, 62-60, 60-64 and the beginning, 60; every discount is that of n1 and n2.
    first, second = model._discounts
    after_60 = (1 - second) / 2
    unigram = model.probabilities([])
    assert second == 1  # each bigram was seen once
    assert model.probabilities([14])[16] == pytest.approx(after_60 + second * unigram[16])
    assert unigram.sum() == pytest.approx(1)
    assert 0 < first <= 1


def test_what_was_learned_is_less_surprising():
    model = KneserNey(TUNES)
    assert model.cross_entropy(TUNES[:1]) < model.cross_entropy([[48, 83, 51, 70]])
    assert model.cross_entropy([[48, 83, 51, 70]]) < 3 * math.log(38)
