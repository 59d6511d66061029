"""What a text is made of, whatever its format, and how it becomes sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from sonify.reading.book import Chapter, Sentence
from sonify.reading.sentences import runs_on, split

LONGEST = 1 << 20
"""Characters of a paragraph; a longer one is cut, so that memory stays flat."""

_NESTED = 3  # headings in a row: part, chapter, section; more of them are a table of contents


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a chapter begins."""

    title: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of prose (one line, or several that were wrapped) or a stanza of verse."""

    lines: tuple[str, ...]


Block = Heading | Paragraph


def joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Prose in which paragraphs that one sentence runs through are one paragraph."""
    held: list[str] = []
    length = 0
    for block in chain(blocks, [None]):
        text = " ".join(block.lines) if isinstance(block, Paragraph) else ""
        if held and not (text and length < LONGEST and runs_on(held[-1], text)):
            yield Paragraph((" ".join(held),))
            held, length = [], 0
        if isinstance(block, Heading):
            yield block
        elif block:
            held.append(text)
            length += len(text)


def sentences(blocks: Iterable[Block], *, verse: bool) -> Iterator[Sentence]:
    """Number the sentences of a text, its paragraphs and its chapters.

    Lines of verse stay what they are; prose is divided.

    Headings that follow one another (a part's, a chapter's) make one title, unless they are so many
    that they must be a table of contents. A heading that nothing follows (“끝”) is a sentence.
    """
    chapter = Chapter(0, "")
    titles: list[str] = []
    listed = False
    index = paragraph = 0
    for block in chain(blocks, [None]):
        if isinstance(block, Heading):
            titles.append(block.title)
            listed = listed or len(titles) > _NESTED
            texts: Iterable[str] = titles[:-1] if listed else ()
            titles = titles[-1:] if listed else titles
        elif block is None:
            texts = titles
        else:
            if titles:
                chapter = Chapter(chapter.index + (index > 0), " ".join(titles))
            titles, listed = [], False
            texts = block.lines if verse else split(" ".join(block.lines))
        before = index
        for text in texts:
            yield Sentence(text, chapter, index, paragraph)
            index += 1
        paragraph += index > before
