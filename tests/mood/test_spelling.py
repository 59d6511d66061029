from hypothesis import given
from hypothesis import strategies as st

from sonify.mood.spelling import normalize

ANY = st.text(st.characters(codec=None, exclude_categories=()))


def test_old_and_noisy_spelling_is_folded():
    assert normalize("사랑(愛)을  사랑 (戀愛) 하\n는ＡＢ") == "사랑을 사랑 하 는ab"
    assert normalize("하하하하……!!!!") == "하하..!!"
    assert normalize("한글") == "한글"  # decomposed
    assert normalize("학교(서울)에") == "학교(서울)에"  # no Hanja: it isn't said twice


@given(ANY)
def test_normalizing_twice_changes_nothing_and_leaves_what_can_be_written(text):
    once = normalize(text)
    assert normalize(once) == once
    once.encode()
