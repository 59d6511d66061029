"""NSMC's reviews, tokenized once and kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from rich.progress import track

from sonify.mood import okt
from training.mood import data


def tokenized(split: Literal["train", "test"], work: Path) -> Iterator[tuple[list[str], bool]]:
    """Each review of a split: its tokens, and whether it is positive.

    They are kept in `work`, a review a line; where an earlier run was interrupted, this one goes
    on.
    """
    reviews = list(data.nsmc(split))
    kept = work / f"tokens-{split}.txt"
    work.mkdir(parents=True, exist_ok=True)
    done = _cut_to_whole_lines(kept)
    with kept.open("a", encoding="utf-8") as lines, ThreadPoolExecutor() as pool:
        todo = range(done, len(reviews), 1000)
        for start in track(todo, f"Okt, {split}", disable=not todo):
            texts = (review.text for review in reviews[start : start + 1000])
            lines.writelines(" ".join(tokens) + "\n" for tokens in pool.map(okt.tokens, texts))
            lines.flush()
    with kept.open(encoding="utf-8", newline="\n") as lines:
        for line, review in zip(lines, reviews, strict=True):
            yield line.split(), bool(review.positive)


def _cut_to_whole_lines(path: Path) -> int:
    """Drop what follows the last line end of `path`; return the number of lines left."""
    text = path.read_bytes() if path.exists() else b""
    whole = text[: text.rfind(b"\n") + 1]
    if whole != text:
        path.write_bytes(whole)
    return whole.count(b"\n")
