"""EPUB 2 and 3."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ebooklib import epub
from lxml import etree

from sonify.errors import SonifyError
from sonify.reading import blocks, language, layout, xhtml
from sonify.reading.blocks import Block, Heading, Paragraph
from sonify.reading.book import Book
from sonify.reading.encoding import clean
from sonify.reading.layout import Layout

_LARGEST = 500_000_000  # bytes unpacked
_RATIO = 200  # bytes unpacked for a byte packed
_MEDIA = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?|mp[34]|m4[av]|ogg|wav|webm|[ot]tf|woff2?)$", re.I
)
_TEXT = re.compile(r"\.(?:x?html?|xml|opf|ncx)$", re.I)


def read(path: Path, split: str) -> Book:
    """Read an EPUB; see `sonify.reading.read`."""
    _check_archive(path)
    package = _Package(path)
    text = package.blocks()
    head: list[Block] = []
    lines: list[str] = []
    for block in text:
        head.append(block)
        if isinstance(block, Paragraph):
            lines.extend((*block.lines, ""))
        if sum(map(len, lines)) >= layout.SAMPLE:
            break
    sample = "\n".join(lines)
    if not language.has_letter(sample):
        raise SonifyError(f"{path} has no text in it (only pictures?): sonify plays words")
    shape = layout.detect(lines)
    verse = split == "lines" or (split == "auto" and shape.verse)
    text = chain(head, text)
    if not verse:
        text = blocks.joined(_paragraphs(text, shape))
    return Book(
        package.title or path.stem,
        package.author,
        language.detect(sample, package.language),
        verse,
        blocks.sentences(text, verse=verse),
    )


def _paragraphs(text: Iterable[Block], shape: Layout) -> Iterator[Block]:
    """Prose in which a forced line break ends a paragraph, unless the lines were wrapped by it."""
    for block in text:
        if isinstance(block, Heading) or shape.width:
            yield block
        else:
            yield from (Paragraph((line,)) for line in block.lines)


def _check_archive(path: Path) -> None:
    """Refuse an archive that can't be read, or had better not be."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > _LARGEST or unpacked > _RATIO * path.stat().st_size:
                raise SonifyError(
                    f"{path} would unpack to {unpacked / 1e6:,.0f} MB: a zip bomb, not a book"
                )
            if any(member.flag_bits & 1 for member in members):
                raise SonifyError(f"{path} is protected by a password: unlock it first")
            names = archive.namelist()
            if "META-INF/container.xml" not in names:
                raise SonifyError(f"{path} is a zip archive but no EPUB")
            if "META-INF/encryption.xml" in names:
                _check_rights(path, archive.read("META-INF/encryption.xml"))
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise SonifyError(
            f"{path} isn't a whole EPUB (its archive is cut off or damaged): get it again"
        ) from error


def _check_rights(path: Path, encryption: bytes) -> None:
    """Refuse a text under DRM. Fonts may be encrypted: EPUB obfuscates them so."""
    _refuse_entities(path, encryption)
    try:
        references = list(xhtml.parse(encryption).iter("{*}CipherReference"))
    except etree.LxmlError as error:
        raise _damaged(path, "META-INF/encryption.xml") from error
    if any(_TEXT.search(unquote(reference.get("URI", ""))) for reference in references):
        raise SonifyError(f"{path} is locked by its shop (DRM): sonify can't read it")


def _refuse_entities(path: Path, document: bytes) -> None:
    if b"<!ENTITY" in document.replace(b"\0", b""):  # in UTF-16 as well
        raise SonifyError(f"{path} defines XML entities, as an attack would: not read")


def _damaged(path: Path, what: str) -> SonifyError:
    return SonifyError(f"{path} isn't a sound EPUB ({what} can't be read): get it again")


class _Reader(epub.EpubReader):  # type: ignore[misc]
    """ebooklib's reader, made to leave media unread and to forgive what one can do without.

    Attributes:
        missing: files that the package names but the archive hasn't.
    """

    def __init__(self, path: Path):
        super().__init__(str(path), {"ignore_ncx": True})
        self.path = path
        self.missing: set[str] = set()

    def read_file(self, name: str) -> bytes:
        name = posixpath.normpath(name)
        if _MEDIA.search(name):
            return b""
        try:
            content: bytes = super().read_file(name)
        except KeyError:
            if name == self.opf_file:
                raise
            self.missing.add(name)
            return b""
        _refuse_entities(self.path, content)
        return content

    # A broken table of contents is none.

    def _parse_ncx(self, data: bytes) -> None:
        try:
            super()._parse_ncx(data)
        except (etree.LxmlError, AttributeError, IndexError):
            self.book.toc = []

    def _parse_nav(self, data: bytes, base_path: str, navtype: str = "toc") -> None:
        try:
            super()._parse_nav(data, base_path, navtype)
        except (etree.LxmlError, AttributeError, IndexError):
            if navtype == "toc":
                self.book.toc = []


