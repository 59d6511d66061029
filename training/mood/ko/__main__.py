"""Train `ko` and write models/ko: `python -m training.mood.ko`.

It takes the steps that an earlier, interrupted run didn't; delete its work folder to begin anew.
"""

import argparse
import copy
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_val_predict

from sonify.mood.ko import LONGEST, Calibration, KoModel
from sonify.mood.models import FOLDER
from sonify.mood.spelling import normalize
from training import files
from training.mood import data, judged, metrics
from training.mood.data import PoemLine
from training.mood.evaluate import Figures, evaluate
from training.mood.ko import (
    calibration,
    card,
    e5,
    emotions,
    literature,
    network,
)
from training.mood.ko import pieces as vocabulary
from training.mood.ko import register as register_of
from training.mood.ko.export import export, whole
from training.mood.ko.register import Register
from training.mood.ko.reviews import Reviews
from training.mood.ko.texts import Texts

SENTENCES = 12_000
REVIEWS = 120_000
"""Sentences of novels and reviews that the register is learned from, beside all poems."""
FOLDS = 5
"""Parts of the poems: each calibrates, by what was learned without it."""


def main() -> None:
    """Train, export, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("work/mood/ko"))
    parser.add_argument("--models", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--condition",
        choices=("open", "paper"),
        default="open",
        help="learn from all reviews but the test split's (shipped), or from the train split only;"
        " the latter only measures",
    )
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)

    texts = Texts()
    try:  # before hours were spent without it
        lexicon = list(data.lexicon())
        _ = texts.reviews, texts.poems, texts.comments, texts.novels
    except FileNotFoundError as error:
        raise SystemExit(
            f"training.mood.ko: {error.filename} is missing; training/mood/data.py lists the data"
        ) from error
    morphemes = vocabulary.analyzed(texts, options.work)
    pieces = vocabulary.vocabulary(morphemes, options.work)
    meanings = vocabulary.meanings(morphemes, lexicon, judged.words(), options.work)
    vectors, scale = whole(vocabulary.vectors(pieces, morphemes, meanings))
    rows = rows_of(pieces, texts.normalized)

    meant = vectors * scale
    begin = meant[:, : vocabulary.DIMENSIONS]
    reviews = Reviews(texts, pieces, rows, begin, options.condition, options.work)
    net, characters, positive = reviews.learn(options.seed)
    if options.condition == "paper":
        return

    known = literary(texts, pieces, meant, net, meanings, options.work)
    school = literature.School.of(known)
    poets = by_poet(school, texts)
    rows_of_lines = rows_of(pieces, known.texts)

    def read(
        name: str, poems: NDArray[np.intp]
    ) -> tuple[network.Network, literature.Lines, literature.Literature]:
        """The network that read all but other poems, what it makes of all lines, the student."""
        lesson, felt = school.lesson(poems)
        reader = copy.deepcopy(net)
        lines_read = [known.texts[place] for place in lesson]
        kept = options.work / f"{name}-{options.seed}.pt"
        network.read(reader, texts, pieces, lines_read, felt, positive, options.seed, kept)
        seen = replace(known, pooled=pooled(reader, rows_of_lines))
        return reader, seen, literature.learn(seen, lesson, felt)

    random = np.random.default_rng(1)
    drawn = random.permutation(len(texts.novels))[:SENTENCES]
    prose = [normalize(texts.novels[place][1]) for place in drawn]
    chosen = random.choice(texts.train, REVIEWS, replace=False)
    poem = np.array([line.poem for line in texts.poems])
    lines = known.texts[: len(poem)]

    fold = np.unique(poem, return_inverse=True)[1] % FOLDS
    outputs, told = np.zeros(known.targets.shape), np.zeros(len(poem))
    for number in range(FOLDS):
        others, here = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        reader, seen, student = read(f"fold-{number}", others)
        outputs[here] = literature.heard_in(seen, here, student)
        of_prose = pooled(reader, rows_of(pieces, prose))
        told[here] = Register.learn(
            [lines[place] for place in others], prose, np.vstack([seen.pooled[others], of_prose]),
            student,
        ).logits([lines[place] for place in here], seen.pooled[here], student)  # fmt: skip
    truth = known.targets
    verse = calibration.literature(outputs[:, 0], truth[:, 0])
    valence = np.tanh(np.polyval(verse, outputs[:, 0]) / 2)

    net, seen, learned = read("read", np.arange(len(poem)))
    reviews.measure("read", options.seed, [net, characters])
    review = reviews.calibrated([net, characters])
    heard, verdicts = in_novels(learned, pieces, meant, net)
    in_prose = calibration.prose(heard, verdicts)
    of_lines, of_prose = seen.pooled[: len(poem)], pooled(net, rows_of(pieces, prose))
    of_reviews = pooled(net, [rows[place] for place in chosen])
    registers = [
        Register.learn(
            [*lines, *prose], [texts.normalized[place] for place in chosen],
            np.vstack([of_lines, of_prose, of_reviews]), learned,
        ),
        Register.learn(lines, prose, np.vstack([of_lines, of_prose]), learned),
    ]  # fmt: skip
    aside = [texts.normalized[place] for place in texts.validation]
    of_aside = pooled(net, [rows[place] for place in texts.validation])
    lone = registers[0].logits(aside, of_aside, learned)
    folder = options.models / KoModel.name
    export(
        folder,
        pieces,
        net,
        characters,
        vectors,
        float(scale),
        learned,
        registers,
        Calibration(
            review=review,
            prior=(register_of.lone(lone), register_of.whole(told, poem)),
            verse=verse,
            prose=in_prose,
            intensity=tuple(np.quantile(outputs[:, -1], (0.02, 0.98)).tolist()),
            neutral=calibration.neutral(np.tanh(np.polyval(in_prose, heard) / 2), verdicts),
            groups=emotions.OF_LABEL,
        ),
    )
    with files.whole(options.work / f"figures-{options.seed}.json") as file:
        file.write(json.dumps(asdict(evaluate(KoModel.load(folder)))).encode())
    measured = {
        int(kept.stem.removeprefix("figures-")): Figures(**json.loads(kept.read_bytes()))
        for kept in sorted(options.work.glob("figures-*.json"))
    }
    figures = {
        "spearman": metrics.spearman(valence, truth[:, 0]),
        "balanced": metrics.balanced_accuracy(valence, truth[:, 0]),
        "emotions": metrics.macro_spearman(outputs[:, 1:-1], truth[:, 1:-1]),
    }
    accuracies = {
        (condition, who, int(seed)): float(kept.read_text())
        for kept in sorted(options.work.glob("accuracy-*.txt"))
        for _, condition, who, seed in [kept.stem.split("-")]
    }
    taught = len(known.texts) - len(known.targets)
    card.write(folder, options.seed, measured, FOLDS, figures, poets, accuracies, taught)


def by_poet(school: literature.School, texts: Texts) -> dict[str, tuple[float, float]]:
    """Balanced accuracy and Spearman on each poet's lines, learned from the other poets'.

    One calibration serves all of them, and so does `as_readers`; otherwise nothing of the poet's
    was learned.
    """
    poets = np.array([line.poet for line in texts.poems])
    outputs = np.zeros(len(poets))
    for poet in np.unique(poets):
        outputs[poets == poet] = school.held_out(poets == poet)[:, 0]
    truth = school.lines.targets[:, 0]
    slope, offset = calibration.literature(outputs, truth)
    figures = {}
    for poet in np.unique(poets):
        here = poets == poet
        figures[str(poet)] = (
            metrics.balanced_accuracy(slope * outputs[here] + offset, truth[here]),
            metrics.spearman(outputs[here], truth[here]),
        )
    return figures


def literary(
    texts: Texts, pieces: SentencePieceProcessor, vectors: NDArray[np.float32],
    net: network.Network, meanings: dict[tuple[str, str], NDArray[np.float64]], work: Path,
) -> literature.Lines:  # fmt: skip
    """All that literature is learned from, seen in every view."""
    targets = np.array([target(line) for line in texts.poems])
    others = [(name, line, verdict) for name, line, verdict in judged.lines()]
    others += [(f"verse {number}", line, verdict) for number, line, verdict in judged.verse()]
    originals = [line.text for line in texts.poems] + [line for _, line, _ in others]
    normalized = [normalize(text) for text in originals]
    rows = rows_of(pieces, normalized)
    return literature.Lines(
        texts=normalized,
        owner=[f"poem {line.poem}" for line in texts.poems] + [name for name, *_ in others],
        targets=targets,
        judged=as_readers(texts, targets, [verdict for *_, verdict in others]),
        meaning=meaning(vectors, rows),
        pooled=pooled(net, rows),
        morphemes=literature.extremes(vocabulary.meanings_of(originals, meanings)),
        e5=e5.embed(normalized, work / "e5.npy"),
    )


def as_readers(
    texts: Texts, targets: NDArray[np.float64], others: Sequence[judged.Judgement]
) -> NDArray[np.float64]:
    """What was judged of the poems' lines, then of others, in terms of readers, (lines, outputs).

    By ridge regression from what was judged of the poems' lines to what their readers felt; at each
    poem by what was learned from others. (So what is said here of other lines knows of all poems,
    those that `School.held_out` holds out among them, though by nothing but these few weights.)

    Args:
        texts: with the poems.
        targets: what their readers felt.
        others: what was judged of the other lines.
    """
    verdicts = judged.poems()
    features = np.array([
        verdicts[poem, place].features()
        for poem, lines in groupby(line.poem for line in texts.poems)
        for place, _ in enumerate(lines)
    ])  # fmt: skip
    poem = [line.poem for line in texts.poems]
    learned = Ridge(10).fit(features, targets)
    folds = GroupKFold(min(10, len(set(poem))))
    return np.vstack([
        cross_val_predict(learned, features, targets, groups=poem, cv=folds),
        learned.predict([verdict.features() for verdict in others]),
    ])  # fmt: skip


def in_novels(
    student: literature.Literature, pieces: SentencePieceProcessor, vectors: NDArray[np.float32],
    net: network.Network,
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:  # fmt: skip
    """The valences that the student hears in the sentences that were judged, and the verdicts."""
    heard, given = [], []
    for name, verdicts in data.verdicts("dev").items():
        texts = [normalize(sentence) for sentence in data.novel(name)]
        rows = rows_of(pieces, texts)
        valence = literature.heard(
            student, texts, [name] * len(texts), meaning(vectors, rows), pooled(net, rows)
        )[:, 0]
        heard += valence[list(verdicts)].tolist()
        given += verdicts.values()
    return np.array(heard), np.array(given)


def rows_of(pieces: SentencePieceProcessor, texts: Sequence[str]) -> list[list[int]]:
    """The rows of the pieces of some normalized texts, as many as the model hears."""
    return [some[:LONGEST] for some in pieces.encode(texts)]


def meaning(vectors: NDArray[np.float32], rows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """`literature.extremes` of the vectors of each text's pieces that have one."""
    has_vector = vectors.any(axis=1)
    return literature.extremes([vectors[[r for r in some if has_vector[r]]] for some in rows])


def target(line: PoemLine) -> list[float]:
    """Valence, the share of each of `EMOTIONS`, the share of the strongest emotion."""
    strongest = max((s for e, s in line.emotions.items() if e != emotions.NONE), default=0.0)
    return [line.valence, *emotions.shares(line.emotions), strongest]


@torch.inference_mode()
def pooled(net: network.Network, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """What the network makes of each text, (texts, 2d)."""
    net.eval()
    batches = (rows[start : start + 256] for start in range(0, len(rows), 256))
    return np.concatenate([net.pool(*network.padded(batch)).numpy() for batch in batches])


if __name__ == "__main__":
    main()
