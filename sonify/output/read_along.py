"""An EPUB that plays its own soundtrack: EPUB 3 Media Overlays.

The book stays what it was, byte for byte, but for the marks around its sentences: the places of
these are found in the documents' source, and marks are put in there, without writing the documents
anew. Sentences are found by their letters and digits in their order, whatever the reader made of
spaces and punctuation.
"""

import posixpath
import re
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from lxml import etree

from sonify.errors import SonifyError
from sonify.melody.score import Phrase, Score
from sonify.output.audio import Audio
from sonify.output.output import FileOutput

_FOLDER = "sonify"  # in the book: what is added to it
_ACTIVE = "sonify-sung"  # class of what is sung
_STYLE = f".{_ACTIVE} {{ background-color: #ffe7bb; color: #26221c; }}\n"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_INLINE = re.compile(
    r"a|abbr|b|bdi|bdo|br|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|q|r[bpt]|rtc|ruby|s|samp"
    r"|small|span|strong|su[bp]|time|tt|u|var|wbr"
)
_NO_TEXT = re.compile(r"head|math|r[pt]|rtc|script|style|svg")
_OPENING = frozenset("“‘「『《〈([{<（［〔【…—―-~\"'")
_CLOSING_ONLY = frozenset(".,!?。、…·”’」』》〉)]}>）］〕】—―-~\"'？！：；:;")
_FAR = 2000  # letters: so far ahead a short sentence isn't looked for
_SHORT = 8  # letters


@dataclass(frozen=True, slots=True)
class _Sung:
    """A sentence that is sung, and its clip: which audio file, and seconds in it."""

    text: str
    audio: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class _Clip:
    """Seconds of an audio file, and the mark in a document that they belong to."""

    mark: str
    audio: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class _Character:
    """A character of a document: where it stands in the source, in bytes, and in what.

    Attributes:
        element: the number of the element it stands in.
        run: the number of the text it stands in, between tags.
        blocks: how many elements that aren't inline began before it.
    """

    text: str
    start: int
    end: int
    element: int
    run: int
    blocks: int


class ReadAlong(FileOutput):
    """Writes the book that a score sings, with the music in it.

    Args:
        path: where the file goes.
        score: sings the book.
        source: the book, an EPUB 3.
        program: General MIDI program, 0 (grand piano) to 127.
        soundfont: an .sf2 file, instead of the one that is installed.
    """

    def __init__(
        self,
        path: Path,
        score: Score,
        *,
        source: Path | None,
        program: int = 0,
        soundfont: Path | None = None,
    ) -> None:
        super().__init__(path)
        self._score, self._source = score, source
        self._program, self._soundfont = program, soundfont
        self._opened = ExitStack()
        self._audio: Audio | None = None

    def _begin(self) -> None:
        if self._source is None or not zipfile.is_zipfile(self._source):
            raise SonifyError(f"can't write {self.path}: only an EPUB becomes one that plays")
        self._archive = self._opened.enter_context(zipfile.ZipFile(self._source))
        self._package = _Package(self._archive, self._source)
        _check_members(self._archive, self._source)
        self._folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory()))
        self._chapter: int | None = None
        self._origin = 0.0
        self._lengths: list[float] = []  # seconds, of each audio file
        self._sung: list[_Sung] = []

    def _write(self, phrase: Phrase) -> None:
        if phrase.chapter.index != self._chapter:
            self._end_audio()
            self._chapter, self._origin = phrase.chapter.index, phrase.time
            self._audio = Audio(
                self._track(len(self._lengths)), self._score,
                program=self._program, soundfont=self._soundfont,
            )  # fmt: skip
            self._audio.__enter__()
            self._lengths.append(0.0)
        assert self._audio is not None
        self._audio.write(phrase)
        time = phrase.time - self._origin
        self._lengths[-1] = time + phrase.duration
        for start, end, mood in phrase.sung():
            begin, until = time + phrase.seconds(start), time + phrase.seconds(end)
            self._sung.append(_Sung(mood.sentence.text, len(self._lengths) - 1, begin, until))

    def _finish(self) -> None:
        self._end_audio()
        documents = self._package.documents(self._archive)
        clips = _joined(_mark(documents, self._sung), self._lengths)
        if not clips:
            raise SonifyError(f"can't write {self.path}: its sentences aren't in {self._source}")
        changed: dict[str, bytes] = {}
        added: list[tuple[str, str]] = [(f"{self._package.folder}/style.css", _STYLE)]
        overlays: dict[str, float] = {}  # seconds, by document
        for document in documents:
            own = [clips[mark] for mark in document.marks if mark in clips]
            if own:
                changed[document.name] = document.marked(self._package.folder)
                smil = _smil(document.name, own, self._package.folder)
                added.append((f"{self._package.folder}/{len(overlays)}.smil", smil))
                overlays[document.name] = sum(clip.end - clip.begin for clip in own)
        changed[self._package.name] = self._package.with_overlays(overlays, len(self._lengths))
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED) as book:
            for member in self._archive.infolist():
                content = changed.get(member.filename) or self._archive.read(member)
                book.writestr(member, content)
            for name, text in added:
                book.writestr(_member(name, zipfile.ZIP_DEFLATED), text)
            for number in range(len(self._lengths)):
                member = _member(f"{self._package.folder}/{number}.mp3", zipfile.ZIP_STORED)
                with self._track(number).open("rb") as sound, book.open(member, "w") as place:
                    shutil.copyfileobj(sound, place)

    def _discard(self) -> None:
        audio, self._audio = self._audio, None
        if audio is not None:
            audio.__exit__(SonifyError, None, None)
        self._opened.close()

    def _track(self, number: int) -> Path:
        return self._folder / f"{number}.mp3"

    def _end_audio(self) -> None:
        audio, self._audio = self._audio, None
        if audio is not None:
            audio.__exit__(None, None, None)


