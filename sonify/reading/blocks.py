"""What a text is made of, whatever its format, and how it becomes sentences."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from sonify.reading.book import Chapter, Sentence
from sonify.reading.sentences import runs_on, split

_NESTED = 3  # headings in a row: part, chapter, section; more of them are a table of contents
_LONGEST = 1 << 20  # characters of a paragraph


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a chapter begins."""

    title: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of prose (one line, or several that were wrapped) or a stanza of verse."""

    lines: tuple[str, ...]


Block = Heading | Paragraph


def verse(paragraph: Paragraph) -> Iterable[str]:
    """The lines as they stand."""
    return paragraph.lines


def prose(paragraph: Paragraph) -> Iterable[str]:
    """The sentences, over the ends of the lines."""
    return split(" ".join(paragraph.lines))


def joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Prose in which paragraphs that one sentence runs through are one paragraph."""
    held = ""
    for block in blocks:
        if isinstance(block, Heading):
            if held:
                yield Paragraph((held,))
            held = ""
            yield block
            continue
        text = " ".join(block.lines)
        if held and len(held) < _LONGEST and runs_on(held, text):
            held = f"{held} {text}"
            continue
        if held:
            yield Paragraph((held,))
        held = text
    if held:
        yield Paragraph((held,))


def sentences(
    blocks: Iterable[Block], divide: Callable[[Paragraph], Iterable[str]]
) -> Iterator[Sentence]:
    """Number the sentences of a text, its paragraphs and its chapters.

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
            texts = divide(block)
        before = index
        for text in texts:
            yield Sentence(text, chapter, index, paragraph)
            index += 1
        paragraph += index > before
