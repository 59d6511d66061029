"""A text, read sentence by sentence."""

from pathlib import Path
from typing import BinaryIO, Literal

from sonify.errors import SonifyError
from sonify.reading.book import Book, Chapter, Sentence

__all__ = ["Book", "Chapter", "Sentence", "Source", "Split", "read"]

Source = Path | BinaryIO
Split = Literal["auto", "sentences", "lines"]


def read(source: Source, *, split: Split = "auto") -> Book:
    """Open a text, and tell what it is; its sentences are read as they are asked for.

    A text file isn't held in memory, however long. An EPUB is, but for its media; it is parsed
    chapter by chapter.

    Args:
        source: a .txt or .epub file; or a binary stream of text such as `sys.stdin.buffer`, which
            has no title. Of a stream every line is taken for a paragraph and handed on as soon as
            it is complete, so that somebody may be typing, unless `split` is "sentences": then it
            is read as a file is.
        split: "sentences" for sentences of prose, over the ends of lines; "lines" for a sentence a
            line, without chapters if it is a text file; "auto" to take verse by lines and prose by
            sentences (see `layout.detect` for how they are told apart).

    Raises:
        SonifyError: it can't be read; or later, while the sentences are read: a place in it can't.
    """
    from sonify.reading import txt  # slow to import, and the types above are wanted without

    if not isinstance(source, Path):
        if split == "sentences":
            return txt.read(source, "standard input", "", split)
        return txt.read_live(source, "standard input", split)
    try:
        if source.is_dir():
            raise SonifyError(f"{source} is a folder: name a .txt or .epub file in it")
        file = source.open("rb")
        start = file.peek(4)
    except FileNotFoundError as error:
        raise SonifyError(f"{source} isn't there: check the name") from error
    except OSError as error:
        raise SonifyError(f"{source} can't be opened ({error.strerror})") from error
    if start.startswith(b"PK\x03\x04") or (start and source.suffix.lower() == ".epub"):
        file.close()
        from sonify.reading import epub  # not needed for a poem, and slow to import

        return epub.read(source, split)
    return txt.read(file, str(source), source.stem, split)
