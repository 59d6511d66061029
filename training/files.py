"""Files that long trainings leave."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, that takes its name when it is whole: whatever interrupts the writing,
    what was there before stays."""
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        yield file
    partial.replace(path)
