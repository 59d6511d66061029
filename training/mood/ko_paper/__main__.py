"""Train `ko-paper` and write models/ko-paper: `python -m training.mood.ko_paper`.

It takes the steps that an earlier, interrupted run didn't; delete its work folder to begin anew.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from sonify.mood.models import FOLDER
from sonify.mood.paper import PaperModel
from training.mood.evaluate import evaluate
from training.mood.ko_paper import card, network
from training.mood.ko_paper.export import calibrate, export
from training.mood.ko_paper.tokens import tokenized
from training.mood.ko_paper.words import SEED, word2vec

VALIDATE = 10_000
"""Reviews of the train split that are kept from the network to stop and calibrate it by."""


def main() -> None:
    """Train, export, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("work/mood/ko-paper"))
    parser.add_argument("--models", type=Path, default=FOLDER)
    options = parser.parse_args()
    folder = options.models / PaperModel.name

    reviews = list(tokenized("train", options.work))
    words = word2vec([tokens for tokens, _ in reviews], options.work)
    row = {token: place for place, token in enumerate(words.wv.index_to_key, 1)}
    vectors = np.vstack([np.zeros((1, words.vector_size), np.float32), words.wv.vectors])
    known = [([row[t] for t in tokens if t in row], positive) for tokens, positive in reviews]
    known = [(rows, positive) for rows, positive in known if rows]
    np.random.default_rng(SEED).shuffle(known)

    keras.utils.set_random_seed(SEED)
    model = network.build(vectors)
    learn = network.batches(*zip(*known[VALIDATE:], strict=True), seed=SEED)
    validate = network.batches(*zip(*known[:VALIDATE], strict=True), seed=SEED)
    network.train(model, learn, validate, options.work)

    heard = [(model.predict_on_batch(rows), positive.numpy()) for rows, positive in validate]
    temperature, neutral = calibrate(*map(np.concatenate, zip(*heard, strict=True)))
    export(model, words.wv.index_to_key, temperature, neutral, folder)
    shipped = PaperModel.load(folder)
    card.write(folder, shipped, words, network.epochs(options.work), evaluate(shipped))


if __name__ == "__main__":
    main()
