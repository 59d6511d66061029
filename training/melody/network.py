"""Magenta's `attention_rnn` in TensorFlow 2, unrolled for training.

The equations and their sources stand in `sonify/melody/attention_rnn.py`; weights have the same
names and shapes. Here time is unrolled inside one graph: the attention's keys are kept from step
to step, and many melodies (lanes) are stepped through at once. A lane is one tune after another,
each on a bar line; where a tune begins, the lane forgets everything.

B is the number of lanes, T the steps of a window, A the attention's length, n and m layer sizes.
"""

import numpy as np
import tensorflow as tf

from sonify.melody.attention_rnn import weight_shapes
from sonify.melody.events import INPUT_SIZE, STEPS_PER_BAR

State = list[tf.Tensor]


class Network(tf.Module):
    """Weights, and what they make of a window.

    Args:
        layer_sizes: units of each LSTM layer; attention is on the first.
        attention_length: how many past outputs are attended to.
        seed: of the weights' initial values (Glorot uniform, biases 0, as Magenta's).
    """

    def __init__(self, layer_sizes: tuple[int, ...], attention_length: int, seed: int) -> None:
        super().__init__()
        self.layer_sizes = layer_sizes
        self.attention_length = attention_length
        rng = np.random.default_rng(seed)
        self.weights = {
            name: tf.Variable(_initial(rng, name, shape), name=name)
            for name, shape in weight_shapes(layer_sizes).items()
        }

    def initial_state(self, lanes: int) -> State:
        """Nothing heard yet: h', the past outputs and their keys, then c and h of every layer."""
        n, past = self.layer_sizes[0], (self.attention_length, lanes, self.layer_sizes[0])
        state = [tf.zeros((lanes, n)), tf.zeros(past), tf.zeros(past)]
        for m in self.layer_sizes:
            state += [tf.zeros((lanes, m)), tf.zeros((lanes, m))]
        return state

    def logits(
        self, inputs: tf.Tensor, begins: tf.Tensor, state: State, keep: float = 1.0
    ) -> tuple[tf.Tensor, State]:
        """Run a window.

        Args:
            inputs: (T, B, 74).
            begins: (T / 16, B), 1 where a tune begins with that bar, else 0.
            state: of the window before.
            keep: share of every layer's outputs that dropout keeps.

        Returns:
            (T, B, 40) and the state after the window.
        """
        w = {name: tf.convert_to_tensor(weight) for name, weight in self.weights.items()}
        steps, lanes, _ = inputs.shape
        # What depends on the input alone is done for all steps at once; what is left of the
        # input's projection, its part for h', goes straight to the gates.
        projected = inputs @ w["input/kernel"][:INPUT_SIZE] + w["input/bias"]  # (T, B, 74)
        gates_x, gates_h = tf.split(w["lstm0/kernel"], [INPUT_SIZE, self.layer_sizes[0]])
        from_input = projected @ gates_x + w["lstm0/bias"]  # (T, B, 4n)
        w["recurrent"] = tf.concat([w["input/kernel"][INPUT_SIZE:] @ gates_x, gates_h], 0)
        masks = [
            tf.floor(tf.random.uniform((steps, lanes, m)) + keep) / keep for m in self.layer_sizes
        ]
        tops = []
        for step in range(steps):
            if step % STEPS_PER_BAR == 0:
                alive = 1 - begins[step // STEPS_PER_BAR][:, None]  # (B, 1)
                state = [tensor * alive for tensor in state]
            state, top = _step(from_input[step], [mask[step] for mask in masks], state, w)
            tops.append(top)
        return tf.stack(tops) @ w["logits/kernel"] + w["logits/bias"], state


# One step is compiled once and called T times: the whole window, compiled, would take minutes.
@tf.function(jit_compile=True)
def _step(
    from_input: tf.Tensor, masks: list[tf.Tensor], state: State, w: dict[str, tf.Tensor]
) -> tuple[State, tf.Tensor]:
    attended, outputs, keys, c, h, *upper = state
    c, h = _lstm(from_input + tf.concat([attended, h], 1) @ w["recurrent"], c)
    query = tf.concat([c, h], 1) @ w["attention/query/kernel"] + w["attention/query/bias"]
    u = tf.linalg.matvec(tf.tanh(keys + query), w["attention/v"])  # (A, B)
    a = tf.nn.softmax(u, axis=0)
    attended = tf.reduce_sum(a[:, :, None] * outputs, 0)  # (B, n)
    output = tf.concat([h, attended], 1) @ w["output/kernel"] + w["output/bias"]
    outputs = tf.concat([outputs[1:], output[None]], 0)  # (A, B, n)
    keys = tf.concat([keys[1:], (output @ w["attention/key"])[None]], 0)
    state, top = [attended, outputs, keys, c, h], output * masks[0]
    for i, mask in enumerate(masks[1:], 1):
        c, h = upper[2 * i - 2 : 2 * i]
        c, h = _lstm(tf.concat([top, h], 1) @ w[f"lstm{i}/kernel"] + w[f"lstm{i}/bias"], c)
        state, top = [*state, c, h], h * mask
    return state, top


def _lstm(z: tf.Tensor, c: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    i, j, f, o = tf.split(z, 4, axis=1)
    c = c * tf.sigmoid(f + 1) + tf.sigmoid(i) * tf.tanh(j)
    return c, tf.tanh(c) * tf.sigmoid(o)


def _initial(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name.endswith("bias"):
        return np.zeros(shape, np.float32)
    fan_in, fan_out = shape if len(shape) == 2 else (shape[0], shape[0])
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(np.float32)
