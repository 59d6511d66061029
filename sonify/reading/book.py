"""What reading hands on: a book, its chapters, its sentences."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of a book: its place (from 0) and its title (empty where it has none)."""

    index: int
    title: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of prose, or a line of verse.

    Attributes:
        text: the words, NFC, without line breaks.
        chapter: the chapter it stands in.
        index: its place in the book, from 0.
        paragraph: the paragraph (in verse, the stanza) it stands in, counted through the book
            from 0.
    """

    text: str
    chapter: Chapter
    index: int
    paragraph: int


@dataclass(frozen=True, slots=True)
class Book:
    """A text that is being read: what is known before the first sentence, and the sentences.

    Attributes:
        title: from the metadata, or else the file's name without its suffix.
        author: empty where it isn't known.
        language: ISO 639-1 code, "ko" for Korean.
        verse: whether `sentences` are lines of verse rather than sentences of prose.
        sentences: read as they are asked for, once.
        live: whether somebody may still be writing it.
    """

    title: str
    author: str
    language: str
    verse: bool
    sentences: Iterator[Sentence]
    live: bool = False
