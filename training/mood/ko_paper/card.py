"""The model card of `ko-paper`, with the paper's figures 2 and 3 made again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import matplotlib
from gensim.models import Word2Vec
from matplotlib.figure import Figure

from sonify.mood.paper import PaperModel
from training.mood.evaluate import Figures
from training.mood.ko_paper import network, words

CARD = """\
# ko-paper

Korean, positive or negative: the paper's Okt, Word2Vec and Bi-LSTM, learned from film reviews.

It is here as the reference that the default model is compared with (`--mood ko-paper`). What it
knows is how people praise and pan films; of literature it hears little (see KPoEM below).

## Method

Sungpyo Cho and Taelim Hwang, *Music Generation based on Emotions*, section 3. Okt (konlpy), with
normalising and stemming, makes tokens like `좋다/Adjective`. Skip-gram Word2Vec (gensim,
{dimensions} dimensions, window 5) learns a vector for each of the {vocabulary:,} tokens that occur
five times or more in the training reviews. A Bi-LSTM of {units} units each way, which starts from
these vectors and may change them, a fully connected layer of {hidden} and a softmax tell negative
from positive; dropout {dropout}, Adam, batches of {batch}, stopped when 10,000 training reviews
kept aside got no better. Valence is 2p - 1 of the probability p of positive, whose logits are
divided by a temperature ({temperature}, fitted on those 10,000 reviews). Within ±{neutral}, where
fewer than six verdicts in ten were right there, the polarity is neutral. Intensity is |valence|;
it tells no emotions apart. Weights are kept in half precision ({size:.1f} MB) and run in NumPy.

Made with `python -m training.mood.ko_paper`, seed {seed}, {date}.

## Data

The Naver sentiment movie corpus (github.com/e9t/nsmc, CC0): the 150,000 reviews of its train
split, and nothing else.

## Figures

Measured on the files in this folder (`python -m benchmarks.mood --mood ko-paper`).

| | this model | the paper |
| --- | --- | --- |
| NSMC test, 50,000 reviews: accuracy | {accuracy:.2%} | 87.6 % |
| NSMC test: calibration error · heard as neutral | {ece_nsmc:.3f} · {neutral_nsmc:.1%} | |
| KPoEM test, 803 lines of poems: balanced accuracy | {balanced:.3f} | |
| KPoEM test: Spearman correlation of valence | {spearman:.3f} | |
| KPoEM test: calibration error · heard as neutral | {ece_kpoem:.3f} · {neutral_kpoem:.1%} | |

Verdicts are counted by the sign of valence.

The 20 tokens nearest to 공포 (horror), as in the paper's figure 2:

{nearest}

Accuracy by epoch, as in its figure 3 (epoch {best}, the best on validation, is kept):

![accuracy by epoch](accuracy.svg)
"""


def write(
    folder: Path, model: PaperModel, vectors: Word2Vec, epochs: Sequence[dict[str, float]],
    figures: Figures,
) -> None:  # fmt: skip
    """Write `card.md` and `accuracy.svg` into a model folder.

    Args:
        folder: holds the model's files already.
        model: loaded from there.
        vectors: as Word2Vec learned them, before the network changed them.
        epochs: see `network.epochs`.
        figures: measured on the model's files.
    """
    _plot(epochs, folder / "accuracy.svg")
    nearest = "\n".join(
        f"{place}. `{token}` {similarity:.3f}"
        for place, (token, similarity) in enumerate(
            vectors.wv.most_similar("공포/Noun", topn=20), 1
        )
    )
    card = CARD.format(
        dimensions=words.DIMENSIONS,
        vocabulary=len(vectors.wv),
        units=network.UNITS,
        hidden=network.HIDDEN,
        dropout=network.DROPOUT,
        batch=network.BATCH,
        temperature=model.temperature,
        neutral=model.neutral,
        size=sum(file.stat().st_size for file in folder.iterdir()) / 1e6,
        seed=words.SEED,
        date=datetime.now(UTC).date(),
        accuracy=figures.accuracy,
        balanced=figures.balanced_accuracy,
        spearman=figures.spearman,
        ece_nsmc=figures.calibration_error["NSMC"],
        ece_kpoem=figures.calibration_error["KPoEM"],
        neutral_nsmc=figures.neutral["NSMC"],
        neutral_kpoem=figures.neutral["KPoEM"],
        nearest=nearest,
        best=1 + max(range(len(epochs)), key=lambda epoch: epochs[epoch]["val_accuracy"]),
    )
    (folder / "card.md").write_text(card, encoding="utf-8")


def _plot(epochs: Sequence[dict[str, float]], path: Path) -> None:
    """Accuracy on the training and the validation reviews by epoch."""
    # Without a salt, matplotlib draws the names inside an SVG by lot.
    with matplotlib.rc_context({"svg.hashsalt": "sonify", "svg.fonttype": "none"}):
        figure = Figure(figsize=(5, 3), layout="constrained")
        axes = figure.subplots()
        places = range(1, len(epochs) + 1)
        for name, label in (("accuracy", "train"), ("val_accuracy", "validation")):
            axes.plot(places, [epoch[name] for epoch in epochs], marker="o", label=label)
        axes.set(xlabel="epoch", ylabel="accuracy", xticks=places)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None})
