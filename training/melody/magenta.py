"""Magenta's own checkpoints and bundles of `attention_rnn`, in and out.

Weights have one shape here and there; only their names differ. Magenta 2.1.4 itself isn't needed
but for bundles, whose format note-seq defines.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from sonify.errors import SonifyError
from sonify.melody.attention_rnn import Array, read_weights, weight_shapes
from training.melody.model_folder import write_model

DEFAULT_ATTENTION_LENGTH = 40
_ATTENTION = "rnn/multi_rnn_cell/cell_0/attention_cell_wrapper"


def magenta_names(layers: int) -> dict[str, str]:
    """Magenta's name of every weight of a network of so many LSTM layers."""
    names = {
        "input/kernel": f"{_ATTENTION}/kernel",
        "input/bias": f"{_ATTENTION}/bias",
        "lstm0/kernel": f"{_ATTENTION}/basic_lstm_cell/kernel",
        "lstm0/bias": f"{_ATTENTION}/basic_lstm_cell/bias",
        "attention/key": f"{_ATTENTION}/attention/attn_w",
        "attention/query/kernel": f"{_ATTENTION}/attention/kernel",
        "attention/query/bias": f"{_ATTENTION}/attention/bias",
        "attention/v": f"{_ATTENTION}/attention/attn_v",
        "output/kernel": f"{_ATTENTION}/attn_output_projection/kernel",
        "output/bias": f"{_ATTENTION}/attn_output_projection/bias",
        "logits/kernel": "fully_connected/weights",
        "logits/bias": "fully_connected/biases",
    }
    for i in range(1, layers):
        for kind in ("kernel", "bias"):
            names[f"lstm{i}/{kind}"] = f"rnn/multi_rnn_cell/cell_{i}/basic_lstm_cell/{kind}"
    return names


def import_magenta(source: Path, folder: Path) -> None:
    """Turn a checkpoint (its prefix or its folder) or a `.mag` bundle into a model folder.

    Raises:
        SonifyError: there's none, or it isn't one of an `attention_rnn`.
    """
    if source.suffix == ".mag":
        with tempfile.TemporaryDirectory() as unpacked:
            _import_checkpoint(_unpack_bundle(source, Path(unpacked)), source, folder)
    else:
        prefix = tf.train.latest_checkpoint(str(source)) if source.is_dir() else str(source)
        _import_checkpoint(prefix or str(source), source, folder)


def export_magenta(folder: Path, prefix: Path) -> None:
    """Write the weights of a model folder as a checkpoint that Magenta's generator restores.

    It needs `--hparams=rnn_layer_sizes=[…],attn_length=…` where they aren't [128,128] and 40.

    Raises:
        SonifyError: the folder holds no melody model.
    """
    weights, layer_sizes, _ = read_weights(folder)
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name, theirs in magenta_names(len(layer_sizes)).items():
            weight = weights[name]
            if name == "attention/key":
                weight = weight[None, None]  # a convolution's (1, 1, n, n) there
            tf.compat.v1.get_variable(theirs, initializer=tf.constant(weight))
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(prefix), write_meta_graph=False)


def _unpack_bundle(source: Path, into: Path) -> str:
    from google.protobuf.message import DecodeError
    from note_seq.protobuf import generator_pb2

    bundle = generator_pb2.GeneratorBundle()
    try:
        bundle.ParseFromString(source.read_bytes())
    except OSError as error:
        raise SonifyError(f"can't read {source}: {error.strerror}") from error
    except DecodeError as error:
        raise SonifyError(f"{source} isn't a Magenta bundle") from error
    if bundle.generator_details.id != "attention_rnn" or not bundle.checkpoint_file:
        raise SonifyError(f"{source} isn't a bundle of Magenta's attention_rnn")
    prefix = into / "model.ckpt"
    prefix.write_bytes(bundle.checkpoint_file[0])
    prefix.with_name("model.ckpt.meta").write_bytes(bundle.metagraph_file)
    return str(prefix)


def _import_checkpoint(prefix: str, source: Path, folder: Path) -> None:
    try:
        checkpoint = tf.train.load_checkpoint(prefix)
    except (ValueError, tf.errors.OpError) as error:
        raise SonifyError(f"{source} isn't a TensorFlow checkpoint or Magenta bundle") from error
    found = checkpoint.get_variable_to_shape_map()
    layers = sum(name.endswith("basic_lstm_cell/bias") for name in found)
    names = magenta_names(layers)
    missing = [theirs for theirs in names.values() if theirs not in found]
    if missing:
        raise SonifyError(f"{source} isn't an attention_rnn: it has no {missing[0]}")
    layer_sizes = tuple(found[names[f"lstm{i}/bias"]][0] // 4 for i in range(layers))
    weights: dict[str, Array] = {}
    for name, shape in weight_shapes(layer_sizes).items():
        weight = checkpoint.get_tensor(names[name])
        if name == "attention/key":
            weight = weight[0, 0]
        if weight.shape != shape:
            raise SonifyError(f"{source} isn't an attention_rnn of 74 inputs and 40 classes")
        weights[name] = weight.astype(np.float32)
    write_model(folder, weights, layer_sizes, _attention_length(prefix, layer_sizes[0]))


def _attention_length(prefix: str, n: int) -> int:
    """As the graph beside the checkpoint has it: no weight's shape depends on it."""
    meta = Path(f"{prefix}.meta")
    if meta.exists():
        with tf.Graph().as_default():
            tf.compat.v1.train.import_meta_graph(str(meta), clear_devices=True)
            for tensor in tf.compat.v1.get_collection("initial_state"):
                if tensor.shape[1] != n and tensor.shape[1] % n == 0:
                    return int(tensor.shape[1]) // n
    return DEFAULT_ATTENTION_LENGTH