class _Document:
    """A document's text, with the place of every character in its source, and marks in it.

    Args:
        name: in the archive.
        source: UTF-8.

    Raises:
        expat.ExpatError: it isn't well-formed, so browsers mend it, each its own way.
    """

    def __init__(self, name: str, source: bytes) -> None:
        self.name = name
        self.marks: list[str] = []
        self._source = source
        self._inserted: list[tuple[int, int, str]] = []  # where, ends before beginnings, what
        self._head: int | None = None  # where it ends
        self.characters: list[_Character] = []
        self._elements: list[tuple[int, bool]] = []  # number, whether it has text, of those open
        self._begun = self._blocks = self._run = 0
        self._is_raw = False
        parser = expat.ParserCreate("utf-8")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
        parser.UseForeignDTD(True)  # so an entity that isn't known is left out
        parser.ExternalEntityRefHandler = lambda *_: 1
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartCdataSectionHandler = lambda: self._set_raw(True)
        parser.EndCdataSectionHandler = lambda: self._set_raw(False)
        self._parser = parser
        parser.Parse(source, True)

    def mark(self, first: int, last: int, name: str) -> list[tuple[str, int]]:
        """Marks characters `first` to `last`: the names of the marks, with their letters.

        It takes more than one mark where they stand in several elements.
        """
        groups: list[list[int]] = []
        if self._same(first, last):
            groups = [list(range(first, last + 1))]
        else:
            for place in range(first, last + 1):
                if groups and self._same(groups[-1][-1], place):
                    groups[-1].append(place)
                else:
                    groups.append([place])
        made: list[tuple[str, int]] = []
        for group in groups:
            letters = sum(map(bool, (_key(self.characters[place].text) for place in group)))
            if not letters:
                continue
            own = name if not made else f"{name}-{len(made) + 1}"
            begin, end = self.characters[group[0]].start, self.characters[group[-1]].end
            self._inserted += [(begin, 1, f'<span id="{own}">'), (end, 0, "</span>")]
            self.marks.append(own)
            made.append((own, letters))
        return made

    def marked(self, folder: str) -> bytes:
        """The source with its marks, and with the style of what is sung."""
        inserted = list(self._inserted)
        if self._head is not None:
            style = quote(posixpath.relpath(f"{folder}/style.css", posixpath.dirname(self.name)))
            link = f'<link rel="stylesheet" type="text/css" href="{style}"/>'
            inserted.append((self._head, 0, link))
        parts, done = [], 0
        for place, _, text in sorted(inserted):
            parts += [self._source[done:place], text.encode()]
            done = place
        return b"".join([*parts, self._source[done:]])

    def _same(self, one: int, other: int) -> bool:
        """Whether a mark may go from one character to the other."""
        a, b = self.characters[one], self.characters[other]
        return a.element == b.element and a.blocks == b.blocks

    def _start(self, name: str, _: object) -> None:
        name = name.rpartition(":")[2].lower()
        has_text = not self._elements or self._elements[-1][1]
        self._begun += 1
        self._run += 1
        self._blocks += not _INLINE.fullmatch(name)
        self._elements.append((self._begun, has_text and not _NO_TEXT.fullmatch(name)))

    def _end(self, name: str) -> None:
        self._elements.pop()
        self._run += 1
        if not _INLINE.fullmatch(name):
            self._blocks += 1
        if name == "head" and self._source.startswith(b"</", self._parser.CurrentByteIndex):
            self._head = self._parser.CurrentByteIndex

    def _set_raw(self, is_raw: bool) -> None:
        self._is_raw = is_raw

    def _text(self, text: str) -> None:
        element, has_text = self._elements[-1]
        start = self._parser.CurrentByteIndex
        if not has_text or self._is_raw:
            return
        is_reference = self._source.startswith(b"&", start)
        for character in text:
            if is_reference:
                end = self._source.index(b";", start) + 1
            else:
                end = start + len(character.encode())
            place = _Character(character, start, end, element, self._run, self._blocks)
            self.characters.append(place)
            start = end


