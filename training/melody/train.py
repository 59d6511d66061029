"""Training: windows of all lanes, early stopping by validation, checkpoints, resumption."""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from sonify.melody.attention_rnn import Array, read_weights
from sonify.melody.events import INPUT_SIZE, KEYS, NUM_CLASSES, NUM_PITCHES, RECENT_KEYS
from sonify.melody.score import Mode
from training.melody.lanes import Encoded, encode, windows
from training.melody.model_folder import write_model
from training.melody.network import Network, State
from training.melody.tunes import Tune, read_tunes, recast_to_minor

logger = logging.getLogger(__name__)

LANES = 32
STEPS = 64
WARM_UP = 200
"""Windows in which the learning rate rises, but a quarter of all at most."""
BETTER = 1e-5
"""Nats an event by which a better loss is better; less is rounding."""


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        layer_sizes: units of each LSTM layer.
        attention_length: steps that attention is over.
        keep: share of every layer's outputs that dropout keeps.
        learning_rate: its highest; it rises over `WARM_UP` windows, then falls along a cosine.
        weight_decay: AdamW's.
        activity: weight of the mean square of the first layer's outputs in the loss.
        averaging: decay, a window, of the moving average of the weights, which is what is
            validated and kept.
        epochs: at most.
        patience: epochs without a better validation loss before stopping.
        passes: how often an epoch goes over the tunes.
        begins_recast: whether it begins with the other mode's trained weights, recast.
        recast: tunes of the other mode, recast, that each epoch adds (augmentation).
        recast_epochs: epochs that do so; after them, natural tunes alone.
        seed: of initial weights, order, augmentation and dropout.
    """

    layer_sizes: tuple[int, ...] = (128, 128)
    attention_length: int = 40
    keep: float = 0.8
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    activity: float = 0.01
    averaging: float = 0.995
    epochs: int = 6
    patience: int = 2
    passes: int = 1
    begins_recast: bool = False
    recast: int = 0
    recast_epochs: int = 0
    seed: int = 0


SETTINGS: dict[Mode, Settings] = {
    "major": Settings(),
    "minor": Settings(
        learning_rate=2e-3, epochs=5, passes=2, begins_recast=True, recast=300, recast_epochs=3
    ),
}


def class_loss(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """Sum over a window of -log p(class), nats: what Magenta trains on."""
    counted = classes >= 0
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(classes, 0), logits)
    return tf.reduce_sum(tf.where(counted, losses, 0.0))


def event_loss(logits: tf.Tensor, meanings: tf.Tensor) -> tf.Tensor:
    """Sum over a window of -log p(event), nats, over all classes that mean the event."""
    chosen = tf.gather(logits, tf.maximum(meanings, 0), batch_dims=2)  # (T, B, 3)
    chosen = tf.where(meanings >= 0, chosen, -1e9)
    losses = tf.reduce_logsumexp(logits, 2) - tf.reduce_logsumexp(chosen, 2)
    return tf.reduce_sum(tf.where(meanings[:, :, 0] >= 0, losses, 0.0))


def recast_weights(weights: Mapping[str, Array]) -> dict[str, Array]:
    """A network that expects in C minor what this one expects in C major.

    Wherever it sees or names a pitch, E and E flat, A and A flat, B and B flat change places;
    where it sees the keys that a melody may be in, E flat major takes the place of C major (and so
    on: roughly, since a tune recast fits the keys farther off otherwise than the tune).
    """
    pitches = np.arange(NUM_PITCHES)
    swapped = pitches + np.array([0, 0, 0, 1, -1, 0, 0, 0, 1, -1, 1, -1])[pitches % 12]
    keys = (np.arange(12) - 3) % 12
    order = np.arange(len(weights["input/kernel"]))
    order[:NUM_PITCHES] = swapped
    order[KEYS:RECENT_KEYS] = KEYS + keys
    order[RECENT_KEYS:INPUT_SIZE] = RECENT_KEYS + keys
    classes = np.arange(NUM_CLASSES)
    classes[:NUM_PITCHES] = swapped
    return dict(weights) | {
        "input/kernel": weights["input/kernel"][order],
        "logits/kernel": weights["logits/kernel"][:, classes],
        "logits/bias": weights["logits/bias"][classes],
    }


class Trainer:
    """A network being trained.

    Args:
        settings: how.
        train: tunes of the mode.
        other: training tunes of the other mode, to recast.
        validation: tunes of the mode.
        folder: for checkpoints, and the best model.
    """

    def __init__(
        self,
        settings: Settings,
        train: Sequence[Tune],
        other: Sequence[Tune],
        validation: Sequence[Tune],
        folder: Path,
    ) -> None:
        tf.random.set_seed(settings.seed)
        self.settings, self.other = settings, other
        self.train = [encode(tune.events) for tune in train]
        self.validation = [encode(tune.events) for tune in validation]
        self.network = Network(settings.layer_sizes, settings.attention_length, settings.seed)
        self.variables = list(self.network.weights.values())
        events = settings.epochs * settings.passes * sum(len(tune.events) for tune in train)
        if settings.recast:
            mean = sum(len(tune.events) for tune in other) / len(other)
            events += int(settings.recast_epochs * settings.recast * mean)
        total = events // (LANES * STEPS)
        warm_up = min(WARM_UP, total // 4)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            0.0,
            total - warm_up,
            alpha=0.01,
            warmup_target=settings.learning_rate,
            warmup_steps=warm_up,
        )
        self.optimizer = tf.keras.optimizers.AdamW(
            schedule, weight_decay=settings.weight_decay, epsilon=1e-7
        )
        self.optimizer.build(self.variables)
        self.average = tf.train.ExponentialMovingAverage(settings.averaging)
        self.average.apply(self.variables)
        self.epoch, self.best = tf.Variable(0), tf.Variable(np.inf)
        self.best_epoch = tf.Variable(0)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = tf.train.Checkpoint(
            weights=self.variables,
            averages=[self.average.average(variable) for variable in self.variables],
            optimizer=self.optimizer,
            epoch=self.epoch,
            best=self.best,
            best_epoch=self.best_epoch,
        )
        self.manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=1)
        if self.manager.latest_checkpoint:
            checkpoint.restore(self.manager.latest_checkpoint)
            logger.info("going on after epoch %d", int(self.epoch))

    def begin_with(self, weights: Mapping[str, Array]) -> None:
        """Take the place of the initial weights, and of their average."""
        for name, variable in self.network.weights.items():
            variable.assign(weights[name])
            self.average.average(variable).assign(weights[name])

    def run(self) -> None:
        """Train until the epochs are done or validation has had no better loss for a while."""
        settings = self.settings
        while int(self.epoch) < settings.epochs:
            epoch = int(self.epoch) + 1
            began = time.time()
            rng = np.random.default_rng((settings.seed, epoch))
            tunes = self.train * settings.passes
            if epoch <= settings.recast_epochs:
                chosen = rng.choice(len(self.other), settings.recast, replace=False)
                tunes += [encode(recast_to_minor(self.other[i]).events) for i in chosen]
            order = [tunes[i] for i in rng.permutation(len(tunes))]
            state, total, count = self.network.initial_state(LANES), 0.0, 0
            for window in windows(order, LANES, STEPS):
                loss, state = self._learn(window.inputs, window.meanings, window.begins, state)
                total, count = total + float(loss), count + int((window.classes >= 0).sum())
            self.epoch.assign(epoch)
            seconds = time.time() - began
            with self._averaged():
                scores = evaluate(self.network, self.validation)
                if scores["event"] < float(self.best) - BETTER:
                    self.best.assign(scores["event"])
                    self.best_epoch.assign(epoch)
                    weights = {
                        name: weight.numpy() for name, weight in self.network.weights.items()
                    }
                    write_model(
                        self.folder, weights, settings.layer_sizes, settings.attention_length
                    )
            logger.info(
                "epoch %d: train %.4f an event, validation %.4f an event, %.4f a class; %.0f s",
                epoch, total / count, scores["event"], scores["class"], seconds,
            )  # fmt: skip
            self.manager.save()
            if epoch - int(self.best_epoch) >= settings.patience:
                break

    @tf.function
    def _learn(
        self, inputs: tf.Tensor, meanings: tf.Tensor, begins: tf.Tensor, state: State
    ) -> tuple[tf.Tensor, State]:
        with tf.GradientTape() as tape:
            logits, state = self.network.logits(inputs, begins, state, self.settings.keep)
            loss = event_loss(logits, meanings)
            counted = tf.reduce_sum(tf.cast(meanings[:, :, 0] >= 0, tf.float32))
            mean = loss / tf.maximum(counted, 1.0)
            # An output is a linear map of outputs attended to: without a pull towards 0 it grows
            # without bound over a long melody.
            mean += self.settings.activity * tf.reduce_mean(state[1] ** 2)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(mean, self.variables), 3.0)
        self.optimizer.apply_gradients(zip(gradients, self.variables, strict=True))
        self.average.apply(self.variables)
        return loss, [tf.stop_gradient(tensor) for tensor in state]

    def _averaged(self) -> "_Averaged":
        return _Averaged(self.variables, self.average)


class _Averaged:
    """While entered, variables have their averages' values."""

    def __init__(
        self, variables: list[tf.Variable], average: tf.train.ExponentialMovingAverage
    ) -> None:
        self._variables, self._average = variables, average

    def __enter__(self) -> None:
        self._kept = [variable.numpy() for variable in self._variables]
        for variable in self._variables:
            variable.assign(self._average.average(variable))

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self._variables, self._kept, strict=True):
            variable.assign(value)


