"""The network in PyTorch, as `sonify.mood.ko` runs it, and how it learns from reviews and lines."""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor
from torch import Tensor, nn
from torch.nn import functional as F

from sonify.mood.ko import HEADS, RECURRENT
from sonify.mood.spelling import normalize
from training.files import whole
from training.mood.data import LABELS
from training.mood.ko.texts import Texts

DIMENSIONS = 160
HIDDEN = 192
DROPOUT = 0.1
UNKNOWN = 0.04
"""Share of pieces that are hidden in training."""
SAMPLING = 0.5
"""How much likelier likely ways to cut a text are drawn (Kudo 2018's alpha)."""
BATCH = 256
LAST_RATE = 2e-4
"""Of one more epoch, on the train split alone: it is what the test split is like."""
COMMENTS_EVERY = 6
"""Batches of reviews to one of comments."""
LONGEST = 64
"""Pieces of a text that are learned from."""
READINGS, LAST_READINGS = 8, 3
"""Times that it reads literature, after the reviews; the last of these."""
READING_RATE = 6e-4
LINES, REVIEWS = 128, 384
"""In a batch then."""
FASTER = any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16"))
"""Whether this processor multiplies in bfloat16; one that doesn't takes ten times as long."""


@dataclass(frozen=True)
class Course:
    """How often the reviews are gone through, not counting the last epoch, and how fast.

    Attributes:
        epochs: how often.
        rate: at first; it falls to nothing.
        before: epochs of the courses before it, which are counted on from.
    """

    epochs: int
    rate: float
    before: int = 0