class _Package:
    """What an EPUB says of itself.

    Raises:
        SonifyError: it can't have an overlay.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        try:  # what reads the text forgives more
            container = etree.fromstring(archive.read("META-INF/container.xml"))
            self.name = next(container.iter(f"{_CONTAINER}rootfile")).get("full-path")
            self._root = etree.fromstring(archive.read(self.name))
        except (etree.XMLSyntaxError, KeyError) as error:
            raise SonifyError(
                f"{path} can't carry its soundtrack: its package document can't be read; "
                "convert it first, with Calibre for example"
            ) from error
        self._base = posixpath.dirname(self.name)
        self.folder = posixpath.join(self._base, _FOLDER)
        if not self._root.get("version", "").startswith("3"):
            raise SonifyError(
                f"{path} is an EPUB {self._root.get('version', '2')}, and only an EPUB 3 can carry "
                "its soundtrack: convert it first, with Calibre for example"
            )
        self._items = {item.get("id"): item for item in self._root.iter(f"{_OPF}item")}
        if any(item.get("media-overlay") for item in self._items.values()):
            raise SonifyError(f"{path} has something to hear in it already (Media Overlays)")

    def documents(self, archive: zipfile.ZipFile) -> list[_Document]:
        """In reading order, those in UTF-8 that are well-formed."""
        found = []
        for reference in self._root.iter(f"{_OPF}itemref"):
            item = self._items.get(reference.get("idref"))
            if item is None or item.get("media-type") != "application/xhtml+xml":
                continue
            name = self._place(item)
            try:
                source = archive.read(name)
                source.decode("utf-8")
                found.append(_Document(name, source))
            except (KeyError, UnicodeDecodeError, expat.ExpatError):
                continue
        return found

    def with_overlays(self, overlays: dict[str, float], tracks: int) -> bytes:
        """The package document, with what is added to the book.

        Args:
            overlays: seconds that each document's overlay lasts, by the document's name.
            tracks: how many audio files there are.
        """
        metadata = next(self._root.iter(f"{_OPF}metadata"))
        manifest = next(self._root.iter(f"{_OPF}manifest"))

        def meta(name: str, value: str, **more: str) -> None:
            element = etree.SubElement(metadata, f"{_OPF}meta", property=f"media:{name}", **more)
            element.text, element.tail = value, "\n"

        def item(name: str, identifier: str, media_type: str) -> None:
            element = etree.SubElement(manifest, f"{_OPF}item", id=identifier)
            element.set("href", f"{_FOLDER}/{name}")
            element.set("media-type", media_type)
            element.tail = "\n"

        item("style.css", "sonify-style", "text/css")
        for track in range(tracks):
            item(f"{track}.mp3", f"sonify-audio-{track}", "audio/mpeg")
        names = {self._place(each): each for each in self._items.values()}
        for number, (document, seconds) in enumerate(overlays.items()):
            item(f"{number}.smil", f"sonify-overlay-{number}", "application/smil+xml")
            names[document].set("media-overlay", f"sonify-overlay-{number}")
            meta("duration", _clock(seconds), refines=f"#sonify-overlay-{number}")
        meta("duration", _clock(sum(overlays.values())))
        meta("active-class", _ACTIVE)
        package: bytes = etree.tostring(
            self._root.getroottree(), encoding="utf-8", xml_declaration=True
        )
        return package

    def _place(self, item: etree._Element) -> str:
        return posixpath.normpath(posixpath.join(self._base, unquote(item.get("href", ""))))


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuses a book that can't be copied whole, before its music is made."""
    for member in archive.infolist():
        try:
            archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise SonifyError(
                f"{path} can't carry its soundtrack: {member.filename} in it is damaged; "
                "get it again"
            ) from error


