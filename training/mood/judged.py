"""What a large language model judged, where readers' verdicts are few; `verdicts/README.md` tells
how it was asked, and how well it agrees with readers.

    verdicts/lines.tsv    the novels, broken into lines as long as a poem's
    verdicts/verse.tsv    verse that it wrote itself
    verdicts/poems.tsv    lines of KPoEM's train and dev poems, to measure it against their readers
    verdicts/words.tsv    morphemes
    verdicts/reviews.tsv  film reviews that are hard to tell
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.mood.mood import EMOTIONS
from training.mood import data

FOLDER = Path(__file__).with_name("verdicts")
PLEASANT = slice(EMOTIONS.index("joy"), EMOTIONS.index("calm") + 1)
UNPLEASANT = slice(EMOTIONS.index("sadness"), EMOTIONS.index("anger") + 1)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is felt at a line, or at a word.

    Attributes:
        valence: -1 to 1.
        felt: of each of `EMOTIONS`, 0 to 9: at a line, how often five readers would name it; at a
            word, how strongly it calls it up.
    """

    valence: float
    felt: tuple[int, ...]

    @classmethod
    def parse(cls, valence: str, felt: str) -> "Judgement":
        """From a whole number, -9 to 9, and a digit for each emotion."""
        return cls(int(valence) / 9, tuple(map(int, felt)))

    def features(self) -> NDArray[np.float64]:
        """What readers' verdicts are predicted from, (23,)."""
        felt = np.array(self.felt, float)
        total, most = max(felt.sum(), 1), felt.max()
        pleasant, unpleasant = felt[PLEASANT].sum(), felt[UNPLEASANT].sum()
        balance = (pleasant - unpleasant) / max(pleasant + unpleasant, 1)
        logarithms, strength = np.log1p(felt), np.log1p(felt.sum())
        return np.array([
            self.valence, balance, *(felt / total), *logarithms, strength, most / total, most,
            self.valence**2, self.valence * strength,
        ])  # fmt: skip


def lines() -> Iterator[tuple[str, str, Judgement]]:
    """Lines of novels in their order: the novel's name, the line, the judgement.

    None of the sentences that `data.verdicts` names is among them: by those, what was learned is
    calibrated and tested.
    """
    calibrating = data.verdicts("dev")
    sentences: list[str] = []
    open_novel = None
    for row in _rows("lines"):
        if int(row["sentence"]) in calibrating.get(row["novel"], {}):
            continue
        if row["novel"] != open_novel:
            open_novel = row["novel"]
            sentences = list(data.novel(open_novel))
        words = sentences[int(row["sentence"])].split()
        for line in row["lines"].split():
            length, *judged = line.split(":")
            here, words = words[: int(length)], words[int(length) :]
            yield open_novel, " ".join(here), Judgement.parse(*judged)


def verse() -> Iterator[tuple[int, str, Judgement]]:
    """Lines of verse in their order: the poem's number, the line, the judgement."""
    for row in _rows("verse"):
        yield int(row["poem"]), row["line"], Judgement.parse(row["valence"], row["felt"])


def poems() -> dict[tuple[int, int], Judgement]:
    """By KPoEM's number of a poem and the place of a line in it, from 0."""
    return {
        (int(row["poem"]), int(row["line"])): Judgement.parse(row["valence"], row["felt"])
        for row in _rows("poems")
    }


def words() -> dict[tuple[str, str], Judgement]:
    """By form and part-of-speech tag of a morpheme, as Kiwi names them."""
    return {
        (row["word"], row["tag"]): Judgement.parse(row["valence"], row["felt"])
        for row in _rows("words")
    }


def reviews() -> dict[str, int]:
    """By a review's `id`: from 0, surely rated 1 to 4, to 9, surely 9 or 10."""
    return {row["id"]: int(row["guess"]) for row in _rows("reviews")}


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8", newline="\n") as rows:
        yield from csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
