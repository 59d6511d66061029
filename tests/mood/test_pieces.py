import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonify.mood.pieces import UNKNOWN, Pieces, normalize

LINES = ["<unk>\t0", "▁\t-2", "▁사랑\t-3", "사\t-4", "랑\t-4", "▁사\t-3.5", "을\t-2", "ㅋㅋ\t-5"]


def test_old_and_noisy_spelling_is_folded():
    assert normalize("사랑(愛)을  사랑 (戀愛) 하\n는ＡＢ") == "사랑을 사랑 하 는ab"
    assert normalize("하하하하……!!!!") == "하하..!!"
    assert normalize("한글") == "한글"  # decomposed
    assert normalize("학교(서울)에") == "학교(서울)에"  # no Hanja: it isn't said twice


def test_the_likeliest_pieces_are_found():
    pieces = Pieces.parse(LINES)
    assert pieces.encode("사랑을 사랑") == [2, 6, 2]
    assert pieces.encode("사을") == [5, 6]


def test_a_run_of_unknown_characters_is_one_unknown_piece():
    assert Pieces.parse(LINES).encode("사랑xyz을") == [2, UNKNOWN, 6]
    assert Pieces.parse(LINES).encode("") == []


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_normalizing_twice_changes_nothing_and_any_text_is_cut(text):
    once = normalize(text)
    assert normalize(once) == once
    assert all(0 <= row < len(LINES) for row in Pieces.parse(LINES).encode(once))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["사", "랑", "을"]), min_size=1, max_size=6).map("".join))
def test_no_other_cut_is_likelier(word):
    pieces = Pieces.parse(LINES)
    found = pieces.encode(word)

    def best(rest):
        if not rest:
            return 0.0
        return max(
            (
                pieces.scores[row] + best(rest[len(piece) :])
                for piece, row in pieces.rows.items()
                if rest.startswith(piece) and row != UNKNOWN
            ),
            default=-math.inf,
        )

    assert float(np.sum(pieces.scores[found])) == pytest.approx(best("▁" + word))
