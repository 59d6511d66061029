"""How well the reader finds the ends of sentences, and how fast: `python -m benchmarks.sentences`.

`sentence_ends.json` says where sentences end in 44 passages from all 40 of the shared novels: 731
ends, marked by hand; a file's name → [first line, line past the last, offsets of all ends but the
last]. Offsets count characters of the passage's lines joined by spaces: most line breaks of the
files are ends of sentences and would give them away. The splitter was tuned on the 24 passages
that were marked first. The others were marked when it stood; it had an F1 of 0.992 on them, and
four words were added to it since.

A quotation that stands by itself was marked sentence by sentence, one within a sentence as part of
it. kiwipiepy, the splitter to compare with (`pip install kiwipiepy`), has it so too. The novels
have straight quotation marks, and curly ones say more, so both are measured.
"""

import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import results
from sonify import reading
from sonify.reading import layout, sentences
from training.mood import data

Splitter = Callable[[str], Iterable[int]]
"""From a text to the offsets past its sentences."""


def main() -> None:
    """Measure, and write results/sentences.md."""
    splitters: dict[str, Splitter] = {"sonify": _ours}
    try:
        splitters["kiwipiepy"] = _kiwi()
    except ImportError:
        print("kiwipiepy isn't installed: it is left out")
    marked = json.loads(Path(__file__).with_name("sentence_ends.json").read_text())
    scores = [["F1 (precision, recall) on", *splitters]]
    for part, passages in marked.items():
        count = sum(len(ends) for _, _, ends in passages.values())
        for marks, quotes in (("straight", str), ("curly", _with_curly_quotes)):
            scores.append(
                [f"{part}: {count} ends, {marks} quotation marks"]
                + [_score(passages, splitter, quotes) for splitter in splitters.values()]
            )
    novels = [path.read_text(encoding="utf-8") for path in _novels()]
    paragraphs = [line for novel in novels for line in novel.splitlines()]
    speeds = [f"{_speed(paragraphs, splitter):,.0f}" for splitter in splitters.values()]
    scores.append(["sentences a second", *speeds])
    results.write(
        "sentences",
        "The ends of sentences",
        "python -m benchmarks.sentences",
        [scores, _reading_speed(), _layouts(novels)],
    )


def _novels() -> list[Path]:
    return sorted((data.folder() / "novels").glob("*.txt"))


def _ours(text: str) -> Iterable[int]:
    end = 0
    for sentence in sentences.split(text):
        end = text.index(sentence, end) + len(sentence)
        yield end


def _kiwi() -> Splitter:
    from kiwipiepy import Kiwi

    kiwi = Kiwi()
    return lambda text: [sentence.end for sentence in kiwi.split_into_sents(text)]


def _with_curly_quotes(text: str) -> str:
    text = re.sub(r'(?<!\S)"', "“", text).replace('"', "”")
    return re.sub(r"(?<!\S)'", "‘", text).replace("'", "’")


def _score(passages: dict[str, list], splitter: Splitter, quotes: Callable[[str], str]) -> str:
    right = found = marked = 0
    for file, (first, past, ends) in passages.items():
        lines = (data.folder() / "novels" / file).read_text(encoding="utf-8").splitlines()
        text = quotes(" ".join(line.strip() for line in lines[first:past]))
        predicted = set(splitter(text)) - {len(text)}  # the end of a passage is no achievement
        right += len(predicted & set(ends))
        found += len(predicted)
        marked += len(ends)
    return f"{2 * right / (found + marked):.4f} ({right / found:.3f}, {right / marked:.3f})"


def _speed(paragraphs: list[str], splitter: Splitter) -> float:
    before = time.process_time()
    count = sum(sum(1 for _ in splitter(paragraph)) for paragraph in paragraphs)
    return count / (time.process_time() - before)


def _reading_speed() -> list[list[str]]:
    before = time.process_time()
    count = sum(sum(1 for _ in reading.read(path).sentences) for path in _novels())
    speed = count / (time.process_time() - before)
    return [["from file to sentence", "sentences a second"], ["the 40 novels", f"{speed:,.0f}"]]


def _layouts(novels: list[str]) -> list[list[object]]:
    """How often verse, wrapped prose and prose in paragraphs are told apart."""
    poems = defaultdict[str, list[str]](list)
    with (data.folder() / "kpoem" / "lines.jsonl").open(encoding="utf-8") as file:
        for entry in map(json.loads, file):
            poems[entry["poem"]].append(entry["text"])
    kinds = {
        "verse": [lines for lines in poems.values() if len(lines) >= 3],
        "prose, a paragraph a line": [novel.splitlines() for novel in novels],
        "prose, wrapped": [_wrapped(novel, random.Random(novel)) for novel in novels],
    }
    table: list[list[object]] = [["taken for", "verse", "wrapped", "a paragraph a line"]]
    for kind, texts in kinds.items():
        shapes = [layout.detect(lines[:300]) for lines in texts]
        verse, wrapped = sum(s.verse for s in shapes), sum(s.width > 0 for s in shapes)
        table.append([f"{kind}: {len(texts)}", verse, wrapped, len(shapes) - verse - wrapped])
    return table


def _wrapped(novel: str, rng: random.Random) -> list[str]:
    """A novel in paragraphs of three lines, wrapped at some width, by word or by letter."""
    width, by_word = rng.randint(40, 100), rng.random() < 0.5
    source, lines = novel.splitlines(), []
    for first in range(0, len(source), 3):
        line = ""
        words = " ".join(source[first : first + 3])
        for piece in re.findall(r"\S+\s*" if by_word else ".", words):
            if layout.columns((line + piece).rstrip()) > width:
                lines.append(line.rstrip() if by_word else line)
                line = ""
            line += piece
        lines.append(line)
    return lines


if __name__ == "__main__":
    main()
