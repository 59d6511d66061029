"""Novels of any length to measure with: the sentences of those in $SONIFY_DATA, or of samples/."""

import os
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from sonify import reading

DATA = Path(os.environ.get("SONIFY_DATA", "../shared/data")) / "novels"
CHAPTER = 200
"""Sentences."""


def write_novel(path: Path, length: int, chapter: int = CHAPTER) -> Path:
    """Writes a novel of `length` sentences, with a heading every `chapter` of them."""
    with path.open("w", encoding="utf-8") as file:
        for index, sentence in enumerate(islice(sentences(), length)):
            if index % chapter == 0:
                file.write(f"\n\n제{index // chapter + 1}장\n\n")
            file.write(f"{sentence}\n")
    return path


def sentences() -> Iterator[str]:
    """Sentences without end.

    When there are no more, they are made of the beginning of one and the end of another, so that
    none comes twice for a long time.
    """
    novels = sorted(DATA.glob("*.txt")) or [Path("samples/maengnori.epub")]
    known = [sentence.text for novel in novels for sentence in reading.read(novel).sentences]
    yield from known
    halves = [text.split() for text in known]
    for distance in count(1):
        for place, words in enumerate(halves):
            others = halves[(place + distance) % len(halves)]
            yield " ".join(words[: (len(words) + 1) // 2] + others[(len(others) + 1) // 2 :])