def _mark(documents: Sequence[_Document], sung: Sequence[_Sung]) -> Iterator[_Clip]:
    """Marks the sentences in the documents, and says which clip belongs to which mark."""
    places = [
        (document, place)
        for document in documents
        for place, character in enumerate(document.characters)
        for _ in _key(character.text)
    ]
    letters = "".join(
        _key(character.text) for document in documents for character in document.characters
    )
    done = 0
    before: tuple[_Document | None, int] = (None, -1)  # the last character that is marked
    for number, sentence in enumerate(sung):
        wanted = _key(sentence.text)
        found = letters.find(wanted, done) if wanted else -1
        if found < 0 or (found - done > _FAR and len(wanted) < _SHORT):
            continue
        (document, first), (last_document, last) = places[found], places[found + len(wanted) - 1]
        if document is not last_document or (document, first) == before:
            continue
        done = found + len(wanted)
        floor = before[1] + 1 if before[0] is document else 0
        first, last = _with_punctuation(document.characters, first, last, floor)
        before = (document, last)
        marks = document.mark(first, last, f"sonify-{number + 1}")
        time, share = sentence.begin, sum(letters for _, letters in marks)
        for mark, length in marks:
            until = time + (sentence.end - sentence.begin) * length / share
            yield _Clip(mark, sentence.audio, time, until)
            time = until


def _with_punctuation(
    characters: Sequence[_Character], first: int, last: int, floor: int
) -> tuple[int, int]:
    """The sentence with the marks that open and close it, as far as no tag stands between."""
    run = characters[first].run
    while first > floor and characters[first - 1].run == run:
        if characters[first - 1].text not in _OPENING:
            break
        first -= 1
    run = characters[last].run
    while last + 1 < len(characters) and characters[last + 1].run == run:
        if characters[last + 1].text not in _CLOSING_ONLY:
            break
        last += 1
    return first, last


def _joined(clips: Iterator[_Clip], lengths: Sequence[float]) -> dict[str, _Clip]:
    """The clips by their marks; music between two of them goes with the one before."""
    found = list(clips)
    joined: dict[str, _Clip] = {}
    for clip, after in zip(found, [*found[1:], None], strict=True):
        is_last = after is None or after.audio != clip.audio
        is_first = not joined or found[len(joined) - 1].audio != clip.audio
        end = lengths[clip.audio] if is_last or after is None else after.begin
        joined[clip.mark] = replace(clip, begin=0.0 if is_first else clip.begin, end=end)
    return joined


def _smil(document: str, clips: Sequence[_Clip], folder: str) -> str:
    text = quote(posixpath.relpath(document, folder))
    pars = [
        f'<par id="{clip.mark}"><text src={quoteattr(f"{text}#{clip.mark}")}/>'
        f'<audio src="{clip.audio}.mp3" clipBegin="{_clock(clip.begin)}" '
        f'clipEnd="{_clock(clip.end)}"/></par>'
        for clip in clips
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<smil xmlns="http://www.w3.org/ns/SMIL" version="3.0">\n<body>\n'
        + "\n".join(pars)
        + "\n</body>\n</smil>\n"
    )


def _key(text: str) -> str:
    """What of a text sentences are found by: its letters and digits, decomposed."""
    return "".join(
        c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] in "LN"
    )


def _clock(seconds: float) -> str:
    return f"{seconds:.3f}s"


def _member(name: str, compression: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type, member.external_attr = compression, 0o644 << 16
    return member
