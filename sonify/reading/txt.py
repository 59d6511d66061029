"""Plain text."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from sonify.errors import SonifyError
from sonify.reading import blocks, encoding, language, layout
from sonify.reading.blocks import Block, Heading, Paragraph
from sonify.reading.book import Book
from sonify.reading.chapters import is_heading, may_be_heading
from sonify.reading.layout import Layout


def read(stream: BinaryIO, name: str, title: str, split: str) -> Book:
    """Read a text file; see `sonify.reading.read`."""
    lines = encoding.lines(stream, name)
    head = _until_letter(lines, name, layout.SAMPLE)
    found = language.detect("\n".join(head))
    shape = layout.detect(_without_headings(head))
    verse = split == "lines" or (split == "auto" and shape.verse)
    lines = chain(head, lines)
    if split == "lines":
        text = _line_by_line(lines)
    elif verse:
        text = _blocks(lines, shape)
    else:
        if shape.verse:
            shape = Layout(width=1)  # by order these lines are prose, so they are wrapped
        text = blocks.joined(_blocks(lines, shape))
    return Book(title, "", found, verse, blocks.sentences(text, verse=verse))


def read_live(stream: BinaryIO, name: str, split: str) -> Book:
    """Read a stream line by line, each handed on as soon as it is complete.

    A line stands for itself: nothing that follows is waited for, so there are no chapters, and no
    sentence goes on from one line to the next.
    """
    lines = encoding.lines(stream, name, live=True)
    head = _until_letter(lines, name, 1)
    found = language.detect("\n".join(head))
    verse = split == "lines"
    text = _line_by_line(chain(head, lines))
    return Book("", "", found, verse, blocks.sentences(text, verse=verse), live=True)


def _line_by_line(lines: Iterable[str]) -> Iterator[Block]:
    return (Paragraph((line.strip(),)) for line in lines if line.strip())


def _until_letter(lines: Iterator[str], name: str, enough: int) -> list[str]:
    """The first lines: at least `enough` characters, and one letter."""
    head: list[str] = []
    length = 0
    found = False
    for line in lines:
        head.append(line)
        length += len(line) + 1
        found = found or language.has_letter(line)
        if found and length >= enough:
            return head
        if length > blocks.LONGEST:
            break
    if found:
        return head
    if not any(line.strip() for line in head):
        raise SonifyError(f"{name} is blank: there is nothing to play")
    raise SonifyError(f"{name} has no letter in it: sonify plays words")


def _blocks(lines: Iterable[str], shape: Layout) -> Iterator[Block]:
    """The headings of a text, and its paragraphs or stanzas."""
    one_per_line = not (shape.verse or shape.width)
    gathered: list[str] = []
    length = 0

    def paragraph() -> Iterator[Paragraph]:
        nonlocal gathered, length
        if gathered:
            yield Paragraph(tuple(gathered) if shape.by_word else ("".join(gathered).strip(),))
        gathered, length = [], 0

    for line, blank_before, following in _with_neighbours(lines):
        text = line.strip()
        if _begins_chapter(text, blank_before, following, shape):
            yield from paragraph()
            yield Heading(" ".join(text.split()))
            continue
        if gathered and (
            one_per_line
            or blank_before
            or length > blocks.LONGEST
            or (shape.width and _begins_paragraph(gathered[-1], line, shape))
        ):
            yield from paragraph()
        # Where lines were cut at any letter, the white space at their ends is the text's.
        gathered.append(text if shape.by_word else line)
        length += len(text)
    yield from paragraph()


def _with_neighbours(lines: Iterable[str]) -> Iterator[tuple[str, int, str | None]]:
    """Each line that isn't blank, with how many blank ones stand before it, and the next line.

    The next line is None past the end. Before the first line there are blank ones enough.
    """
    blank = 2
    held: tuple[str, int] | None = None
    for line in lines:
        if held:
            yield (*held, line)
            held = None
        if line.strip():
            held = line, blank
            blank = 0
        else:
            blank += 1
    if held:
        yield (*held, None)


def _without_headings(lines: Iterable[str]) -> list[str]:
    text: list[str] = []
    for line, blank_before, following in _with_neighbours(lines):
        if not _begins_chapter(line, blank_before, following, Layout()):
            text.extend([""] * bool(blank_before) + [line])
    return text


def _begins_chapter(line: str, blank_before: int, following: str | None, shape: Layout) -> bool:
    if is_heading(line):
        return True
    alone = blank_before and following is not None and not following.strip()
    # A stanza may be one line; a poem's title stands farther off.
    return bool(alone) and blank_before > shape.verse and may_be_heading(line)


def _begins_paragraph(before: str, line: str, shape: Layout) -> bool:
    """Whether a line of wrapped prose begins a paragraph: it is indented, or would have fitted."""
    if line[:1].isspace() and not before[:1].isspace() and shape.by_word:
        return True
    room = shape.width - 2 - shape.measure(before.strip())  # an indent or a space may be part of it
    return room > 0 if not shape.by_word else room >= 1 + shape.measure(line.split()[0])
