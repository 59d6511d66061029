"""Magenta's `attention_rnn`, one step at a time, in NumPy.

Two LSTM layers, the first of them wrapped in attention over its own last 40 outputs, which is
mixed into its output and into its next input.

Sources:
    - Cheng, Dong, Lapata (2016), Long Short-Term Memory-Networks for Machine Reading,
      https://arxiv.org/abs/1601.06733
    - Magenta 2.1.4, `AttentionCellWrapper` (magenta/contrib/rnn.py) and `make_rnn_cell`
      (magenta/models/shared/events_rnn_graph.py): the equations here are its own, to the last
      bias; `u`, `a` and `h'` are those of https://magenta.tensorflow.org/2016/07/15/lookback-rnn-attention-rnn
    - Zaremba, Sutskever, Vinyals (2014), Recurrent Neural Network Regularization,
      https://arxiv.org/abs/1409.2329 (`BasicLSTMCell`, with 1 added to the forget gate's bias)

What makes a step fast: matrices with nothing between them but a sum are multiplied once, at
loading; the attention's keys (W1' h_i) are kept instead of made again for 40 steps; biases are
rows of the matrices, with a constant 1 among the inputs; all that a step reads and writes has its
place from the beginning.

In the shapes below, n is the first layer's size, m that of an upper one.
"""

import itertools
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sonify.errors import SonifyError
from sonify.melody.events import (
    INPUT_SIZE,
    LOOKBACKS,
    NUM_CLASSES,
    NUM_EVENTS,
    NUM_PITCHES,
    MelodyEncoder,
    index_of,
)

CONFIG = "config.json"
WEIGHTS = "weights.npz"

Array = NDArray[np.float32]

_HALF = np.float32(0.5)


