"""Makes the pictures and the gallery anew: `python docs/make.py`, from the repository's root.

It needs the test extra, Chromium, and MuseScore 3 (Debian: chromium, musescore3, fonts-nanum).
"""

import html
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import mido
from playwright.sync_api import sync_playwright

from sonify.cli import main as sonify
from sonify.melody.composer import TICKS_PER_STEP as STEP
from sonify.melody.score import TICKS_PER_BAR, Phrase, Score
from sonify.output.formats import output_for
from sonify.pipeline import Models, compose
from sonify.settings import Settings

NOVEL, POEM = Path("samples/maengnori.epub"), Path("samples/geumeum.txt")
PICTURES, GALLERY = Path("docs/pictures"), Path("docs/gallery")
LINE = ["Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#"]
LENGTHS = {  # in sixteenths: note value, dots
    16: ("whole", 0), 12: ("half", 1), 8: ("half", 0), 6: ("quarter", 1), 4: ("quarter", 0),
    3: ("eighth", 1), 2: ("eighth", 0), 1: ("16th", 0),
}  # fmt: skip
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
    score = compose(NOVEL, Models.load, Settings())
    phrases = tuple(score.phrases)
    poem = compose(POEM, Models.load, Settings())
    verses = tuple(poem.phrases)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "novel.html"
        write(page, phrases, score, NOVEL)
        photograph(page, phrases[turning_point(phrases)].time - 3)
        turn = turning_point(verses)
        engrave(verses[turn - 2 : turn + 2], poem, Path(folder))
    for name, chapter in (("maengnori-1.ogg", 0), ("maengnori-4.ogg", 3)):
        write(GALLERY / name, [p for p in phrases if p.chapter.index == chapter], score, NOVEL)
    write(GALLERY / "geumeum.ogg", verses, poem, POEM)


def turning_point(phrases: Sequence[Phrase]) -> int:
    """The phrase that turns to minor, or else to major, best framed by two of each mode."""

    def merit(index: int) -> tuple[bool, bool]:
        modes = [phrase.mode for phrase in phrases[index - 2 : index + 2]]
        return modes[0] == modes[1] and modes[2] == modes[3], modes[2] == "minor"

    turns = [
        index
        for index in range(2, len(phrases) - 1)
        if phrases[index - 1].mode != phrases[index].mode
        and all(p.moods and p.length % TICKS_PER_BAR == 0 for p in phrases[index - 2 : index + 2])
        and phrases[index].start % TICKS_PER_BAR == 0
    ]
    return max(turns, key=merit)


def write(path: Path, phrases: Iterable[Phrase], score: Score, source: Path) -> None:
    """Writes phrases of a score, of the text that `source` names, to what the path names."""
    with output_for(path, score, source=source) as output:
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


def engrave(phrases: Sequence[Phrase], score: Score, folder: Path) -> None:
    """Draws the melody of phrases as a score, from our own MIDI."""
    write(folder / "turn.mid", phrases, score, POEM)
    (folder / "turn.musicxml").write_text(music_xml(folder / "turn.mid"), encoding="utf-8")
    subprocess.run(
        ["mscore3", "-T", "20", "-r", "200", "-o", folder / "turn.png", folder / "turn.musicxml"],
        check=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder)},
    )
    shutil.copyfile(folder / "turn-1.png", PICTURES / "turn.png")


