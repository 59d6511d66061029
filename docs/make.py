"""Makes the pictures and the gallery anew: `python docs/make.py`, from the repository's root.

It needs the test extra, Chromium, and MuseScore 3 (Debian: chromium, musescore3, fonts-nanum).
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import mido
from playwright.sync_api import sync_playwright

from sonify.cli import main as sonify
from sonify.melody.composer import TICKS_PER_STEP
from sonify.melody.score import TICKS_PER_BAR, Phrase
from sonify.output.formats import output_for
from sonify.pipeline import Models, Settings, compose

NOVEL, POEM = Path("samples/maengnori.epub"), Path("samples/geumeum.txt")
PICTURES, GALLERY = Path("docs/pictures"), Path("docs/gallery")
SCREENS = {
    "page.png": {"viewport": {"width": 1200, "height": 800}},
    "page-dark.png": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
    "page-phone.png": {"viewport": {"width": 390, "height": 780}, "is_mobile": True},
}


def main() -> None:
    """Makes everything."""
    PICTURES.mkdir(exist_ok=True)
    GALLERY.mkdir(exist_ok=True)
    if sonify(["arc", str(NOVEL), "-o", str(PICTURES / "arc.svg")]):
        raise SystemExit("the arc wasn't drawn")
    score = compose(NOVEL, Models.load(), Settings())
    phrases = tuple(score.phrases)
    turn = turning_point(phrases)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "novel.html"
        write(page, phrases, score)
        photograph(page, phrases[turn].time + 2)
        engrave(phrases[turn - 2 : turn + 2], score, Path(folder))
    for name, chapter in (("maengnori-1.ogg", 0), ("maengnori-4.ogg", 3)):
        write(GALLERY / name, [p for p in phrases if p.chapter.index == chapter], score)
    poem = compose(POEM, Models.load(), Settings())
    write(GALLERY / "geumeum.ogg", tuple(poem.phrases), poem)


def turning_point(phrases: tuple[Phrase, ...]) -> int:
    """Where two phrases of major turn to two of minor that fill about two lines of music."""
    turns = {
        index: sum(phrase.length for phrase in phrases[index - 2 : index + 2])
        for index in range(2, len(phrases) - 1)
        if [p.mode for p in phrases[index - 2 : index + 2]] == ["major"] * 2 + ["minor"] * 2
        and len({p.chapter for p in phrases[index - 2 : index + 2]}) == 1
        and all(p.moods for p in phrases[index - 2 : index + 2])
        and phrases[index - 2].start % TICKS_PER_BAR == 0
    }
    return min(turns, key=lambda index: abs(turns[index] - 8 * TICKS_PER_BAR))


def write(path: Path, phrases: Iterable[Phrase], score) -> None:
    """Writes phrases of a score to what the path names."""
    with output_for(path, score, source=NOVEL) as output:
        for phrase in phrases:
            output.write(phrase)


def photograph(page: Path, second: float) -> None:
    """Takes pictures of the page as it plays."""
    with sync_playwright() as tool:
        browser = tool.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        for name, screen in SCREENS.items():
            tab = browser.new_page(**screen, device_scale_factor=2, locale="ko-KR")
            tab.goto(page.resolve().as_uri())
            tab.evaluate("document.getElementById('next').click()")  # so that the text follows
            tab.evaluate(f"sonify.seek({second}); sonify.play()")
            tab.wait_for_timeout(1500)
            tab.screenshot(path=PICTURES / name)
        browser.close()


def engrave(phrases: tuple[Phrase, ...], score, folder: Path) -> None:
    """Draws the melody over a turn of the mode as a score, from our own MIDI."""
    written = [  # in full lengths, without accompaniment and changes of tempo
        replace(
            phrase,
            tempi=phrases[0].tempi[:1],
            melody=[
                replace(note, duration=-(-note.duration // TICKS_PER_STEP) * TICKS_PER_STEP)
                for note in phrase.melody
            ],
            accompaniment=(),
        )
        for phrase in phrases
    ]
    write(folder / "turn.mid", written, score)
    file = mido.MidiFile(folder / "turn.mid", charset="utf-8")
    for track in file.tracks:  # without words, whose time goes to what follows them
        wordless, waited = [], 0
        for message in track:
            waited += message.time
            if message.type not in ("lyrics", "marker", "track_name", "text"):
                wordless.append(message.copy(time=waited))
                waited = 0
        track[:] = wordless
    file.save(folder / "turn.mid")
    subprocess.run(
        ["mscore3", "-T", "20", "-r", "200", "-o", folder / "turn.png", folder / "turn.mid"],
        check=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder)},
    )
    shutil.copyfile(folder / "turn-1.png", PICTURES / "turn.png")


if __name__ == "__main__":
    main()
