import re
import struct
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonify.errors import SonifyError
from sonify.mood.mood import Mood
from sonify.output import arc
from sonify.reading.book import Chapter, Sentence
from tests.strategies import books, words


def moods(valences: list[float], chapters: int = 1) -> list[Mood]:
    heard = []
    for index, valence in enumerate(valences):
        number = index * chapters // len(valences)
        sentence = Sentence(f"{index}번째 문장이다.", Chapter(number, f"제{number}장"), index, 0)
        heard.append(Mood(sentence, valence, "neutral", 0.5, {}))
    return heard


def texts(picture: str) -> list[str]:
    root = ElementTree.fromstring(picture)
    return ["".join(e.itertext()) for e in root.iter("{http://www.w3.org/2000/svg}text")]


@settings(max_examples=40)
@given(title=words, author=st.text(max_size=30), heard=books())
def test_any_book_makes_a_picture(title: str, author: str, heard: list[Mood]):
    picture = arc.svg(title, author, heard)
    ElementTree.fromstring(picture)
    assert "nan" not in picture and "inf" not in picture


def test_the_strongest_are_quoted_where_the_curve_turns():
    story = [0.0] * 30 + [0.6] * 20 + [0.0] * 30 + [-0.7] * 20 + [0.0] * 30
    story[41], story[92] = 0.95, -0.99
    said = texts(arc.svg("책", "", moods(story)))
    assert "41번째 문장이다." in said and "92번째 문장이다." in said


def test_the_curve_is_the_mean_that_it_is_said_to_be():
    places, values = np.array([0.1, 0.5, 0.6]), np.array([1.0, -1.0, 0.5])
    weights = np.array([1.0, 2.0, 1.0])
    at = np.array([0.5, 0.0])
    bells = np.exp(-((places[None] - at[:, None]) ** 2) / (2 * 0.1**2)) * weights
    expected = bells @ values / bells.sum(axis=1)
    np.testing.assert_allclose(arc.smooth(places, values, weights, at, 0.1), expected)


def test_chapters_are_marked_where_they_begin():
    picture = arc.svg("책", "", moods([0.1] * 40, chapters=4))
    assert [f"제{n}장" in texts(picture) for n in range(4)] == [True] * 4
    lines = re.findall(r'<path d="M([\d.]+) 226V', picture)
    places = [(float(x) - 72) / (1208 - 72) for x in lines]
    assert places == pytest.approx([0.25, 0.5, 0.75], abs=0.03)


def test_many_chapters_leave_out_what_has_no_room():
    said = texts(arc.svg("책", "", moods([0.1] * 900, chapters=300)))
    assert len(said) < 20


def test_marks_in_the_words_stay_words():
    title = "<a> & \x00\x1b \ud800 ]]>"
    assert "<a> & �� � ]]>" in texts(arc.svg(title, title, moods([0.5, -0.5])))


def test_hangul_is_drawn_in_the_png():
    try:
        data = arc.png(arc.svg("책", "", moods([0.5, -0.5])))
    except SonifyError as error:
        pytest.skip(str(error))
    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">II", data[16:24]) == (2560, 1440)
    assert data != arc.png(arc.svg("종", "", moods([0.5, -0.5])))


def test_a_system_without_hangul_is_told(monkeypatch):
    monkeypatch.setattr("resvg_py.svg_to_bytes", lambda *_, **__: b"the same for any syllable")
    with pytest.raises(SonifyError, match="no font with Hangul"):
        arc.png("<svg/>")
