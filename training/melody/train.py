"""Training: windows of all lanes, early stopping by validation, checkpoints, resumption."""

import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from training.melody.lanes import Encoded, windows
from training.melody.model_folder import write_model
from training.melody.network import Network, State

logger = logging.getLogger(__name__)

LANES = 32
STEPS = 64
WARM_UP = 200
"""Windows in which the learning rate rises."""


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        layer_sizes: units of each LSTM layer.
        attention_length: steps that attention is over.
        keep: share of outputs that dropout keeps.
        learning_rate: at the beginning; it falls to a hundredth along a cosine.
        weight_decay: AdamW's.
        activity: weight of the mean square of the first layer's outputs in the loss.
        epochs: passes over the training tunes.
        patience: epochs without a better validation loss before stopping.
        averaging: decay, a step, of the moving average of the weights that is validated and kept.
        seed: of initial weights, order and dropout.
    """

    layer_sizes: tuple[int, ...] = (128, 128)
    attention_length: int = 40
    keep: float = 0.75
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    activity: float = 0.01
    epochs: int = 12
    patience: int = 3
    averaging: float = 0.995
    seed: int = 0


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


class Trainer:
    """A network being trained.

    Args:
        settings: how.
        train: tunes; their number of windows sets the learning rate's course.
        validation: tunes.
        folder: checkpoints and the log.
    """

    def __init__(
        self,
        settings: Settings,
        train: Sequence[Encoded],
        validation: Sequence[Encoded],
        folder: Path,
    ) -> None:
        tf.random.set_seed(settings.seed)
        self.settings, self.train_tunes, self.validation = settings, train, validation
        self.network = Network(settings.layer_sizes, settings.attention_length, settings.seed)
        self.variables = list(self.network.weights.values())
        events = sum(len(tune.classes) for tune in train)
        per_epoch = events / (LANES * STEPS)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            0.0,
            int(per_epoch * settings.epochs) - WARM_UP,
            alpha=0.01,
            warmup_target=settings.learning_rate,
            warmup_steps=WARM_UP,
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
        (folder / "settings.json").write_text(json.dumps(asdict(settings)))
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

    def run(self) -> None:
        """Train until the epochs are done or validation has had no better loss for a while."""
        settings = self.settings
        while int(self.epoch) < settings.epochs:
            epoch = int(self.epoch) + 1
            began = time.time()
            rng = np.random.default_rng((settings.seed, epoch))
            order = [self.train_tunes[i] for i in rng.permutation(len(self.train_tunes))]
            state, total, count = self.network.initial_state(LANES), 0.0, 0
            for window in windows(order, LANES, STEPS):
                loss, state = self._learn(window.inputs, window.classes, window.begins, state)
                total, count = total + float(loss), count + int((window.classes >= 0).sum())
            self.epoch.assign(epoch)
            seconds = time.time() - began
            with self._averaged():
                scores = evaluate(self.network, self.validation)
                if scores["event"] < float(self.best):
                    self.best.assign(scores["event"])
                    self.best_epoch.assign(epoch)
                    weights = {
                        name: weight.numpy() for name, weight in self.network.weights.items()
                    }
                    write_model(
                        self.folder, weights, settings.layer_sizes, settings.attention_length
                    )
            logger.info(
                "epoch %d: train %.4f (classes), validation %.4f a class, %.4f an event; %.0f s",
                epoch, total / count, scores["class"], scores["event"], seconds,
            )  # fmt: skip
            self.manager.save()
            if epoch - int(self.best_epoch) >= settings.patience:
                break

    @tf.function
    def _learn(
        self, inputs: tf.Tensor, classes: tf.Tensor, begins: tf.Tensor, state: State
    ) -> tuple[tf.Tensor, State]:
        with tf.GradientTape() as tape:
            logits, state = self.network.logits(inputs, begins, state, self.settings.keep)
            loss = class_loss(logits, classes)
            mean = loss / tf.maximum(tf.reduce_sum(tf.cast(classes >= 0, tf.float32)), 1.0)
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