class Block(nn.Module):
    """A convolution three pieces wide, gated, with a residual: Dauphin et al. 2017."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.convolution = nn.Linear(3 * DIMENSIONS, 2 * DIMENSIONS)
        self.norm = nn.LayerNorm(DIMENSIONS)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """(batch, pieces, DIMENSIONS) → the same. Args: real: 0 for padding, 1 otherwise."""
        d = self.dilation
        around = F.pad(x, (0, 0, d, d))
        before, after = around[:, : -2 * d], around[:, 2 * d :]
        a, b = self.convolution(torch.cat([before, x, after], -1)).chunk(2, -1)
        return self.norm(x + drop(a * torch.sigmoid(b), self.training)) * real


class Recurrent(nn.Module):
    """Forgets and learns along the text, half of it each way: a quasi-recurrent layer one piece
    wide with fo-pooling and a residual (Bradbury et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Linear(DIMENSIONS, 3 * DIMENSIONS)
        self.norm = nn.LayerNorm(DIMENSIONS)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """(batch, pieces, DIMENSIONS) → the same. Args: real: 0 for padding, 1 otherwise."""
        new, keep, out = self.gates(x).float().chunk(3, -1)
        keep = torch.sigmoid(keep) * real + (1 - real)  # padding changes nothing
        states = _remembered(_both_ways(keep), _both_ways((1 - keep) * torch.tanh(new)))
        heard = torch.sigmoid(out) * _both_ways(states)
        return self.norm(x + drop(heard, self.training)) * real


def _both_ways(x: Tensor) -> Tensor:
    """The same with the second half of the channels from last to first; undoes itself."""
    forward, backward = x.chunk(2, -1)
    return torch.cat([forward, backward.flip(1)], -1)


def _remembered(keep: Tensor, new: Tensor) -> Tensor:
    """The states c, all (batch, pieces, d): c = keep · c + new, from piece to piece."""
    state, states = torch.zeros_like(new[:, 0]), []
    for kept, added in zip(keep.unbind(1), new.unbind(1), strict=True):
        state = torch.addcmul(added, kept, state)
        states.append(state)
    return torch.stack(states, 1)


class Network(nn.Module):
    """Pieces → one vector → the review's logit and those of KOTE's 44 emotions."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        dilations: Sequence[int] = (1,),
        recurrent: int = RECURRENT,
    ) -> None:
        """Args: as shipped, but for teachers.

        vectors: what the pieces begin with, (pieces, up to DIMENSIONS).
        dilations: of the convolutions.
        recurrent: layers.
        """
        super().__init__()
        self.embedding = nn.Embedding(len(vectors), DIMENSIONS)
        nn.init.normal_(self.embedding.weight, std=0.5)
        with torch.no_grad():
            begin = torch.from_numpy(vectors * (0.5 / vectors.std()))
            self.embedding.weight[:, : vectors.shape[1]] = begin
        self.norm = nn.LayerNorm(DIMENSIONS)
        self.blocks = nn.ModuleList(map(Block, dilations))
        self.recurrent = nn.ModuleList(Recurrent() for _ in range(recurrent))
        self.attention = nn.Linear(DIMENSIONS, HEADS)
        self.value = nn.Linear(DIMENSIONS, DIMENSIONS)
        self.hidden = nn.Linear(2 * DIMENSIONS, HIDDEN)
        self.review = nn.Linear(HIDDEN, 1)
        self.emotions = nn.Linear(HIDDEN, len(LABELS))

    def pool(self, rows: Tensor, real: Tensor) -> Tensor:
        """(batch, pieces) → (batch, 2 DIMENSIONS). Args: real: which pieces are no padding."""
        if self.training:
            rows = rows.masked_fill(torch.rand(rows.shape) < UNKNOWN, 0)
        here = real[..., None].float()
        x = drop(self.norm(self.embedding(rows)), self.training) * here  # (batch, pieces, d)
        for layer in (*self.blocks, *self.recurrent):
            x = layer(x, here)
        x = x.float()
        scores = self.attention(x).float().masked_fill(~real[..., None], -1e4)
        values = self.value(x).float().unflatten(-1, (HEADS, -1))  # (batch, pieces, HEADS, v)
        attended = (scores.softmax(1)[..., None] * values).sum(1).flatten(1)  # (batch, d)
        return torch.cat([attended, x.masked_fill(~real[..., None], -1e4).amax(1)], -1)

    def forward(self, rows: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of a good rating, (batch,), and of the emotions, (batch, 44)."""
        pooled = F.dropout(self.pool(rows, real), DROPOUT, self.training)
        hidden = F.dropout(F.relu(self.hidden(pooled)), DROPOUT, self.training)
        return self.review(hidden)[:, 0].float(), self.emotions(hidden).float()


def drop(x: Tensor, training: bool) -> Tensor:
    """Dropout of whole channels of a text: cheaper than of single numbers, and no worse here."""
    if not training:
        return x
    return x * (torch.rand(x.shape[0], 1, x.shape[2]) > DROPOUT).to(x.dtype) / (1 - DROPOUT)


def padded(texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of pieces and which of them are real, both (texts, longest)."""
    texts = [text or [0] for text in texts]
    rows = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    real = torch.zeros(rows.shape, dtype=torch.bool)
    for place, text in enumerate(texts):
        rows[place, : len(text)] = torch.tensor(text)
        real[place, : len(text)] = True
    return rows, real


def train(
    network: Network, texts: Texts, pieces: SentencePieceProcessor, rows: Sequence[Sequence[int]],
    positive: NDArray[np.float32], condition: str, course: Course, seed: int, kept: Path,
) -> None:  # fmt: skip
    """Learn how positive reviews are and the comments' emotions; goes on after the last epoch kept.

    Every time a text is learned from it is cut into other pieces (subword regularization, Kudo
    2018).

    Args:
        network: is changed.
        texts: with the reviews and emotions.
        pieces: draws how a text is cut.
        rows: of the pieces of each review, cut the likeliest way.
        positive: the probability that each review is, (reviews,).
        condition: "open" or "paper".
        course: how long and how fast.
        seed: of batches and dropout.
        kept: the file where each epoch is kept.
    """
    optimizer = torch.optim.AdamW(
        network.parameters(), weight_decay=1e-4, betas=(0.9, 0.98), fused=True
    )
    done, step = course.before, 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        done, step = state["epochs"], state["step"]
    target = torch.from_numpy(positive)
    lengths = np.array([len(some) for some in rows])
    comments = [normalize(comment.text) for comment in texts.comments]
    emotions = torch.tensor(
        [[float(label in comment.emotions) for label in LABELS] for comment in texts.comments]
    )

    end = course.before + course.epochs
    for epoch in range(done, end + 1):
        torch.manual_seed(1000 * seed + epoch)
        sentencepiece.set_random_generator_seed(1000 * seed + epoch)
        random = np.random.default_rng([seed, epoch])
        last = epoch == end
        places = texts.epoch("paper" if last else condition, random)
        batches = list(_batches(places, lengths, random))
        network.train()
        before = time.monotonic()
        for number, batch in enumerate(batches):
            step += 1
            if last:
                rate = LAST_RATE * (1 - number / len(batches))
            else:
                left = 1 - step / (course.epochs * len(batches))
                rate = course.rate * min(1, step / 300) * max(0.02, left)
            with torch.autocast("cpu", torch.bfloat16, enabled=FASTER):
                rating, _ = network(*_cut(pieces, [texts.normalized[place] for place in batch]))
            loss = F.binary_cross_entropy_with_logits(rating, target[batch])
            if step % COMMENTS_EVERY == 0:
                some = random.integers(0, len(comments), 64)
                with torch.autocast("cpu", torch.bfloat16, enabled=FASTER):
                    _, felt = network(*_cut(pieces, [comments[place] for place in some]))
                loss = loss + F.binary_cross_entropy_with_logits(felt, emotions[some])
            _step(optimizer, loss, rate)
        heard = ratings(network, rows, texts.validation)
        right = (heard > np.median(heard)) == (texts.ratings[texts.validation] > 5)
        print(
            f"{kept.stem}, epoch {epoch + 1}: "
            f"{right.mean():.2%} of validation, {time.monotonic() - before:.0f} s",
            flush=True,
        )
        state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
        with whole(kept) as file:
            torch.save(state | {"epochs": epoch + 1, "step": step}, file)
    network.eval()


def read(
    network: Network, texts: Texts, pieces: SentencePieceProcessor, lines: Sequence[str],
    felt: NDArray[np.float64], positive: NDArray[np.float32], seed: int, kept: Path,
) -> None:  # fmt: skip
    """Learn also what is felt at lines of literature, and keep reviews in mind.

    As in a course, the reviews at last, `LAST_READINGS` long, are the train split's.

    What is learned shows in `Network.pool`; the layer that names what is felt is left behind, since
    ridge regression on the vector does better with the few lines that have human verdicts.

    Args:
        network: is changed.
        texts: with the reviews, which are seen again.
        pieces: draws how a text is cut.
        lines: normalized.
        felt: at each of them, (lines, any number).
        positive: the probability that each review is, (reviews,).
        seed: of batches and dropout.
        kept: the file where the outcome is kept.
    """
    if kept.exists():
        network.load_state_dict(torch.load(kept, weights_only=True))
        network.eval()
        return
    torch.manual_seed(seed)
    sentencepiece.set_random_generator_seed(seed)
    random = np.random.default_rng(seed)
    head = nn.Linear(2 * DIMENSIONS, felt.shape[1])
    parameters = [*network.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, weight_decay=1e-2, betas=(0.9, 0.98), fused=True)
    targets = torch.from_numpy(((felt - felt.mean(0)) / felt.std(0)).astype(np.float32))
    target = torch.from_numpy(positive)
    lengths, review_lengths = (
        np.array([len(text) for text in some]) for some in (lines, texts.normalized)
    )
    steps = READINGS * -(-len(lines) // LINES)
    step = 0

    network.train()
    for reading in range(READINGS):
        before, total = time.monotonic(), 0.0
        condition = "paper" if reading >= READINGS - LAST_READINGS else "open"
        beside = itertools.chain.from_iterable(
            _batches(texts.epoch(condition, random), review_lengths, random, REVIEWS)
            for _ in itertools.count()
        )
        batches = _batches(random.permutation(len(lines)), lengths, random, LINES)
        for batch, reviews in zip(batches, beside, strict=False):
            step += 1
            rate = READING_RATE * min(1, step / 100) * max(0.02, 1 - step / steps)
            with torch.autocast("cpu", torch.bfloat16, enabled=FASTER):
                pooled = network.pool(*_cut(pieces, [lines[place] for place in batch]))
                heard = head(F.dropout(pooled, 2 * DROPOUT)).float()
                rating, _ = network(*_cut(pieces, [texts.normalized[place] for place in reviews]))
            missed = F.mse_loss(heard, targets[batch])
            loss = missed / 2 + F.binary_cross_entropy_with_logits(rating, target[reviews])
            _step(optimizer, loss, rate)
            total += missed.item() * len(batch)
        print(
            f"{kept.stem}, reading {reading + 1}: {1 - total / len(lines):.1%} of the"
            f" variance of what is felt, {time.monotonic() - before:.0f} s",
            flush=True,
        )
    with whole(kept) as file:
        torch.save(network.state_dict(), file)
    network.eval()


def _cut(pieces: SentencePieceProcessor, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """`padded` rows of normalized texts, each cut as it is drawn."""
    rows = pieces.encode(texts, enable_sampling=True, alpha=SAMPLING, nbest_size=-1)
    return padded([some[:LONGEST] for some in rows])


def _step(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    """Learn at this rate from this loss."""
    (group,) = optimizer.param_groups
    group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(group["params"], 2.0)
    optimizer.step()


def _batches(
    places: NDArray[np.int64],
    lengths: NDArray[np.int64],
    random: np.random.Generator,
    size: int = BATCH,
) -> Iterator[NDArray[np.int64]]:
    """Batches of about the same length, in random order."""
    batches = []
    for start in range(0, len(places), 50 * size):
        some = places[start : start + 50 * size]
        some = some[np.argsort(lengths[some], kind="stable")]
        batches += [some[first : first + size] for first in range(0, len(some), size)]
    yield from (batches[place] for place in random.permutation(len(batches)))


@torch.inference_mode()
def ratings(
    network: Network, texts: Sequence[Sequence[int]], places: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The review logit of some texts."""
    network.eval()
    order = sorted(range(len(places)), key=lambda place: len(texts[places[place]]))
    heard = np.zeros(len(places), np.float32)
    for start in range(0, len(order), 512):
        some = order[start : start + 512]
        heard[some] = network(*padded([texts[places[place]] for place in some]))[0].numpy()
    return heard
