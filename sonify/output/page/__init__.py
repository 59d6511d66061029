"""A page to read and to hear: one HTML file with the text, the music and what plays it.

The text is ordinary HTML, so it can be searched, selected and read without scripts; the browser
lays out only the leaves in sight. The music follows it as data, and a small synthesizer in the
browser plays it. Nothing is loaded from anywhere, and a Content-Security-Policy says so.
"""

import base64
import hashlib
import html
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from sonify.melody.score import Note, Phrase, Score
from sonify.mood.mood import EMOTIONS, Mood
from sonify.output.output import FileOutput

_SCRIPTS = ("score.js", "instrument.js", "player.js", "text.js", "arc.js", "roll.js", "page.js")
_LEAF = 40  # sentences after which a leaf ends, with its paragraph


class Page(FileOutput):
    """Writes a score's phrases to a self-contained HTML page.

    The first phrase it is given begins at 0 s, whatever comes before it in the book.

    Args:
        path: where the file goes.
        score: names the book and its key.
    """

    def __init__(self, path: Path, score: Score) -> None:
        super().__init__(path)
        self._score = score

    def _begin(self) -> None:
        self._music = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_discard`
        self._origin: float | None = None
        self._chapter: int | None = None
        self._paragraph: int | None = None
        self._on_leaf = 0  # sentences
        style, script = _template("page.css"), "".join(map(_template, _SCRIPTS))
        fields = {
            "language": html.escape(self._score.language),
            "title": html.escape(self._score.title),
            "name": html.escape(self._score.title or "sonify"),  # a tab has to have one
            "author": html.escape(self._score.author),
            "style": style,
            "style-hash": _hash(style),
            "script": script,
            "script-hash": _hash(script),
        }
        before, self._rest = _template("page.html").split("{text}")
        self._fields = fields
        self._put(_filled(before, fields))

    def _write(self, phrase: Phrase) -> None:
        if self._origin is None:
            self._origin = phrase.time
        if phrase.chapter.index != self._chapter:
            self._end_leaf(chapter=True)
            self._chapter = phrase.chapter.index
            title = html.escape(phrase.chapter.title)
            self._put(f"<section>\n<h2>{title}</h2>\n" if title else "<section>\n")
        since = phrase.time - self._origin
        began = _milliseconds(since)
        sung = []
        for start, _, mood in phrase.sung():
            self._add_sentence(mood)
            # rounded once, so that a sentence begins where the report says
            begins = _milliseconds(since + phrase.seconds(start)) - began
            sung.append([begins, *_feeling(mood)])
        record = [
            self._chapter,
            began,
            _milliseconds(phrase.duration),
            int(phrase.mode == "minor"),
            sung,
            _packed(phrase, phrase.melody),
            _packed(phrase, phrase.accompaniment),
        ]
        self._music.write((b",\n" if self._music.tell() else b"") + _json(record))

    def _finish(self) -> None:
        self._end_leaf(chapter=True)
        particulars = {"tonic": self._score.tonic, "emotions": EMOTIONS}
        before, after = self._rest.split("{music}")
        self._put(before)
        self._file.write(_json(particulars)[:-1] + b',"phrases":[\n')
        self._music.seek(0)
        shutil.copyfileobj(self._music, self._file)
        self._put("]}" + _filled(after, self._fields))

    def _discard(self) -> None:
        if hasattr(self, "_music"):
            self._music.close()

    def _add_sentence(self, mood: Mood) -> None:
        sentence = mood.sentence
        if sentence.paragraph != self._paragraph:
            self._end_paragraph()
            if self._on_leaf >= _LEAF:
                self._end_leaf()
            if not self._on_leaf:
                self._put("<div>\n")
            self._paragraph = sentence.paragraph
            self._put("<p class=verse>" if self._score.verse else "<p>")
        elif self._on_leaf:
            self._put("<br>" if self._score.verse else " ")
        self._on_leaf += 1
        self._put(f"<span>{html.escape(sentence.text)}</span>")

    def _end_paragraph(self) -> None:
        if self._paragraph is not None:
            self._put("</p>\n")
            self._paragraph = None

    def _end_leaf(self, chapter: bool = False) -> None:
        """Ends what is open: paragraph, leaf, and chapter too if that is said."""
        self._end_paragraph()
        if self._on_leaf:
            self._put("</div>\n")
            self._on_leaf = 0
        if chapter and self._chapter is not None:
            self._put("</section>\n")

    def _put(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "replace"))


def _template(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _filled(template: str, fields: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z-]+)\}", lambda field: fields[field[1]], template)


def _hash(text: str) -> str:
    """As a Content-Security-Policy names an inline script or style that may be used."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: object) -> bytes:
    """As it may stand inside a script element, where nothing must look like its end."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").encode("ascii")


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _feeling(mood: Mood) -> list[int]:
    """Valence and intensity in per cent, and the number of the strongest emotion, -1 for none."""
    strongest = max(mood.emotions, key=lambda name: mood.emotions[name], default=None)
    emotion = EMOTIONS.index(strongest) if strongest else -1
    return [round(100 * mood.valence), round(100 * mood.intensity), emotion]


def _packed(phrase: Phrase, notes: Iterable[Note]) -> str:
    """Notes as base64 of four numbers each, of seven bits a byte, the lowest first.

    They are milliseconds since the start of the note before (of the phrase, for the first),
    hundredths of a second that it lasts, pitch and velocity.
    """
    data = bytearray()
    before = 0
    for note in notes:
        start, end = phrase.seconds(note.start), phrase.seconds(note.start + note.duration)
        now = _milliseconds(start)
        for number in (now - before, max(1, round(100 * (end - start))), note.pitch, note.velocity):
            while number > 0x7F:
                data.append(number & 0x7F | 0x80)
                number >>= 7
            data.append(number)
        before = now
    return base64.b64encode(data).decode("ascii")
