import pytest

from sonify.reading.chapters import is_heading, may_be_heading


@pytest.mark.parametrize(
    "line",
    [
        "제1장", "제 2 회", "제3장 봄", "제 4 장. 길을 떠나다", "제십이장 밤", "第三回", "第 十 章",
        "제Ⅳ부", "3장", "1부: 겨울", "[제5화] 누구냐!", "〈제1막〉", "제2권 - 그 후", "1", "1.",
        "12)", "- 3 -", "<7>", "一", "十二.", "Ⅲ", "IV.", "프롤로그", "에필로그", "프롤로그: 비",
        "작가의 말", "외전 2", "서장", "序", "Chapter 4", "CHAPTER IV", "Chapter One. The Sea",
        "Part 2: 밤", "Prologue", "  제1장  ",
    ],
)  # fmt: skip
def test_headings(line):
    assert is_heading(line)


@pytest.mark.parametrize(
    "line",
    [
        "", "그는 갔다.", "제일 못난 것이 농부들이다.", "제 누이를 주면 어떨까.",
        "제1장에서 말했다.", "제1회장은 넓었다", "3장 가운데 하나를 골랐다.", "1. 봄이 왔다.",
        "I am", "MIX", "프롤로그를 읽었다.",
        "Chapter four was long and he did not read it to the very end of it.",
        "2024", "부록이 있다.",
    ],
)  # fmt: skip
def test_no_headings(line):
    assert not is_heading(line)


@pytest.mark.parametrize("line", ["봄", "1. 봄이 오는 소리", "그 여름의 끝", "二. 길", "Ⅲ 바다"])
def test_headings_if_alone(line):
    assert may_be_heading(line)


@pytest.mark.parametrize(
    "line",
    ["그래.", "“어디로”", "― 집에", "* * *", "그는 돌아오지 않았다", "그는 말했다,", "가" * 31, ""],
)
def test_no_headings_even_alone(line):
    assert not may_be_heading(line)
