"""A page of 10,000 sentences in Chromium: `python -m benchmarks.page [--sentences 10000]`.

The book is the sample novel over and over, forty chapters of it.
"""

import argparse
import itertools
import re
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks import results
from sonify.output.page import Page
from sonify.pipeline import Models, compose, perform
from sonify.settings import Settings
from tests.output.test_page_in_browser import ARGUMENTS, CHROMIUM, LISTEN

CHAPTERS = 40
OPENED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
  done([performance.getEntriesByType("navigation")[0].loadEventEnd, performance.now()]))))"""
SCROLL = """() => new Promise((done) => {
  const frames = [];
  let before = performance.now();
  const step = (now) => {
    frames.push(now - before);
    before = now;
    scrollBy({ top: 120, behavior: "instant" });
    if (frames.length < 400) requestAnimationFrame(step);
    else done(frames.slice(1));
  };
  requestAnimationFrame(step);
})"""
SEEK = """(share) => new Promise((done) => {
  const began = performance.now();
  sonify.seek(share * Number(document.getElementById("arc").ariaValueMax));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
})"""
STEP = """() => {
  const now = audio.currentTime - (audio.outputLatency || 0), shown = sonify.position;
  return notes.map((when) => shown + when - now);
}"""


def main() -> None:
    """Measures, and writes results/page.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=10_000)
    sentences = parser.parse_args().sentences
    with tempfile.TemporaryDirectory() as folder:
        text, path = Path(folder) / "novel.txt", Path(folder) / "novel.html"
        text.write_text(novel(sentences), encoding="utf-8")
        score = compose(text, Models.load, Settings())
        starts: list[float] = []
        sung = 0

        def heed(phrase: Any) -> None:
            nonlocal sung
            sung += len(phrase.moods)
            notes = (*phrase.melody, *phrase.accompaniment)
            starts.extend(phrase.time + phrase.seconds(note.start) for note in notes)

        perform(score, [Page(path, score)], heed)
        rows: list[tuple[object, object]] = [
            ("sentences · notes", f"{sung} · {len(starts)}"),
            ("size, MB", f"{path.stat().st_size / 1e6:.2f}"),
        ]
        rows += in_browser(path, sorted(starts))
    table = [("A page", "measured"), *rows]
    results.write("page", "The page", "python -m benchmarks.page", [table])


def in_browser(path: Path, starts: list[float]) -> list[tuple[object, object]]:
    """Opens, scrolls, seeks and plays the page."""
    rows: list[tuple[object, object]] = []
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = []
        for _ in range(5):
            page = browser.new_page(viewport={"width": 1200, "height": 800})
            page.set_default_timeout(300_000)
            page.add_init_script(LISTEN)
            page.goto(path.as_uri())
            opened.append(page.evaluate(OPENED))
        loaded, shown = (statistics.median(times) for times in zip(*opened, strict=True))
        rows.append(("until loaded · until shown, s", f"{loaded / 1e3:.2f} · {shown / 1e3:.2f}"))
        frames = page.evaluate(SCROLL)
        rows.append(
            ("scrolling 400 frames: median · 95th percentile · worst, ms",
             f"{statistics.median(frames):.1f} · {statistics.quantiles(frames, n=20)[-1]:.1f} · "
             f"{max(frames):.1f}")
        )  # fmt: skip
        seeks = [page.evaluate(SEEK, share) for share in (0.9, 0.1, 0.5, 0.3, 0.7)]
        rows.append(
            ("a seek across the book until shown, median ms", f"{statistics.median(seeks):.0f}")
        )
        hour = min(3600.0, starts[-1] - 20)
        page.evaluate(f"sonify.seek({hour})")
        page.evaluate("sonify.play()")
        page.wait_for_timeout(10_000)
        off = [min(abs(place - start) for start in starts) for place in page.evaluate(STEP)]
        rows.append(
            (
                f"sound against text at {hour:.0f} s, notes · worst ms",
                f"{len(off)} · {1e3 * max(off):.1f}",
            )
        )
        browser.close()
    return rows


def novel(sentences: int) -> str:
    """A text of so many sentences, in chapters and paragraphs."""
    chapters = sorted(Path("samples/maengnori").glob("*.md"))
    lines = [line.strip() for path in chapters for line in path.read_text("utf-8").splitlines()]
    spoken = itertools.cycle(line for line in lines if line and not re.match("[#!]", line))
    parts = []
    for number in range(sentences):
        if number % -(-sentences // CHAPTERS) == 0:
            parts.append(f"\n\n제{number * CHAPTERS // sentences + 1}장\n\n")
        parts.append(next(spoken) + ("\n\n" if number % 4 == 3 else " "))
    return "".join(parts)


if __name__ == "__main__":
    if shutil.which("chromium") is None:
        raise SystemExit("chromium isn't installed")
    main()
