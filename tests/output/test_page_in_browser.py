"""The page in a real browser, as a reader uses it: Chromium, driven by Playwright."""

import itertools
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonify.melody.score import Phrase
from tests.output import pages

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api", reason="the test extra isn't installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium isn't installed")

PHRASES = tuple(pages.phrases(1200, chapters=5))
SUNG = [phrase for phrase in PHRASES if phrase.moods]
DURATION = PHRASES[-1].time + PHRASES[-1].duration

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip

LISTEN = """
window.notes = [];
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.blockedURI));
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when) {
  notes.push(when);
  return start.apply(this, arguments);
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to) {
  if (to instanceof AudioDestinationNode) {
    window.audio = this.context;
    window.ear = new AnalyserNode(this.context, { fftSize: 32768 });
    connect.call(this, ear);
  }
  return connect.apply(this, arguments);
};
window.loudest = () => {
  const samples = new Float32Array(ear.fftSize);
  ear.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
};
"""


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "book.html"
    return pages.write(path, *PHRASES, title="종소리", author="아무개")


class Reader:
    """A page that is open, and what went on in it."""

    def __init__(self, browser, path: Path, **options) -> None:
        options = {"viewport": {"width": 1200, "height": 800}, "locale": "en-US"} | options
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.add_init_script(LISTEN)
        self.said: list[str] = []
        self.requested: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.goto(path.as_uri())

    def seek(self, seconds: float) -> None:
        self.page.evaluate(f"sonify.seek({seconds})")
        self.settle()

    def until(self, condition: str, seconds: float = 60) -> None:
        """Playwright's own waiting needs `eval`, which the page's policy rightly forbids."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"it never came to {condition}"
            time.sleep(0.05)

    def settle(self) -> None:
        """Waits until what changed is shown."""
        frame = (
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.page.evaluate(frame)

    @property
    def position(self) -> float:
        return self.page.evaluate("sonify.position")

    @property
    def playing(self) -> bool:
        return self.page.evaluate("sonify.playing")

    def lit(self) -> list[str]:
        return self.page.eval_on_selector_all(".sung", "all => all.map(e => e.textContent)")


@pytest.fixture
def open_page(browser) -> Iterator:
    readers: list[Reader] = []

    def open_page(path: Path, **options) -> Reader:
        readers.append(Reader(browser, path, **options))
        return readers[-1]

    yield open_page
    for reader in readers:
        assert not reader.said and not reader.page.evaluate("violations")
        assert len(reader.requested) == 1, "it asked for something beside itself"
        reader.context.close()


def due(seconds: float) -> Phrase:
    """The phrase of the sentence that is to be lit."""
    return max((p for p in SUNG if p.time <= seconds), key=lambda p: p.time, default=SUNG[0])


def text(phrase: Phrase) -> str:
    return phrase.moods[0].sentence.text


def test_it_opens_and_shows_the_book(open_page, book: Path):
    reader = open_page(book)
    page = reader.page
    assert page.title() == page.inner_text("h1") == "종소리"
    assert page.locator("#chapters option").count() == 5
    assert page.locator("main span").count() == 1200
    assert reader.lit() == [text(SUNG[0])]
    assert not reader.playing


def test_it_plays_what_is_written_in_step_with_the_text_after_an_hour(open_page, book: Path):
    """Notes are due within 2 ms of each other, text and sound within 30 ms of each other."""
    reader = open_page(book)
    first = next(phrase for phrase in PHRASES if phrase.time > 3600)
    reader.seek(first.time - 0.0005)
    reader.page.click("#play")
    reader.until(f"sonify.position > {first.time + 0.8}")
    assert reader.page.evaluate("loudest()") > 0.01

    # When each note sounds, told as a position in the book by what the page shows at one moment.
    heard, lit, shown = json.loads(
        reader.page.evaluate(
            """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
              const now = audio.currentTime - (audio.outputLatency || 0), shown = sonify.position;
              const heard = notes.map((when) => shown + when - now);
              const lit = document.querySelector(".sung").textContent;
              done(JSON.stringify([heard, lit, shown]));
            })))"""
        )
    )
    written = sorted(
        phrase.time + phrase.seconds(note.start)
        for phrase in PHRASES
        if first.time - 1 < phrase.time < first.time + 60
        for note in (*phrase.melody, *phrase.accompaniment)
        if phrase.time + phrase.seconds(note.start) > first.time - 0.001
    )
    at_once = [time for time in written if time < first.time + 1.9]
    assert sorted(heard)[: len(at_once)] == pytest.approx(at_once, abs=0.03)
    # However busy the machine was later on, what was played was played in its place.
    places = [min(written, key=lambda time: abs(time - place)) for place in heard]
    assert heard == pytest.approx(places, abs=0.03)
    apart = [place - heard[0] for place in heard]
    assert apart == pytest.approx([place - places[0] for place in places], abs=0.002)
    assert lit in {text(due(shown)), text(due(shown - 0.03))}


def test_the_lit_sentence_changes_when_the_next_is_due(open_page, book: Path):
    reader = open_page(book)
    reader.seek(SUNG[7].time - 2)
    seen = reader.page.evaluate(
        """() => new Promise((done) => {
          const seen = [];
          const look = () => {
            seen.push([sonify.position, document.querySelector(".sung").textContent]);
            if (seen.at(-1)[0] < %f) requestAnimationFrame(look);
            else done(seen);
          };
          sonify.play();
          requestAnimationFrame(look);
        })"""
        % (SUNG[7].time + 0.5)
    )
    assert {lit for _, lit in seen} == {text(SUNG[6]), text(SUNG[7])}
    # What this sees was lit a frame ago: the longest gap between looks says how long that may be.
    frame = max(b - a for (a, _), (b, _) in itertools.pairwise(seen))
    for position, lit in seen:
        assert lit in {text(due(position)), text(due(position - frame))}


def test_a_click_on_the_arc_goes_there(open_page, book: Path):
    reader = open_page(book)
    box = reader.page.locator("#arc").bounding_box()
    reader.page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 20)
    reader.settle()
    assert reader.position == pytest.approx(0.6 * DURATION, rel=0.002)
    assert reader.lit() == [text(due(reader.position))]
    lit = reader.page.locator(".sung").bounding_box()
    assert 0 < lit["y"] < box["y"] - 20, "what is sung isn't in sight"


def test_a_click_on_a_sentence_plays_from_there(open_page, book: Path):
    reader = open_page(book)
    reader.page.locator("main span").nth(9).click()
    assert reader.playing
    assert SUNG[9].time <= reader.position < SUNG[10].time
    assert reader.lit() == [text(SUNG[9])]
    reader.page.click("#play")
    assert not reader.playing


def test_nothing_is_scrolled_to_show_a_sentence_that_was_clicked(open_page, book: Path):
    reader = open_page(book)
    reader.page.mouse.move(600, 200)
    reader.page.mouse.wheel(0, 900)
    reader.until("scrollY >= 890")
    reader.page.evaluate("() => { window.scrolled = []; scrollBy = (to) => scrolled.push(to); }")
    x, y = reader.page.evaluate(
        """() => {
          const places = [...document.querySelectorAll("main span")]
            .map((span) => span.getClientRects()[0])
            .filter(({ top, bottom }) => top > 150 && bottom < 400);
          return [places[0].left + 5, (places[0].top + places[0].bottom) / 2];
        }"""
    )
    reader.page.mouse.click(x, y)
    assert reader.playing and reader.lit() != [text(SUNG[0])]
    assert reader.page.evaluate("scrolled") == []


def test_one_frame_is_drawn_at_a_time_however_often_it_is_sought(open_page, book: Path):
    reader = open_page(book)
    reader.page.click("#play")
    box = reader.page.locator("#arc").bounding_box()
    reader.page.mouse.move(box["x"] + 10, box["y"] + 20)
    reader.page.mouse.down()
    reader.page.mouse.move(box["x"] + 300, box["y"] + 20, steps=40)
    reader.page.mouse.up()
    asked = reader.page.evaluate(
        """() => new Promise((done) => {
          const ask = requestAnimationFrame;
          let asked = 0;
          window.requestAnimationFrame = (call) => { asked += 1; return ask(call); };
          ask(() => { asked = 0; ask(() => done(asked)); });
        })"""
    )
    assert asked == 1


def test_a_finger_on_the_arc_lets_the_text_follow(open_page, book: Path):
    reader = open_page(book, has_touch=True)
    reader.page.click("#play")
    for where, following in (("#arc", True), ("main", False)):
        reader.page.evaluate(
            f"document.querySelector('{where}')"
            ".dispatchEvent(new Event('touchmove', {bubbles: true}))"
        )
        assert reader.page.locator("#return").is_hidden() is following


def test_a_page_without_a_title_has_a_name(open_page, tmp_path: Path):
    reader = open_page(pages.write(tmp_path / "a.html", *pages.phrases(3), title=""))
    assert reader.page.title() == "sonify"
    assert reader.page.locator("h1").is_hidden()


def test_keys_that_are_the_browsers_are_left_to_it(open_page, book: Path):
    reader = open_page(book)
    reader.page.focus("#arc")
    for key in ("Alt+ArrowRight", "Control+End", "Shift+ArrowRight"):
        reader.page.keyboard.press(key)
    assert reader.position == 0


def test_the_buttons_step_by_sentence_and_chapter(open_page, book: Path):
    reader = open_page(book)
    second = next(p for p in SUNG if p.chapter.index == 1)
    for button, phrase in (
        ("next", SUNG[1]), ("next", SUNG[2]), ("previous", SUNG[1]),
        ("next-chapter", second), ("previous-chapter", SUNG[0]),
    ):  # fmt: skip
        reader.page.click(f"#{button}")
        reader.settle()
        assert reader.lit() == [text(phrase)]
    reader.page.select_option("#chapters", "1")
    reader.settle()
    assert reader.lit() == [text(second)]


def test_the_keyboard_is_enough(open_page, book: Path):
    reader = open_page(book)
    keyboard = reader.page.keyboard
    for key, phrase in (("ArrowRight", SUNG[1]), ("]", next(p for p in SUNG if p.chapter.index))):
        keyboard.press(key)
        reader.settle()
        assert reader.lit() == [text(phrase)]
    keyboard.press("[")
    keyboard.press(" ")
    reader.until("sonify.playing && sonify.position > 0.2")
    keyboard.press(" ")
    assert not reader.playing

    reached = []
    for _ in range(12):
        keyboard.press("Tab")
        reached.append(reader.page.evaluate("document.activeElement.id"))
        if reached[-1] == "arc":
            before = reader.position
            for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
                keyboard.press(key)
            assert reader.position == pytest.approx(before + 5, abs=0.2)
            keyboard.press("End")
            assert reader.position == pytest.approx(DURATION, abs=0.01)
            keyboard.press("Home")
            assert reader.position == 0
        if reached[-1] == "play":
            keyboard.press("Enter")
            reader.until("sonify.playing")
            keyboard.press(" ")
            assert not reader.playing
    assert {"chapters", "arc", "play", "next", "previous", "speed", "volume"} <= set(reached)


def test_speed_and_volume(open_page, book: Path):
    reader = open_page(book)
    reader.page.select_option("#speed", "2")
    reader.page.click("#play")
    reader.until("sonify.position > 0.5")
    apart = reader.page.evaluate("[...new Set(notes)].slice(0, 4).map((w, i, all) => w - all[0])")
    beat = 0.512347
    assert apart == pytest.approx([n * beat / 4 for n in range(4)], abs=0.002)
    reader.page.evaluate(
        """() => {
          const volume = document.getElementById("volume");
          volume.value = 0;
          volume.dispatchEvent(new Event("input"));
        }"""
    )
    reader.until("loudest() < 1e-4")
    assert reader.playing


def test_it_stops_at_the_end_and_begins_again(open_page, tmp_path: Path):
    reader = open_page(pages.write(tmp_path / "a.html", *pages.phrases(3, chapters=1)))
    end = reader.page.evaluate("Number(document.getElementById('arc').ariaValueMax)")
    reader.seek(end - 0.4)
    reader.page.click("#play")
    reader.until("!sonify.playing")
    assert reader.position == pytest.approx(end, abs=0.1)
    reader.page.click("#play")
    assert reader.position < 2


def test_a_reader_who_looks_elsewhere_is_let(open_page, book: Path):
    reader = open_page(book)
    reader.page.click("#play")
    reader.page.mouse.move(600, 200)
    reader.page.mouse.wheel(0, 3000)
    reader.page.wait_for_selector("#return", state="visible")
    reader.page.click("#next")  # asks for the music again
    reader.page.wait_for_selector("#return", state="hidden")
    reader.page.mouse.move(600, 200)
    reader.page.mouse.wheel(0, 3000)
    reader.page.click("#return")
    top = "document.querySelector('.sung').getBoundingClientRect().top"
    reader.until(f"0 < {top} && {top} < 500")


@pytest.mark.parametrize("width", [320, 390])
def test_a_narrow_screen_holds_everything(open_page, book: Path, width: int):
    phone = {"viewport": {"width": width, "height": 700}, "has_touch": True, "is_mobile": True}
    reader = open_page(book, **phone)
    assert reader.page.evaluate("document.documentElement.scrollWidth") == width
    for name in ("chapters", "arc", "roll", "play", "next", "previous", "speed", "volume"):
        box = reader.page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, name
        assert box["height"] >= 24, name
        assert box["y"] + box["height"] <= 700, name
    desk = reader.page.locator("#desk").bounding_box()
    assert desk["height"] < 330, "too little is left for the text"
    reader.page.locator("#play").tap()
    reader.until("sonify.position > 0.1")


def test_dark_is_dark(open_page, book: Path):
    colour = "getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)"
    light, dark = (
        open_page(book, color_scheme=scheme).page.evaluate(colour) for scheme in ("light", "dark")
    )
    assert min(light) > 230 and max(dark) < 40


def test_words_are_in_the_readers_language(open_page, book: Path):
    page = open_page(book, locale="ko-KR").page
    assert page.get_attribute("#play", "aria-label") == "재생"
    assert page.inner_text("#mood").startswith("라장조")
    assert open_page(book).page.inner_text("#mood").startswith("D major")


def test_a_hostile_book_is_only_read(open_page, tmp_path: Path):
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&lt;\u2028{music}"
    path = tmp_path / "a.html"
    phrases = pages.phrases(9, words=hostile, titles=hostile)
    reader = open_page(pages.write(path, *phrases, title=hostile, author=hostile))
    assert reader.lit() == [hostile]
    assert reader.page.locator("#chapters option").first.text_content() == hostile
    assert reader.page.locator("img").count() == 0
    reader.page.click("#play")
    reader.until("sonify.position > 0.1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page, book: Path, scheme: str):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no test extra")
    reader = open_page(book, color_scheme=scheme, viewport={"width": 390, "height": 800})
    reader.seek(100)
    found = axe.Axe().run(reader.page).response["violations"]
    serious = [rule for rule in found if rule["impact"] in ("serious", "critical")]
    assert not serious, json.dumps(serious, indent=1)[:3000]
