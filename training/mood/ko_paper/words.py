"""Word2Vec vectors for Okt's tokens, by gensim."""

from collections.abc import Sequence
from pathlib import Path

from gensim.models import Word2Vec

DIMENSIONS = 100
SEED = 1


def word2vec(sentences: Sequence[Sequence[str]], work: Path) -> Word2Vec:
    """Skip-gram vectors of every token that occurs five times, learned once and kept in `work`.

    One worker only: with several, no two runs are the same.
    """
    kept = work / "word2vec.model"
    if kept.exists():
        return Word2Vec.load(str(kept))
    model = Word2Vec(
        sentences, vector_size=DIMENSIONS, window=5, min_count=5, sg=1, epochs=10, seed=SEED,
        workers=1,
    )  # fmt: skip
    model.save(str(kept))
    return model
