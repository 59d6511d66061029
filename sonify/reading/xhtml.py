"""The text of an XHTML document, as a reader of an EPUB sees it."""

import re
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from lxml import etree, html

from sonify.reading.blocks import Block, Heading, Paragraph
from sonify.reading.chapters import is_heading
from sonify.reading.encoding import clean

_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_BLOCK = re.compile(
    "address|article|aside|blockquote|body|caption|center|d[dlt]|details|div|fieldset|figcaption"
    "|figure|footer|form|h[1-6r]|header|hgroup|li|main|menu|nav|ol|p|pre|section|summary|table"
    "|tbody|t[dhr]|tfoot|thead|ul"
)
_NO_TEXT = re.compile(
    "audio|canvas|head|iframe|math|object|rp|rtc?|script|style|svg|template|video"
)
_NOT_READ = re.compile(  # a value of epub:type, or of role behind its "doc-"
    r"\b(?:cover|(?:foot|end|rear)notes?|landmarks|noteref|page-?list|pagebreak|toc)\b"
)
_NOTE_MARK = re.compile(
    r"[\[(〔（]?\s*(?:[주註]\s*)?(?:\d{1,3}|[①-⑳]|[*†‡※↩↑]+\d{0,3})\s*[\])〕）.\ufe0e]{0,2}"
)
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_NO_RULE = re.compile(  # of a style sheet: comments, and what may have a rule's marks in it
    r"""/\*(?:.*?\*/|.*)|"[^"\n]*"|'[^'\n]*'|url\([^()"'\n]*\)""", re.S
)
_UP_TO_MARK = re.compile(r"([^{};]*)([{};]?)")


def parse(document: bytes) -> Any:
    """The root element; a document that isn't well-formed is read as browsers read it.

    Raises:
        lxml.etree.LxmlError: not even they could, or it is nested deeper than anybody writes.
    """
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        root = html.document_fromstring(document, parser=parser)
        if fatal := parser.error_log.filter_from_fatals():  # it stopped there, and keeps quiet
            raise etree.LxmlError(fatal[0].message) from None
        return root


def undisplayed(style_sheet: str) -> set[str]:
    """The selectors by tag and class (.note, span.note) whose elements it doesn't display."""
    found: set[str] = set()
    within: list[str] = []  # what stands before each { that is open
    for text, mark in _UP_TO_MARK.findall(_NO_RULE.sub("", style_sheet)):
        if mark == "{":
            within.append(text)
        elif len(within) == 1 and "@" not in within[0] and _NOT_DISPLAYED.search(text):
            found.update(map(str.strip, within[0].split(",")))
        if mark == "}" and within:
            within.pop()
    return found


def blocks(
    root: Any,
    chapters: Mapping[str, Sequence[str]],
    *,
    has_contents: bool,
    hidden: Collection[str] = (),
) -> Iterator[Block]:
    """Walk through a document.

    Left out are footnote marks and their notes, ruby readings, page numbers, and what isn't shown.

    Args:
        root: the root element.
        chapters: from the table of contents, the titles of the chapters that begin here, by
            fragment ("" for the beginning of the document).
        has_contents: whether the book has a table of contents. If not, its headings make chapters.
        hidden: see `undisplayed`.
    """
    yield from _Walk(chapters, has_contents, hidden).document(root)


class _Walk:
    def __init__(
        self, chapters: Mapping[str, Sequence[str]], has_contents: bool, hidden: Collection[str]
    ):
        self._chapters = chapters
        self._has_contents = has_contents
        self._hidden = hidden
        self._line: list[str] = []
        self._lines: list[str] = []
        self._titles: set[str] = set()  # of the chapter that begins, while no text has followed

    def document(self, root: Any) -> Iterator[Block]:
        body = next((element for element in root.iter() if _name(element) == "body"), root)
        yield from self._chapter("")
        yield from self._element(body)

    def _element(self, root: Any) -> Iterator[Block]:
        """Walks without recursion: tags that nobody closed nest deeper than Python calls."""
        ahead = [(root, False)]
        while ahead:
            element, is_begun = ahead.pop()
            if is_begun:
                if _BLOCK.fullmatch(name := _name(element)):
                    yield from self._end_paragraph(name)
            elif (yield from self._begin(element)):
                ahead.append((element, True))
                ahead.extend((child, False) for child in reversed(element))
                continue
            if element is not root:
                self._text(element.tail, _name(element.getparent()))

    def _begin(self, element: Any) -> Generator[Block, None, bool]:
        """Begins an element, and returns whether what is in it is read."""
        name = _name(element)
        if element.tag is etree.Entity:
            self._line.append(unescape(element.text))
        if not name:
            return False
        yield from self._chapter(element.get("id") or element.get("name") or None)
        if self._is_left_out(element, name):
            return False
        if name == "br":
            self._end_line()
        if _BLOCK.fullmatch(name):
            yield from self._end_paragraph()
        self._text(element.text, name)
        return True

    def _is_left_out(self, element: Any, name: str) -> bool:
        kind = element.get(_EPUB_TYPE) or element.get("epub:type") or element.get("role", "")
        classes = element.get("class", "").split()
        return (
            bool(_NO_TEXT.fullmatch(name) or _NOT_READ.search(kind))
            or element.get("hidden") is not None
            or element.get("aria-hidden") == "true"
            or bool(_NOT_DISPLAYED.search(element.get("style", "")))
            or any(f".{one}" in self._hidden or f"{name}.{one}" in self._hidden for one in classes)
            or self._is_note_mark(element, name)
        )

    def _is_note_mark(self, element: Any, name: str) -> bool:
        """Whether this is the mark of a footnote: a number that is raised, or leads elsewhere."""
        if name == "sup":
            if self._line and self._line[-1][-1:].isdigit():
                return False  # 10²
        elif name != "a" or "#" not in element.get("href", ""):
            return False
        return bool(_NOTE_MARK.fullmatch("".join(element.itertext()).strip()))

    def _chapter(self, fragment: str | None) -> Iterator[Block]:
        titles = self._chapters.get(fragment) if fragment is not None else None
        if titles:
            yield from self._end_paragraph()
            yield from map(Heading, titles)
            self._titles = {_squeezed(title) for title in titles} - {""}

    def _text(self, text: str | None, name: str) -> None:
        if text and name == "pre":
            for line in text.splitlines():
                self._line.append(line)
                self._end_line()
        elif text:
            self._line.append(text)

    def _end_line(self) -> None:
        line = " ".join(clean("".join(self._line)).split())
        self._line = []
        if line:
            self._lines.append(line)

    def _end_paragraph(self, name: str = "p") -> Iterator[Block]:
        self._end_line()
        if not self._lines:
            return
        text = " ".join(self._lines)
        is_heading_tag = name in ("h1", "h2", "h3")
        if self._is_said(_squeezed(text), is_heading_tag):
            pass
        elif not self._has_contents and (is_heading_tag or is_heading(text)):
            yield Heading(text)
        else:
            yield Paragraph(tuple(self._lines))
            if not is_heading_tag:
                self._titles = set()
        self._lines = []

    def _is_said(self, squeezed: str, is_heading_tag: bool) -> bool:
        """Whether a heading is what the table of contents has said, or a part of it."""
        return squeezed in self._titles or any(
            is_heading_tag and squeezed and (squeezed in title or title in squeezed)
            for title in self._titles
        )


def _name(element: Any) -> str:
    """The name of a tag without its namespace; empty for a comment or an entity."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def _squeezed(text: str) -> str:
    return re.sub(r"\W", "", text)
