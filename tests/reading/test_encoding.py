import io
import logging
import os

import pytest

from sonify.errors import SonifyError
from sonify.reading import encoding

TEXT = "그는 오랫동안 창밖을 내다보고 있었다.\n“어디로 가니?” 하고 그녀가 물었다.\n"


@pytest.fixture(autouse=True)
def nothing_said():
    encoding._say.cache_clear()


def read(data, **options):
    return list(encoding.lines(io.BytesIO(data), "novel.txt", **options))


@pytest.mark.parametrize(
    "name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949"]
)
@pytest.mark.parametrize("text", [TEXT, TEXT * 500])
def test_korean_encodings_are_told_apart(name, text, caplog):
    assert read(text.encode(name)) == text.splitlines()
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * (
        not name.startswith("utf-8")
    )
    for record in caplog.records:
        assert "novel.txt" in record.message
        assert ("CP949" if name == "cp949" else name.upper()) in record.message


def test_what_is_read_twice_is_said_once(caplog):
    for _ in range(2):
        read(TEXT.encode("cp949"))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", ["네", "좋다.", "슬프다", "아!", "똠방각하", "B사감", "“응.”"])
def test_a_few_syllables_of_cp949(text):
    assert read(text.encode("cp949")) == [text]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gb18030", "我生在一个小村子里，那时候我们家里很穷，父亲每天都要上山砍柴。"),
        ("shift_jis", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"),
        ("euc_jp", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"),
    ],
)
def test_others_are_read_too(name, text):
    assert read(text.encode(name)) == [text]


def test_crlf_and_cr_end_lines():
    assert read("가\r\n나\r다\n\r\n라".encode()) == ["가", "나", "다", "", "라"]


def test_hangul_in_letters_is_composed():
    assert read("\u1112\u1161\u11ab".encode()) == ["한"]


def test_control_characters_and_lone_surrogates_do_no_harm():
    text = "\x1b[2J가\x00나\x07\ud800다\ufeff라\u200b"
    assert read(text.encode("utf-8", "surrogatepass")) == ["[2J가나다라"]
    assert read(("\ufeff" + text).encode("utf-16-le", "surrogatepass")) == ["[2J가나다라"]


def test_a_place_that_cannot_be_decoded_is_named():
    data = TEXT.encode() * 30_000 + b"\xff\xfe" + TEXT.encode()
    lines = encoding.lines(io.BytesIO(data), "novel.txt")
    for _ in range(100):
        next(lines)
    with pytest.raises(SonifyError, match=r"^novel\.txt: line 60001 isn't UTF-8"):
        list(lines)


def test_damaged_utf8_is_not_taken_for_another_encoding():
    with pytest.raises(SonifyError, match="line 41 isn't UTF-8"):
        read(TEXT.encode() * 20 + b"\xea\xb0" + TEXT.encode() * 20)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (os.urandom(5000), "isn't text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(300) + b"\xff" * 30, "isn't text"),
        (bytes(1000), "isn't text"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "is an HWP or Word document"),
    ],
)
def test_what_is_no_text(data, message):
    with pytest.raises(SonifyError, match=message) as raised:
        read(data)
    assert "\n" not in str(raised.value)


def test_a_line_without_end_is_handed_on_in_pieces():
    text = "가나다라 마바사 " * 300_000
    pieces = read(text.encode())
    assert len(pieces) > 1
    assert all(len(piece) < 1 << 21 for piece in pieces)
    assert "".join(pieces) == text


class _Typist(io.RawIOBase):
    """A stream on which each line is there only after the one before it has been taken."""

    def __init__(self, lines):
        self.left = list(lines)

    def readable(self):
        return True

    def readinto(self, buffer):
        data = self.left.pop(0) if self.left else b""
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("name", ["utf-8", "cp949", "utf-16"])
def test_live_lines_are_not_waited_for(name):
    typed = [line.encode(name) for line in ("슬프다.\n", "좋다.\r\n", "가자")]
    if name == "utf-16":  # the byte order mark stands only before the first
        typed[1:] = [line[2:] for line in typed[1:]]
    typist = _Typist(typed)
    lines = encoding.lines(io.BufferedReader(typist), "standard input", live=True)
    assert next(lines) == "슬프다."
    assert len(typist.left) == 2
    assert next(lines) == "좋다."
    assert len(typist.left) == 1
    assert list(lines) == ["가자"]
