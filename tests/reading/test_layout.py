import random
import textwrap

import pytest

from sonify.reading.layout import columns, detect

PROSE = (
    "그는 오랫동안 아무 말도 하지 않고 창밖을 내다보고 있었다. 비가 내리고 있었다. "
    "“어디로 가니?” 하고 그녀가 물었으나 그는 대답하지 않았다. 멀리서 기적 소리가 들려왔다. "
    "그는 천천히 일어나 문을 열고 나갔으며, 그녀는 그 뒷모습을 오래도록 바라보았다. "
)
VERSE = """\
달이 없는 밤에는
골목이 제 이름을 잊는다
문패들은 눈을 감고

너를 묻고 돌아온 저녁,
나는 불을 켜지 않았다.
벗어 둔 신발 한 켤레가
""".splitlines()


def test_hangul_is_two_columns_wide():
    assert columns("가 a漢.") == 7


def test_verse():
    assert detect(VERSE).verse
    assert detect(["달이 없는 밤에는", "골목이 제 이름을 잊는다"]).verse


def test_long_lines_without_full_stops_are_verse():
    rng = random.Random(0)
    words = PROSE.replace(".", "").split()
    lines = [" ".join(rng.choices(words, k=rng.randint(12, 30))) for _ in range(12)]
    assert detect(lines).verse


@pytest.mark.parametrize("repeats", [1, 20])
def test_a_paragraph_a_line(repeats):
    shape = detect([PROSE, "", "“그래.”", "“왜?”", PROSE] * repeats)
    assert not shape.verse
    assert not shape.width


@pytest.mark.parametrize("width", [20, 32, 45])
@pytest.mark.parametrize("repeats", [1, 20])
def test_prose_wrapped_between_words(width, repeats):
    lines = textwrap.wrap(PROSE * repeats, width)
    shape = detect(lines)
    assert not shape.verse
    assert shape.width
    assert shape.by_word


@pytest.mark.parametrize("width", [20, 33])
def test_prose_wrapped_at_any_letter(width):
    text = PROSE * 5
    shape = detect([text[start : start + width] for start in range(0, len(text), width)])
    assert shape.width
    assert not shape.by_word


@pytest.mark.parametrize("lines", [[], [""], ["사랑"], ["", "사랑", ""]])
def test_too_little_to_tell(lines):
    assert not detect(lines).verse
    assert not detect(lines).width
