import io
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonify.errors import SonifyError
from sonify.reading import read

PROSE = (
    "그는 오랫동안 아무 말도 하지 않고 창밖을 내다보고 있었다. 비가 내리고 있었다. "
    "“어디로 가니?” 하고 그녀가 물었으나 그는 대답하지 않았다. 멀리서 기적 소리가 들려왔다."
)
SENTENCES = [
    "그는 오랫동안 아무 말도 하지 않고 창밖을 내다보고 있었다.",
    "비가 내리고 있었다.",
    "“어디로 가니?” 하고 그녀가 물었으나 그는 대답하지 않았다.",
    "멀리서 기적 소리가 들려왔다.",
]
POEM = """\
그믐

달이 없는 밤에는
골목이 제 이름을 잊는다

너를 묻고 돌아온 저녁,
나는 불을 켜지 않았다. 밤이었다.
"""


@pytest.fixture
def book(tmp_path):
    def write(text, **options):
        path = tmp_path / "밤길.txt"
        path.write_bytes(text.encode())
        return read(path, **options)

    return write


def texts(book):
    return [sentence.text for sentence in book.sentences]


def chapters(book):
    """Title → sentences, in order."""
    found = {}
    for sentence in book.sentences:
        found.setdefault(sentence.chapter, []).append(sentence.text)
    assert [chapter.index for chapter in found] == list(range(len(found)))
    return [(chapter.title, sentences) for chapter, sentences in found.items()]


def test_a_book(book):
    novel = book(f"{PROSE}\n\n{PROSE}\n")
    assert (novel.title, novel.author, novel.language, novel.verse) == ("밤길", "", "ko", False)
    sentences = list(novel.sentences)
    assert [sentence.text for sentence in sentences] == SENTENCES * 2
    assert [sentence.index for sentence in sentences] == list(range(8))
    assert [sentence.paragraph for sentence in sentences] == [0] * 4 + [1] * 4
    assert {sentence.chapter.title for sentence in sentences} == {""}


@pytest.mark.parametrize("width", [20, 28, 40])
def test_a_sentence_goes_on_over_wrapped_lines(book, width):
    wrapped = "\n".join(textwrap.wrap(PROSE, width))
    assert texts(book(f"{wrapped}\n\n{wrapped}\n")) == SENTENCES * 2


def test_wrapped_lines_begin_paragraphs_where_they_are_indented_or_end_early(book):
    paragraph = "\n".join(textwrap.wrap(PROSE * 3, 40, initial_indent="　"))
    sentences = list(book(f"{paragraph}\n{paragraph}\n“그래.”\n{paragraph}\n").sentences)
    assert "“그래.”" in [sentence.text for sentence in sentences]
    assert sentences[-1].paragraph == 3


def test_lines_cut_inside_words(book):
    text = (PROSE + " ") * 10
    cut = "\n".join(text[start : start + 30] for start in range(0, len(text), 30))
    assert texts(book(cut)) == SENTENCES * 10


def test_a_sentence_runs_through_paragraphs(book):
    novel = book("그는 모기만 한 소리로,\n“저를 부르셨어요? 저를요?”\n하고 묻는다.\n“그래.”\n")
    assert texts(novel) == [
        "그는 모기만 한 소리로, “저를 부르셨어요? 저를요?” 하고 묻는다.",
        "“그래.”",
    ]


def test_verse_is_read_by_lines(book):
    poem = book(POEM)
    assert poem.verse
    sentences = list(poem.sentences)
    assert [(s.text, s.chapter.title, s.paragraph) for s in sentences] == [
        ("달이 없는 밤에는", "그믐", 0),
        ("골목이 제 이름을 잊는다", "그믐", 0),
        ("너를 묻고 돌아온 저녁,", "그믐", 1),
        ("나는 불을 켜지 않았다. 밤이었다.", "그믐", 1),
    ]


def test_a_stanza_of_one_line_is_no_heading(book):
    poem = book("달이 없는 밤에는\n골목이 운다\n\n너를 묻고\n\n나는 불을 켜지 않았다\n밤이 간다\n")
    assert len(chapters(poem)) == 1


def test_verse_as_prose_by_order(book):
    poem = book(
        "달이 없는 밤에는\n골목이 제 이름을\n잊는다. 문패들은\n눈을 감는다.\n", split="sentences"
    )
    assert not poem.verse
    assert texts(poem) == ["달이 없는 밤에는 골목이 제 이름을 잊는다.", "문패들은 눈을 감는다."]


