"""The paper's network in Keras, and how it learns."""

import csv
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

UNITS = 64
HIDDEN = 64
DROPOUT = 0.5
BATCH = 128
LENGTHS = (4, 6, 8, 10, 13, 16, 20, 26, 34, 44)
"""Words; sentences between two of these are learned together."""
EPOCHS = 12
PATIENCE = 2


def build(vectors: NDArray[np.float32]) -> keras.Model:
    """Word2Vec vectors → Bi-LSTM → fully connected → softmax over negative and positive.

    Args:
        vectors: (words + 1, dimensions); row 0 fills up the shorter sentences of a batch.
    """
    rows = keras.Input((None,), dtype="int32")  # (batch, words)
    x = keras.layers.Embedding(*vectors.shape, weights=[vectors], mask_zero=True, name="vectors")(
        rows
    )  # (batch, words, dimensions)
    x = keras.layers.Dropout(DROPOUT)(x)
    x = keras.layers.Bidirectional(keras.layers.LSTM(UNITS), name="lstm")(x)  # (batch, 2 units)
    x = keras.layers.Dropout(DROPOUT)(x)
    x = keras.layers.Dense(HIDDEN, activation="relu", name="hidden")(x)
    x = keras.layers.Dropout(DROPOUT)(x)
    x = keras.layers.Dense(2, activation="softmax", name="output")(x)
    model = keras.Model(rows, x)
    model.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def batches(
    sentences: Sequence[Sequence[int]], positive: Sequence[bool], seed: int
) -> tf.data.Dataset:
    """Sentences in batches of about the same length, in another order every epoch.

    Args:
        sentences: the rows of each sentence's words; none may be empty.
        positive: whether each is positive.
        seed: of the order.
    """
    rows = tf.ragged.constant(sentences, tf.int32)
    labels = np.array(positive, np.int32)
    return (
        tf.data.Dataset.from_tensor_slices((rows, labels))
        .shuffle(len(sentences), seed)
        .map(lambda row, label: (tf.identity(row), label))  # a tensor now, no longer ragged
        .bucket_by_sequence_length(
            lambda row, _: tf.size(row), LENGTHS, [BATCH] * (len(LENGTHS) + 1)
        )
    )


def train(
    model: keras.Model, learn: tf.data.Dataset, validate: tf.data.Dataset, work: Path
) -> None:
    """Train until validation gets no better; an interrupted run goes on with its last epoch.

    Leaves the best epoch's weights in the model and in `work/best.weights.h5`, and the accuracies
    by epoch in `work/epochs.csv`. Where a run has ended there, its weights are taken.
    """
    best, log, backup = work / "best.weights.h5", work / "epochs.csv", work / "backup"
    if best.exists() and not backup.exists():  # Keras removes it at the end
        model.load_weights(best)
        return
    before = max((epoch["val_accuracy"] for epoch in epochs(work)), default=None)
    model.fit(
        learn,
        validation_data=validate,
        epochs=EPOCHS,
        verbose=2,
        callbacks=[
            keras.callbacks.BackupAndRestore(backup),
            keras.callbacks.CSVLogger(log, append=True),
            keras.callbacks.ModelCheckpoint(
                best,
                monitor="val_accuracy",
                save_best_only=True,
                save_weights_only=True,
                initial_value_threshold=before,
            ),
            keras.callbacks.EarlyStopping("val_accuracy", patience=PATIENCE, baseline=before),
        ],
    )
    model.load_weights(best)


def epochs(work: Path) -> list[dict[str, float]]:
    """What `train` wrote of each epoch: `accuracy`, `val_accuracy` and the losses."""
    log = work / "epochs.csv"
    if not log.exists():
        return []
    with log.open(newline="") as lines:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(lines)]