def music_xml(path: Path) -> str:
    """The melody of a MIDI file on its grid of sixteenths, with its sentences and its keys."""
    _, melody, *_ = mido.MidiFile(path, charset="utf-8").tracks
    conductor = mido.MidiFile(path, charset="utf-8").tracks[0]
    keys = {tick: message.key for tick, message in timed(conductor, "key_signature")}
    words = {tick: message.text for tick, message in timed(melody, "lyrics")}
    tempo = next(message.tempo for _, message in timed(conductor, "set_tempo"))
    begun = [(tick // STEP, message.note) for tick, message in timed(melody, "note_on")]
    ended = [-(-tick // STEP) for tick, _ in timed(melody, "note_off")]  # in full lengths
    end = -(-ended[-1] // 16) * 16
    tones: list[tuple[int, int, int | None]] = []  # start, end, pitch or None for a rest
    now = 0
    for (start, pitch), stop in zip(begun, ended, strict=True):
        if start > now:
            tones.append((now, start, None))
        tones.append((start, stop, pitch))
        now = stop
    if now < end:
        tones.append((now, end, None))

    measures = []
    fifths = 0
    for bar in range(end // 16):
        line = '<print new-system="yes"/>' if bar and bar % 2 == 0 else ""
        parts = [f'<measure number="{bar + 1}">{line}']
        head = ""
        if (key := keys.get(bar * 16 * STEP)) is not None:
            tonic, minor = key.removesuffix("m"), key.endswith("m")
            fifths = LINE.index(tonic) - LINE.index("A" if minor else "C")
            head = f"<key><fifths>{fifths}</fifths></key>"
            name = f"{tonic} {'minor' if minor else 'major'}"
            parts.append(said(name, 'font-weight="bold" default-y="45"'))
        if bar == 0:
            head += "<time><beats>4</beats><beat-type>4</beat-type></time>"
            parts.append(
                '<direction placement="above"><direction-type><metronome><beat-unit>quarter'
                f"</beat-unit><per-minute>{mido.tempo2bpm(tempo):.0f}</per-minute></metronome>"
                "</direction-type></direction>"
            )
        parts.insert(1, f"<attributes><divisions>4</divisions>{head}</attributes>")
        for start, stop, pitch in tones:
            for place, length in written(max(start, bar * 16), min(stop, bar * 16 + 16)):
                if place * STEP in words:
                    parts.append(said(words.pop(place * STEP), 'font-size="9" default-y="20"'))
                parts.append(note(pitch, length, fifths, place > start, place + length < stop))
        if (bar + 1) * 16 * STEP in keys:
            style = "<bar-style>light-light</bar-style>"
            parts.append(f'<barline location="right">{style}</barline>')
        measures.append("".join([*parts, "</measure>"]))
    return (
        '<score-partwise version="3.1"><part-list><score-part id="P1"><part-name/></score-part>'
        f'</part-list><part id="P1">{"".join(measures)}</part></score-partwise>'
    )


def timed(track: mido.MidiTrack, kind: str) -> list[tuple[int, mido.Message]]:
    """A track's messages of a kind, with their ticks."""
    ticks = itertools.accumulate(message.time for message in track)
    return [(tick, m) for tick, m in zip(ticks, track, strict=True) if m.type == kind]


def written(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The note values that sixteenths from `start` to `stop`, within a bar, are written with."""
    while start < stop:
        left, beat = stop - start, start % 4
        lengths = LENGTHS if beat == 0 else (6, 4, 2, 1) if beat == 2 else (4 - beat, 2, 1)
        length = next(n for n in lengths if n <= left and n in LENGTHS)
        yield start, length
        start += length


def note(pitch: int | None, length: int, fifths: int, tied: bool, ties: bool) -> str:
    """A note or a rest, as MusicXML has it."""
    kind, dots = LENGTHS[length]
    lasting = f"<duration>{length}</duration>"
    shape = f"<type>{kind}</type>{'<dot/>' * dots}"
    if pitch is None:
        return f"<note><rest/>{lasting}{shape}</note>"
    # Spelt by what is nearest to the key on the line of fifths.
    near = next(n for n in range(fifths - 4, fifths + 8) if (7 * n) % 12 == pitch % 12)
    step, alter = "FCGDAEB"[(near + 1) % 7], (near + 1) // 7
    octave = (pitch - alter) // 12 - 1
    kinds = [name for name, there in (("stop", tied), ("start", ties)) if there]
    ties_ = "".join(f'<tie type="{name}"/>' for name in kinds)
    arcs = "".join(f'<tied type="{name}"/>' for name in kinds)
    return (
        f"<note><pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
        f"{lasting}{ties_}{shape}<notations>{arcs}</notations></note>"
    )


def said(text: str, how: str) -> str:
    """Words over the staff."""
    words = f"<words {how}>{html.escape(text)}</words>"
    return f'<direction placement="above"><direction-type>{words}</direction-type></direction>'


if __name__ == "__main__":
    main()
