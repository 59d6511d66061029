"""Sentences in batches, so that a model may hear many at once."""

from collections.abc import Iterable, Iterator
from itertools import islice

from sonify.reading.book import Sentence


def in_batches(sentences: Iterable[Sentence], largest: int) -> Iterator[list[Sentence]]:
    """Yields batches of 1, 2, 4 … sentences, so that the first moods come soon.

    Args:
        sentences: no more of them are read than the next batch needs.
        largest: from this size on batches don't grow; 1 for sentences that somebody is typing.
    """
    coming = iter(sentences)
    size = 1
    while batch := list(islice(coming, size)):
        yield batch
        size = min(2 * size, largest)