def weight_shapes(layer_sizes: Iterable[int]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array in a model's weights file, as Magenta has them.

    Args:
        layer_sizes: units of each LSTM layer, the one with attention first.
    """
    n, *upper = layer_sizes
    shapes: dict[str, tuple[int, ...]] = {
        "input/kernel": (INPUT_SIZE + n, INPUT_SIZE),
        "input/bias": (INPUT_SIZE,),
        "lstm0/kernel": (INPUT_SIZE + n, 4 * n),  # gates: input, candidate, forget, output
        "lstm0/bias": (4 * n,),
        "attention/key": (n, n),
        "attention/query/kernel": (2 * n, n),  # from the cell state c, then the output h
        "attention/query/bias": (n,),
        "attention/v": (n,),
        "output/kernel": (2 * n, n),
        "output/bias": (n,),
    }
    below = n
    for i, m in enumerate(upper, 1):
        shapes[f"lstm{i}/kernel"] = (below + m, 4 * m)
        shapes[f"lstm{i}/bias"] = (4 * m,)
        below = m
    return shapes | {"logits/kernel": (below, NUM_CLASSES), "logits/bias": (NUM_CLASSES,)}


def read_weights(folder: Path) -> tuple[dict[str, Array], tuple[int, ...], int]:
    """Read a model folder's `config.json` and `weights.npz`.

    Returns:
        Arrays as in `weight_shapes`, units of each layer, and the attention's length in steps.

    Raises:
        SonifyError: something there is missing or isn't what it should be.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        layer_sizes = tuple(int(size) for size in config["rnn_layer_sizes"])
        attention_length = int(config["attn_length"])
        if min(attention_length, *layer_sizes) < 1:
            raise ValueError("sizes must be positive")
    except OSError as error:
        raise SonifyError(f"{folder} isn't a melody model: can't read its {CONFIG}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SonifyError(f"{folder / CONFIG} isn't the config of a melody model") from error
    shapes = weight_shapes(layer_sizes)
    try:
        with np.load(folder / WEIGHTS, allow_pickle=False) as file:
            weights = {name: file[name].astype(np.float32) for name in shapes}
    except OSError as error:
        raise SonifyError(f"{folder} isn't a melody model: can't read its {WEIGHTS}") from error
    except (ValueError, KeyError, EOFError, AttributeError, BadZipFile, zlib.error) as error:
        raise SonifyError(f"{folder / WEIGHTS} is damaged or of another network") from error
    for name, shape in shapes.items():
        if weights[name].shape != shape or not np.isfinite(weights[name]).all():
            raise SonifyError(f"{folder / WEIGHTS} doesn't fit {CONFIG}: see its {name}")
    return weights, layer_sizes, attention_length


@dataclass(frozen=True, slots=True)
class AttentionRNN:
    """The weights of a trained network, ready to be stepped through.

    Attributes:
        layer_sizes: units of each LSTM layer; attention is on the first.
        attention_length: how many past outputs are attended to.
        gates: (75 + 2n, 4n), from [input, 1, h', h] to the first layer's gates.
        query: (2n, n), from [h, c].
        memory: (1 + 2n, 2n), from [1, h', h] to the layer's output, and to its key.
        empty_key: (n,), the key of a step before the first one.
        v: (n,), from the attention's hidden layer to a score.
        upper_gates: a layer (1 + n + m, 4m), from [1, the output of the layer below, its own h].
        logits: (m, 40), from the last layer's output.
        logits_bias: (40,).
    """

    layer_sizes: tuple[int, ...]
    attention_length: int
    gates: Array
    query: Array
    memory: Array
    empty_key: Array
    v: Array
    upper_gates: tuple[Array, ...]
    logits: Array
    logits_bias: Array

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model folder.

        Raises:
            SonifyError: something there is missing or isn't what it should be.
        """
        return cls.from_weights(*read_weights(folder))

    @classmethod
    def from_weights(
        cls, weights: dict[str, Array], layer_sizes: tuple[int, ...], attention_length: int
    ) -> Self:
        """Multiply together what can be, and put rows and columns in the order of use.

        Args:
            weights: as in `weight_shapes`.
            layer_sizes: units of each layer.
            attention_length: steps.
        """
        # Input projection, then gates: x W + b is linear in [input, 1, h'], and gates in x.
        project = weights["input/kernel"]  # (74 + n, 74)
        from_x, from_h = np.split(weights["lstm0/kernel"], [INPUT_SIZE])  # (74, 4n), (n, 4n)
        to_gates = np.concatenate(
            [
                project[:INPUT_SIZE] @ from_x,
                (weights["input/bias"] @ from_x + weights["lstm0/bias"])[None],
                project[INPUT_SIZE:] @ from_x,
                from_h,
            ]
        )  # (75 + 2n, 4n)
        c_to_query, h_to_query = np.split(weights["attention/query/kernel"], 2)
        h_to_output, attention_to_output = np.split(weights["output/kernel"], 2)
        output = np.concatenate([weights["output/bias"][None], attention_to_output, h_to_output])
        key = output @ weights["attention/key"]
        # tanh(key + query) sees their sum only, so the query's bias can be the key's.
        key[0] += weights["attention/query/bias"]
        upper = (
            np.concatenate([weights[f"lstm{i}/bias"][None], weights[f"lstm{i}/kernel"]])
            for i in range(1, len(layer_sizes))
        )
        return cls(
            layer_sizes,
            attention_length,
            gates=_ordered_gates(to_gates, bias_row=INPUT_SIZE),
            query=np.concatenate([h_to_query, c_to_query]),
            memory=np.concatenate([output, key], axis=1),
            empty_key=weights["attention/query/bias"],
            v=weights["attention/v"],
            upper_gates=tuple(_ordered_gates(matrix, bias_row=0) for matrix in upper),
            logits=weights["logits/kernel"],
            logits_bias=weights["logits/bias"],
        )


def _ordered_gates(matrix: Array, bias_row: int) -> Array:
    """Reorder columns from Magenta's gates (input, candidate, forget, output) to j, f, i, o.

    The three sigmoid gates are halved, since sigmoid(x) = (1 + tanh(x / 2)) / 2 lets one tanh do
    for all four, and the forget gate has the 1 that `BasicLSTMCell` adds to it.
    """
    i, j, f, o = np.split(matrix, 4, axis=1)
    f[bias_row] += 1
    return np.concatenate([j, f / 2, i / 2, o / 2], axis=1)


class _LSTM:
    """One LSTM layer and its state.

    Args:
        weights: (k, 4m), from what the gates see to the gates.
        m: units.

    Attributes:
        state: (k + m,): what the gates see, the layer's own output h at its end; then the cell
            state c. A view of a part is where others write what the gates are to see.
        h: (m,), a view of `state`.
    """

    def __init__(self, weights: Array, m: int) -> None:
        self._weights = weights
        k = len(weights)
        together = np.zeros(k + 5 * m, np.float32)  # [..., h, c, j, f, i, o]
        self.state = together[: k + m]
        self.h = together[k - m : k]
        self._seen, self._gates = together[:k], together[k + m :]
        self._c, self._j = together[k : k + m], together[k + m : k + 2 * m]
        self._c_and_j, self._f_and_i = together[k : k + 2 * m], together[k + 2 * m : k + 4 * m]
        self._sigmoids, self._o = together[k + 2 * m :], together[k + 4 * m :]

    def step(self) -> None:
        np.dot(self._seen, self._weights, out=self._gates)  # (k,) @ (k, 4m) -> (4m,)
        np.tanh(self._gates, out=self._gates)
        self._sigmoids *= _HALF
        self._sigmoids += _HALF
        self._c_and_j *= self._f_and_i
        self._c += self._j
        np.tanh(self._c, out=self.h)
        self.h *= self._o


class Continuation:
    """A melody that is heard event by event, and what the network expects next.

    It begins at a bar line. Magenta's network never says how a melody begins: at least one event
    must be heard before something can be expected.

    Args:
        model: the network; several melodies can share one.
    """

    def __init__(self, model: AttentionRNN) -> None:
        self._model = model
        n, *upper_sizes = model.layer_sizes

        self._first = _LSTM(model.gates, n)
        state = self._first.state  # [input, 1, h', h, c]
        self._encoder = MelodyEncoder(out=state[:INPUT_SIZE])
        state[INPUT_SIZE] = 1
        self._attended = state[INPUT_SIZE + 1 :][:n]  # h'
        self._for_query = state[-2 * n :]  # [h, c]
        self._for_memory = state[INPUT_SIZE:-n]  # [1, h', h]

        self._memory = np.zeros((model.attention_length, 2 * n), np.float32)  # a ring
        self._outputs, self._keys = np.split(self._memory, 2, axis=1)  # h_i, W1' h_i
        self._keys[:] = model.empty_key
        self._slots = itertools.cycle([(row, row[:n]) for row in self._memory])
        self._query = np.empty(n, np.float32)
        self._hidden = np.empty(self._keys.shape, np.float32)
        self._scores = np.empty(model.attention_length, np.float32)

        self._upper = [
            _LSTM(gates, m) for gates, m in zip(model.upper_gates, upper_sizes, strict=True)
        ]
        self._below = []  # where each upper layer sees the one below it
        for layer, size in zip(self._upper, model.layer_sizes, strict=False):
            layer.state[0] = 1  # [1, below, h, c]
            self._below.append(layer.state[1 : 1 + size])
        self._top = np.zeros(model.layer_sizes[-1], np.float32)

    @property
    def logits(self) -> Array:
        """Logits of the next event's class (`MelodyEncoder.class_of`), shape (40,)."""
        logits: Array = np.dot(self._top, self._model.logits)  # (m,) @ (m, 40) -> (40,)
        logits += self._model.logits_bias
        return logits

    def hear(self, event: int) -> None:
        """Let the melody go on by one event.

        Raises:
            ValueError: it is no event.
        """
        self._encoder.hear(event)
        self._first.step()
        self._attend()
        slot, below = next(self._slots)
        np.dot(self._for_memory, self._model.memory, out=slot)  # (1 + 2n,) -> (2n,)
        for layer, seen in zip(self._upper, self._below, strict=True):
            seen[:] = below
            layer.step()
            below = layer.h
        self._top = below

    def hear_all(self, events: Iterable[int]) -> None:
        """Let the melody go on by several events."""
        for event in events:
            self.hear(event)

    def expect(self) -> Array:
        """Probabilities of the next event, shape (38,), by `index_of`, a new array.

        The classes "repeat one bar ago" and "repeat two bars ago" count as the events that they
        would repeat.
        """
        p = self.logits  # (40,)
        p -= np.maximum.reduce(p)
        np.exp(p, out=p)
        p /= np.add.reduce(p)
        events = np.empty(NUM_EVENTS, np.float32)
        events[2:] = p[:NUM_PITCHES]
        events[:2] = p[NUM_PITCHES:NUM_EVENTS]
        for probability, lookback in zip(p[NUM_EVENTS:], LOOKBACKS, strict=True):
            events[index_of(self._encoder.repeated(lookback))] += probability
        return events

    def _attend(self) -> None:
        """h' = sum of a_i h_i, a = softmax(u), u_i = v . tanh(W1' h_i + W2' c_t)."""
        scores, hidden = self._scores, self._hidden
        np.dot(self._for_query, self._model.query, out=self._query)  # (2n,) -> (n,)
        np.add(self._keys, self._query, out=hidden)  # (40, n)
        np.tanh(hidden, out=hidden)
        np.dot(hidden, self._model.v, out=scores)  # (40,)
        scores -= np.maximum.reduce(scores)
        np.exp(scores, out=scores)
        scores /= np.add.reduce(scores)
        np.dot(scores, self._outputs, out=self._attended)  # (40,) @ (40, n) -> (n,)
