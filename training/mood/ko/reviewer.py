"""The n-grams' part in the review verdict: hashed vectors, as in fastText (Joulin et al. 2017)."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from sonify.mood.ko import HASH_BITS, LONGEST_TEXT, ngrams_of
from training.files import whole
from training.mood.ko.texts import POSITIVE, Texts

DIMENSIONS = 12
HIDDEN = 32
EPOCHS = 8
BATCH = 512
RATE = 3e-3
DROPOUT = 0.7
"""Share of a text's n-grams that are left out in training; without, the second epoch overfits."""


class Reviewer(nn.Module):
    """N-grams → the logit of a good rating."""

    def __init__(self) -> None:
        super().__init__()
        self.ngrams = nn.EmbeddingBag(1 << HASH_BITS, DIMENSIONS, mode="sum", sparse=True)
        nn.init.normal_(self.ngrams.weight, std=0.01)
        self.linear = nn.Linear(DIMENSIONS, 1)
        nn.init.ones_(self.linear.weight)
        self.hidden, self.out = nn.Linear(DIMENSIONS, HIDDEN), nn.Linear(HIDDEN, 1)

    def forward(self, rows: Tensor, starts: Tensor, counts: Tensor) -> Tensor:
        """Of a batch, (texts,). Args: rows: of all texts' n-grams, one text after the other."""
        total = self.ngrams(rows, starts) / counts.clamp(min=1).sqrt()[:, None]
        return (self.linear(total) + self.out(F.relu(self.hidden(total))))[:, 0]


def train(reviewer: Reviewer, texts: Texts, condition: str, seed: int, work: Path) -> None:
    """Learn the reviews' ratings, or take what was learned before."""
    kept = work / f"reviewer-{condition}-{seed}.pt"
    if kept.exists():
        reviewer.load_state_dict(torch.load(kept, weights_only=True))
        reviewer.eval()
        return
    torch.manual_seed(seed)
    table = reviewer.ngrams.weight
    others = [p for p in reviewer.parameters() if p is not table]
    optimizers = [torch.optim.SparseAdam([table]), torch.optim.Adam(others)]
    positive = torch.from_numpy(POSITIVE[texts.ratings])
    step = 0
    for epoch in range(EPOCHS):
        random = np.random.default_rng([seed, epoch])
        places = texts.epoch(condition, random)
        batches = np.array_split(places, len(places) // BATCH)
        before = time.monotonic()
        for batch in batches:
            for optimizer in optimizers:
                optimizer.param_groups[0]["lr"] = RATE * (1 - step / (EPOCHS * len(batches)))
            step += 1
            bag = _bag([texts.normalized[place] for place in batch], random)
            loss = F.binary_cross_entropy_with_logits(reviewer(*bag), positive[batch])
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
        right = (ratings(reviewer, texts, texts.validation) > 0) == (
            texts.ratings[texts.validation] > 5
        )
        print(
            f"n-grams ({condition}, seed {seed}), epoch {epoch + 1}: "
            f"{right.mean():.2%} of validation, {time.monotonic() - before:.0f} s",
            flush=True,
        )
    with whole(kept) as file:
        torch.save(reviewer.state_dict(), file)
    reviewer.eval()


def _bag(
    texts: Sequence[str], random: np.random.Generator | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """What `Reviewer.forward` takes; some n-grams left out where `random` draws them."""
    rows, owners = ngrams_of([text[:LONGEST_TEXT] for text in texts])
    if random:
        kept = random.random(len(rows)) > DROPOUT
        rows, owners = rows[kept], owners[kept]
    counts = torch.from_numpy(np.bincount(owners, minlength=len(texts)))
    return torch.from_numpy(rows), counts.cumsum(0) - counts, counts


@torch.inference_mode()
def ratings(reviewer: Reviewer, texts: Texts, places: NDArray[np.int64]) -> NDArray[np.float32]:
    """The logit of some reviews."""
    return np.concatenate(
        [
            reviewer(*_bag([texts.normalized[place] for place in some])).numpy()
            for some in np.array_split(places, max(1, len(places) // 2000))
        ]
    )