def test_lines_by_order_are_taken_as_they_are(book):
    reviews = book("제1장\n재미있다. 또 보고 싶다.\n\n  1점\n", split="lines")
    assert reviews.verse
    assert chapters(reviews) == [("", ["제1장", "재미있다. 또 보고 싶다.", "1점"])]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        (f"제1장 봄\n{PROSE}\n제2장 여름\n{PROSE}\n", ["제1장 봄", "제2장 여름"]),
        (f"{PROSE}\n\n1.\n\n{PROSE}\n\n2.\n\n{PROSE}\n", ["", "1.", "2."]),
        (f"봄\n\n{PROSE}\n\n\n여름\n\n{PROSE}\n", ["봄", "여름"]),
        (f"1. 봄이 오는 소리\n\n{PROSE}\n\n2. 길\n\n{PROSE}\n", ["1. 봄이 오는 소리", "2. 길"]),
        (f"제1부 상처\n\n제1장 봄\n\n{PROSE}\n제2장\n{PROSE}\n", ["제1부 상처 제1장 봄", "제2장"]),
        (f"프롤로그\r\n\r\n{PROSE}\r\n\r\n에필로그\r\n\r\n{PROSE}", ["프롤로그", "에필로그"]),
        (f"{PROSE}\n", [""]),
        (f"{PROSE}\n\n그는 갔다\n“그래”\n{PROSE}\n", [""]),
    ],
)
def test_chapters(book, text, titles):
    found = chapters(book(text))
    assert [title for title, _ in found] == titles
    assert all(sentences[: len(SENTENCES)] == SENTENCES for _, sentences in found)


def test_a_table_of_contents_makes_no_chapters(book):
    contents = "".join(f"제{n}장 길\n" for n in range(1, 9))
    found = chapters(book(f"{contents}\n제1장 길\n\n{PROSE}\n"))
    assert len(found) == 2
    assert found[1] == ("제1장 길", SENTENCES)


def test_a_heading_that_nothing_follows_is_a_sentence(book):
    assert texts(book(f"{PROSE}\n\n끝\n"))[-1] == "끝"
    assert texts(book("사랑\n")) == ["사랑"]


def test_a_sentence_of_100_000_characters(book):
    long = "그는 걷고 또 걷고, " * 9_000 + "멈추었다."
    assert texts(book(f"{long}\n{PROSE}\n")) == [long, *SENTENCES]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n\t\n　\n", "is blank"),
        ("1234 … !!\n---\n", "has no letter"),
        ((" " * 80 + "\n") * 14_000, "is blank"),
    ],
)
def test_nothing_to_play(book, text, message):
    with pytest.raises(SonifyError, match=message) as raised:
        book(text)
    assert "밤길.txt" in str(raised.value)


def test_another_language_is_told(book):
    assert book("It was the best of times, it was the worst of times.").language == "en"


class TestStream:
    """Standard input."""

    def test_lines_come_one_by_one(self):
        stream = io.BytesIO("슬프다. 좋다.\n1\n\n가자".encode())
        found = read(stream)
        assert (found.title, found.language, found.verse) == ("", "ko", False)
        assert chapters(found) == [("", ["슬프다.", "좋다.", "1", "가자"])]

    def test_by_lines(self):
        assert texts(read(io.BytesIO("슬프다. 좋다.\n가자".encode()), split="lines")) == [
            "슬프다. 좋다.",
            "가자",
        ]

    def test_as_a_book(self):
        wrapped = "제1장\n\n" + "\n".join(textwrap.wrap(PROSE, 30))
        found = read(io.BytesIO(wrapped.encode()), split="sentences")
        assert chapters(found) == [("제1장", SENTENCES)]

    @pytest.mark.parametrize("data", [b"", b"\n\n"])
    def test_nothing(self, data):
        with pytest.raises(SonifyError, match="standard input is"):
            read(io.BytesIO(data))


_text = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]) | st.sampled_from("\n가나다. ")),
    st.text("가나다 라.\n\n?!…,\"'“”1제장Ⅲ一-―*A\r\t"),
)


@given(_text, st.sampled_from(["auto", "sentences", "lines"]))
def test_nothing_is_lost(tmp_path_factory, text, split):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(f"가\n{text}".encode())
    parts = []
    titles = set()
    for sentence in read(path, split=split).sentences:
        assert sentence.index == len(parts) - len(titles)
        if sentence.chapter.title and sentence.chapter not in titles:
            titles.add(sentence.chapter)
            parts.append(sentence.chapter.title)
        parts.append(sentence.text)
    assert "".join("".join(parts).split()) == "".join(_composed(f"가\n{text}").split())


def _composed(text):
    import unicodedata

    return "".join(unicodedata.normalize("NFC", line) for line in text.splitlines(keepends=True))
