"""What the mood models learn from and are measured on: NSMC, KPoEM, KOTE, KNU and KoCoNovel.

All are looked for in the folder that `$SONIFY_DATA` names (default: `../shared/data` beside the
project):

    nsmc/reviews.tsv.xz        all reviews, columns `id movie rating split document`
    nsmc/ratings_train.txt     or the corpus as its authors publish it (github.com/e9t/nsmc),
    nsmc/ratings_test.txt      columns `id document label`: no ratings, no `extra` reviews, which
                               is enough for `ko-paper` alone
    kpoem/lines.jsonl          lines of Korean modern poems with their emotions
    kote/{train,val,test}.tsv  online comments with their emotions, columns `id text labels`
    knu/SentiWord_info.json    words with their polarities (github.com/mrchypark/KnuSentiLexR)
    novels/*.txt               forty novels, a sentence a line
"""

import csv
import json
import lzma
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LABELS = (
    "불평/불만", "환영/호의", "감동/감탄", "지긋지긋", "고마움", "슬픔", "화남/분노", "존경",
    "기대감", "우쭐댐/무시함", "안타까움/실망", "비장함", "의심/불신", "뿌듯함", "편안/쾌적",
    "신기함/관심", "아껴주는", "부끄러움", "공포/무서움", "절망", "한심함", "역겨움/징그러움",
    "짜증", "어이없음", "없음", "패배/자기혐오", "귀찮음", "힘듦/지침", "즐거움/신남", "깨달음",
    "죄책감", "증오/혐오", "흐뭇함(귀여움/예쁨)", "당황/난처", "경악", "부담/안_내킴", "서러움",
    "재미없음", "불쌍함/연민", "놀람", "행복", "불안/걱정", "기쁨", "안심/신뢰",
)  # fmt: skip
"""The 44 emotions of KOTE and KPoEM, in KOTE's order."""

PLEASANT = frozenset({
    "환영/호의", "감동/감탄", "고마움", "존경", "기대감", "뿌듯함", "편안/쾌적", "아껴주는",
    "즐거움/신남", "흐뭇함(귀여움/예쁨)", "행복", "기쁨", "안심/신뢰",
})  # fmt: skip
NEITHER = frozenset({"없음", "비장함", "깨달음", "놀람", "신기함/관심"})
UNPLEASANT = frozenset(LABELS) - PLEASANT - NEITHER


def folder() -> Path:
    """Where the data lies: `$SONIFY_DATA`, or `../shared/data` beside the project."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("SONIFY_DATA", beside))


def valence(emotions: Mapping[str, float]) -> float:
    """Valence, -1 to 1, of the share with which each emotion was chosen.

    (p - n) / (p + n), with p the pleasant emotions' sum and n the unpleasant ones'; 0 where
    neither was chosen.
    """
    pleasant = sum(share for name, share in emotions.items() if name in PLEASANT)
    unpleasant = sum(share for name, share in emotions.items() if name in UNPLEASANT)
    either = pleasant + unpleasant
    return (pleasant - unpleasant) / either if either else 0.0


@dataclass(frozen=True, slots=True)
class Review:
    """A film review.

    Attributes:
        text: as it was written; may be empty.
        rating: 1 to 10; None where the file tells only positive from negative.
        positive: True from rating 9, False up to 4, None between (the corpus' own labels).
        id: the corpus' number of it.
    """

    text: str
    rating: int | None
    positive: bool | None
    id: str


@dataclass(frozen=True, slots=True)
class PoemLine:
    """A line of a poem; lines with the same `poem` follow each other as they do in the poem.

    Attributes:
        poem: the poem's number.
        poet: who wrote it.
        text: the line.
        emotions: the share, 0 to 1, of five annotators who chose each emotion (absent: none).
    """

    poem: int
    poet: str
    text: str
    emotions: Mapping[str, float]

    @property
    def valence(self) -> float:
        """-1 to 1, see `valence`."""
        return valence(self.emotions)


@dataclass(frozen=True, slots=True)
class Comment:
    """An online comment and the emotions, of `LABELS`, that its annotators heard in it."""

    text: str
    emotions: frozenset[str]


def nsmc(split: Literal["train", "test", "extra"]) -> Iterator[Review]:
    """The Naver sentiment movie corpus' reviews of a split, in the file's order.

    `train` (150,000) and `test` (50,000) are the corpus' own; `extra` is every other review that
    was collected, those rated 5 to 8 among them.

    Raises:
        FileNotFoundError: neither form of the corpus is there, or not in a form with this split.
    """
    everything = folder() / "nsmc" / "reviews.tsv.xz"
    if everything.exists():
        with lzma.open(everything, "rt", encoding="utf-8", newline="\n") as lines:
            next(lines)
            for line in lines:
                number, _, rating, part, text = line.rstrip("\n").split("\t")
                if part == split:
                    yield _rated(text, int(rating), number)
    else:
        with (folder() / "nsmc" / f"ratings_{split}.txt").open(
            encoding="utf-8", newline="\n"
        ) as lines:
            next(lines)
            for line in lines:
                number, text, label = line.rstrip("\r\n").split("\t")
                yield Review(text, None, label == "1", number)


def kpoem(split: Literal["train", "dev", "test"]) -> Iterator[PoemLine]:
    """KPoEM's lines (arXiv 2509.03932) of the poems in a split, in their order."""
    with (folder() / "kpoem" / "lines.jsonl").open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["split"] == split:
                yield PoemLine(line["poem"], line["poet"], line["text"], line["emotions"])


def kote(split: Literal["train", "val", "test"]) -> Iterator[Comment]:
    """KOTE's comments (arXiv 2205.05300) of a split."""
    with (folder() / "kote" / f"{split}.tsv").open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            _, text, labels = line.rstrip("\r\n").split("\t")
            yield Comment(text, frozenset(LABELS[int(label)] for label in labels.split(",")))


def lexicon() -> Iterator[tuple[str, float]]:
    """Words and phrases of the KNU sentiment lexicon with their polarities, -2 to 2."""
    text = (folder() / "knu" / "SentiWord_info.json").read_text(encoding="utf-8-sig")
    for entry in json.loads(text):
        yield entry["word"], float(entry["polarity"])


def novels() -> list[str]:
    """The names of KoCoNovel's novels (arXiv 2404.01140), sorted.

    Raises:
        FileNotFoundError: the folder isn't there.
    """
    files = (folder() / "novels").iterdir()
    return sorted(file.stem for file in files if file.suffix == ".txt")


def novel(name: str) -> Iterator[str]:
    """The sentences of a novel, or here and there paragraphs."""
    with (folder() / "novels" / f"{name}.txt").open(encoding="utf-8") as lines:
        yield from filter(None, map(str.strip, lines))


def verdicts(split: Literal["dev", "test"]) -> dict[str, dict[int, str]]:
    """By novel: the places of sentences of `novel`, and the polarity that a reader heard in each.

    They were drawn at random and judged before any model was asked, all by one reader: 160
    sentences of 20 novels for `dev`, 200 of the 20 others for `test`.
    """
    found: dict[str, dict[int, str]] = {}
    with Path(__file__).with_name("novels.tsv").open(encoding="utf-8", newline="\n") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            if row["split"] == split:
                found.setdefault(row["novel"], {})[int(row["sentence"])] = row["verdict"]
    return found


def _rated(text: str, rating: int, number: str) -> Review:
    return Review(text, rating, True if rating >= 9 else False if rating <= 4 else None, number)
