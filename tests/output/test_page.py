"""The page as a file: what stands in it. How it behaves, test_page_in_browser.py tells."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from sonify.melody.score import Phrase, Score
from sonify.output.page import Page
from tests.output import pages
from tests.strategies import scores


class Elements(HTMLParser):
    """The text of each element by its tag, as a browser would find it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attributes) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.texts.setdefault(tag, []).append("")
        if tag not in {"meta", "link", "br", "input", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data


def music_of(source: str) -> dict:
    found = re.search(r'<script type="application/json" id="music">(.*?)</script>', source, re.S)
    assert found
    return json.loads(found[1])


def unpack(text: str) -> list[tuple[int, int, int, int]]:
    """(start in ms, duration in 10 ms, pitch, velocity): the test's own reading of the format."""
    numbers, value, shift = [], 0, 0
    for byte in base64.b64decode(text):
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    notes, start = [], 0
    for delta, duration, pitch, velocity in zip(*[iter(numbers)] * 4, strict=True):
        start += delta
        notes.append((start, duration, pitch, velocity))
    return notes


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(score=scores())
def test_any_score_stands_in_its_page(score: Score, tmp_path: Path):
    written: list[Phrase] = []
    with Page(tmp_path / "a.html", score) as page:
        for phrase in score.phrases:
            page.write(phrase)
            written.append(phrase)
    source = (tmp_path / "a.html").read_text(encoding="utf-8")
    records = music_of(source)["phrases"]
    assert len(records) == len(written)
    for phrase, (_, start, duration, minor, sung, melody, chords) in zip(
        written, records, strict=True
    ):
        assert start == pytest.approx(1000 * phrase.time, abs=0.51)
        assert duration == pytest.approx(1000 * phrase.duration, abs=0.51)
        assert minor == (phrase.mode == "minor")
        assert len(sung) == len(phrase.moods)
        for packed, notes in ((melody, phrase.melody), (chords, phrase.accompaniment)):
            for note, (at, _, pitch, velocity) in zip(notes, unpack(packed), strict=True):
                assert (pitch, velocity) == (note.pitch, note.velocity)
                assert at == pytest.approx(1000 * phrase.seconds(note.start), abs=0.51)
    sentences = [mood.sentence.text for phrase in written for mood in phrase.moods]
    assert [html.unescape(text) for text in re.findall(r"<span>(.*?)</span>", book(source))] == (
        sentences
    )


def book(source: str) -> str:
    return source[source.index("</header>") : source.index('<p class="end"')]


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> {style} {music} &lt; \u2028"
)


def test_a_hostile_book_is_text(tmp_path: Path):
    page = pages.write(
        tmp_path / "a.html",
        *pages.phrases(4, chapters=2, words=HOSTILE, titles=HOSTILE),
        title=HOSTILE,
        author=HOSTILE,
    )
    source = page.read_text(encoding="utf-8")
    elements = Elements(source)
    assert elements.counts["script"] == 2 and "img" not in elements.counts
    assert elements.texts["title"] == elements.texts["h1"] == [HOSTILE]
    assert elements.texts["h2"] == [HOSTILE] * 2
    assert elements.texts["span"].count(HOSTILE) == 4
    assert music_of(source)["tonic"] == 2


def test_the_policy_lets_in_its_own_script_and_style_only(tmp_path: Path):
    source = pages.write(tmp_path / "a.html", *pages.phrases(4)).read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="(.*?)"', source)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", source, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    outside = re.sub(r'"Content-Security.*?>', "", source)
    assert not re.search(r'(src|href)="(?!data:)', outside) and "http" not in book(source)


def test_verse_keeps_its_lines_and_stanzas(tmp_path: Path):
    source = pages.write(tmp_path / "a.html", *pages.phrases(8, chapters=1), verse=True)
    text = book(source.read_text(encoding="utf-8"))
    assert text.count("<p class=verse>") == 2 and text.count("<br>") == 6


def test_long_books_come_in_leaves(tmp_path: Path):
    source = pages.write(tmp_path / "a.html", *pages.phrases(400, chapters=2))
    text = book(source.read_text(encoding="utf-8"))
    assert text.count("<section>") == text.count("</section>") == 2
    assert text.count("<div>") == text.count("</div>") == 10
    assert text.count("<p>") == text.count("</p>") == 100


def test_the_same_music_gives_the_same_bytes(tmp_path: Path):
    one, two = (pages.write(tmp_path / name, *pages.phrases(9)) for name in ("a.html", "b.html"))
    assert one.read_bytes() == two.read_bytes()