_forward = tf.function(lambda network, *arguments: network.logits(*arguments))


def evaluate(network: Network, tunes: Sequence[Encoded]) -> dict[str, float]:
    """Cross-entropy in nats, a class and an event, over all events of tunes but their first."""
    state = network.initial_state(LANES)
    by_class = by_event = 0.0
    count = 0
    for window in windows(tunes, LANES, STEPS):
        logits, state = _forward(network, window.inputs, window.begins, state)
        by_class += float(class_loss(logits, window.classes))
        by_event += float(event_loss(logits, window.meanings))
        count += int((window.classes >= 0).sum())
    return {"class": by_class / count, "event": by_event / count}


def train_mode(mode: Mode, settings: Settings, work: Path, folder: Path, threads: int) -> float:
    """Train a model of a mode from the tunes in `work`; the best one is in `folder`.

    Args:
        mode: which.
        settings: how.
        work: where the tunes are, and the trained major model.
        folder: for checkpoints and the model.
        threads: of the processor.

    Returns:
        Its validation loss, nats an event.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tunes = read_tunes(work / "tunes.jsonl")
    train, other, validation = (
        [tune for tune in tunes if tune.part == part and (tune.mode == mode) is own]
        for part, own in (("train", True), ("train", False), ("validation", True))
    )
    trainer = Trainer(settings, train, other, validation, folder)
    if settings.begins_recast and not int(trainer.epoch):
        trainer.begin_with(recast_weights(read_weights(work / "major")[0]))
    trainer.run()
    return float(trainer.best)