class _Package:
    """What an EPUB says of itself, and its documents.

    Raises:
        SonifyError: it can't be read.
    """

    def __init__(self, path: Path):
        reader = _Reader(path)
        try:
            self._book = reader.load()
        except SonifyError:
            raise
        except Exception as error:  # ebooklib raises whatever a malformed package leads it to
            raise _damaged(path, "its package") from error
        self._path = path
        self.title = next(self._metadata("title"), "")
        self.author = ", ".join(self._metadata("creator"))
        self.language = next(self._metadata("language"), "")
        self._documents = list(self._spine(reader))
        self._chapters = self._contents()
        self._hidden = {
            selector
            for item in self._book.get_items()
            if item.media_type == "text/css"
            for selector in xhtml.undisplayed(item.content.decode("utf-8-sig", "replace"))
        }

    def blocks(self) -> Iterator[Block]:
        """The text, document by document."""
        for item in self._documents:
            try:
                root = xhtml.parse(item.content)
            except etree.LxmlError as error:
                raise _damaged(self._path, item.file_name) from error
            yield from xhtml.blocks(
                root,
                self._chapters.get(posixpath.normpath(item.file_name), {}),
                has_contents=bool(self._chapters),
                hidden=self._hidden,
            )

    def _metadata(self, name: str) -> Iterator[str]:
        for value, _ in self._book.get_metadata("DC", name):
            if value and value.strip():
                yield " ".join(clean(value).split())

    def _spine(self, reader: _Reader) -> Iterator[Any]:
        """The documents in reading order, without the cover and the table of contents."""
        front = {
            posixpath.normpath(unquote(reference["href"] or "").partition("#")[0])
            for reference in self._book.guide
            if reference["type"] in ("cover", "toc")
        }
        for identifier, linear in self._book.spine:
            item = self._book.get_item_with_id(identifier)
            name = identifier if item is None else posixpath.join(reader.opf_dir, item.file_name)
            if item is None or posixpath.normpath(name) in reader.missing:
                raise SonifyError(f"{self._path} isn't whole ({name} is missing): get it again")
            is_front = (
                isinstance(item, epub.EpubNav | epub.EpubCoverHtml)
                or posixpath.normpath(item.file_name) in front
                or posixpath.basename(item.file_name).lower().startswith("cover.")
            )
            if linear != "no" and not is_front and item.content:
                yield item

    def _contents(self) -> dict[str, dict[str, list[str]]]:
        """The titles of the chapters that begin in each file, by fragment ("" for its start)."""
        files = {posixpath.normpath(item.file_name) for item in self._documents}
        folders = [""] + [  # what addresses in an NCX are relative to
            posixpath.dirname(item.file_name)
            for item in self._book.get_items()
            if isinstance(item, epub.EpubNcx)
        ]
        chapters: dict[str, dict[str, list[str]]] = {}
        waiting: list[str] = []  # parts without a page of their own
        for title, address in _entries(self._book.toc):
            title = " ".join(clean(title).split())
            file, _, fragment = unquote(address).partition("#")
            places = [posixpath.normpath(posixpath.join(folder, file)) for folder in folders]
            place = next((place for place in places if place in files), None)
            if title and not address:
                waiting.append(title)
            elif title and place:
                titles = chapters.setdefault(place, {}).setdefault(fragment, [])
                titles.extend(new for new in (*waiting, title) if new not in titles)
                waiting = []
        return chapters


def _entries(contents: Any) -> Iterator[tuple[str, str]]:
    """Title and address of every entry in a table of contents, at whatever depth, in order."""
    for entry in contents if isinstance(contents, list) else [contents]:
        section, children = entry if isinstance(entry, tuple) else (entry, [])
        yield section.title or "", section.href or ""
        yield from _entries(children)
