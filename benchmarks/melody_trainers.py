"""Magenta's own trainer and ours: the same network, the same tunes, each seen as often.

    python -m training.melody data
    python -m benchmarks.melody_trainers

The network of the paper (64 units twice), Magenta's own learning rate, dropout and batch for
Magenta's trainer, ours for ours. Tunes are the first 8 bars of major training tunes; what was
learned is measured on the test tunes.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

# Magenta builds on Keras 2.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.melody_rnn import melody_rnn_model
from magenta.models.shared import events_rnn_graph, events_rnn_train
from magenta.pipelines.pipelines_common import make_sequence_example
from tensorflow.python.framework import indexed_slices, ops

from benchmarks import results
from benchmarks.melody_models import cross_entropy
from sonify.melody.attention_rnn import AttentionRNN
from training.melody.kneser_ney import KneserNey
from training.melody.lanes import encode
from training.melody.magenta import import_magenta
from training.melody.train import SETTINGS, Trainer
from training.melody.tunes import WORK, Tune, read_tunes

STEPS = 40
BATCH = 64
LONGEST = 128  # events: Magenta's trainer holds whole tunes in memory, step by step
SIZES = (64, 64)


def train_magenta(tunes: list[Tune], folder: Path) -> float:
    """Train as `melody_rnn_train` does; processor seconds."""
    ops.IndexedSlices = indexed_slices.IndexedSlices  # where tf_slim still looks for it
    examples = folder / "examples.tfrecord"
    with tf.io.TFRecordWriter(str(examples)) as writer:
        for tune in tunes:
            encoded = encode(tune.events)
            labels = encoded.classes[encoded.classes >= 0].tolist()
            inputs = encoded.inputs[: len(labels)].astype(float).tolist()
            example = make_sequence_example(inputs, labels)
            writer.write(example.SerializeToString())
    config = melody_rnn_model.default_configs["attention_rnn"]
    config.hparams.rnn_layer_sizes = list(SIZES)
    config.hparams.batch_size = BATCH
    build = events_rnn_graph.get_build_graph_fn("train", config, [str(examples)])
    began = time.process_time()
    events_rnn_train.run_training(build, str(folder / "train"), STEPS, summary_frequency=20)
    return time.process_time() - began


def train_ours(tunes: list[Tune], validation: list[Tune], folder: Path) -> float:
    """Train as `training.melody` does, once over the tunes; processor seconds."""
    settings = replace(SETTINGS["major"], layer_sizes=SIZES, epochs=1)
    trainer = Trainer(settings, tunes, [], validation, folder)
    began = time.process_time()
    trainer.run()
    return time.process_time() - began


def main() -> None:
    """Train both, one after the other, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tunes", type=Path, default=WORK / "tunes.jsonl")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    major = [tune for tune in read_tunes(parser.parse_args().tunes) if tune.mode == "major"]
    parts = {
        part: [tune for tune in major if tune.part == part]
        for part in ("train", "validation", "test")
    }
    short = [replace(tune, events=tune.events[:LONGEST]) for tune in parts["train"]]
    rng = np.random.default_rng(0)
    seen = [short[i] for i in rng.integers(len(short), size=STEPS * BATCH)]
    test = [tune.events for tune in parts["test"]]
    rows: list[tuple[str, ...]] = [("trainer", "nats an event, test tunes", "processor seconds")]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, train in (
            ("ours", lambda: train_ours(seen, parts["validation"][:40], folder / "ours")),
            ("Magenta 2.1.4", lambda: train_magenta(seen, folder)),
        ):
            seconds = train()
            if name != "ours":
                import_magenta(folder / "train", folder / "magenta")
            model = AttentionRNN.load(folder / ("ours" if name == "ours" else "magenta"))
            rows.append((name, f"{cross_entropy(model, test):.3f}", f"{seconds:.0f}"))
    ngram = KneserNey([tune.events for tune in parts["train"]]).cross_entropy(test)
    rows.append(("Kneser-Ney 5-gram of all training tunes", f"{ngram:.3f}", ""))
    results.write(
        "melody_trainers",
        f"Magenta's trainer and ours: {STEPS * BATCH:,} tunes seen, {SIZES[0]} units twice",
        "python -m benchmarks.melody_trainers",
        [rows],
    )


if __name__ == "__main__":
    main()
