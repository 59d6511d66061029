"""The yardstick: an interpolated Kneser-Ney n-gram over the same events.

Chen & Goodman (1999), An empirical study of smoothing techniques for language modeling,
section 3: one absolute discount an order, n1 / (n1 + 2 n2); lower orders count in how many
different contexts an event was seen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from sonify.melody.events import NUM_EVENTS, index_of

_Context = tuple[int, ...]


class KneserNey:
    """Learned from tunes; the first `order - 1` events of a tune have shorter contexts.

    Args:
        tunes: melody events of each tune.
        order: events in an n-gram.
    """

    def __init__(self, tunes: Iterable[Sequence[int]], order: int = 5) -> None:
        self._order = order
        counts: list[defaultdict[_Context, Counter[int]]] = [
            defaultdict(Counter) for _ in range(order)
        ]
        for events in tunes:
            indices = [index_of(event) for event in events]
            for at, index in enumerate(indices):
                longest = min(at, order - 1)
                # At a tune's beginning there's no longer context: these are counted as they are.
                counts[longest][tuple(indices[at - longest : at])][index] += 1
        for length in range(order - 1, 0, -1):
            for context, following in list(counts[length].items()):
                for index in following:
                    counts[length - 1][context[1:]][index] += 1
        self._counts = counts
        self._discounts = []
        for by_context in counts:
            sizes = Counter(
                count for following in by_context.values() for count in following.values()
            )
            n1, n2 = sizes[1], sizes[2]
            self._discounts.append(n1 / (n1 + 2 * n2) if n1 else 0.5)

    def probabilities(self, before: Sequence[int]) -> np.ndarray:
        """Of the next event after indices of events, shape (38,)."""
        p = np.full(NUM_EVENTS, 1 / NUM_EVENTS)
        for length in range(min(len(before), self._order - 1) + 1):
            following = self._counts[length].get(tuple(before[len(before) - length :]))
            if not following:
                break
            total, discount = following.total(), self._discounts[length]
            p *= discount * len(following) / total
            for index, count in following.items():
                p[index] += (count - discount) / total
        return p

    def cross_entropy(self, tunes: Iterable[Sequence[int]]) -> float:
        """Nats an event, over all events but each tune's first."""
        total, count = 0.0, 0
        for events in tunes:
            indices = [index_of(event) for event in events]
            for at in range(1, len(indices)):
                before = indices[max(0, at - self._order + 1) : at]
                total -= float(np.log(self.probabilities(before)[indices[at]]))
                count += 1
        return total / count
