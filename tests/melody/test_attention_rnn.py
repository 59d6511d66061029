import json

import numpy as np
import pytest

from sonify.errors import SonifyError
from sonify.melody.attention_rnn import AttentionRNN, Continuation, weight_shapes
from sonify.melody.events import NO_EVENT, NOTE_OFF, MelodyEncoder, index_of

SIZES, LENGTH = (8, 6, 5), 4
MELODY = [60, NO_EVENT, 64, NOTE_OFF, 67, NO_EVENT, 64, 62] * 6


@pytest.fixture
def weights():
    rng = np.random.default_rng(1)
    return {
        name: rng.normal(0, 0.3, shape).astype(np.float32)
        for name, shape in weight_shapes(SIZES).items()
    }


@pytest.fixture
def model(weights):
    return AttentionRNN.from_weights(weights, SIZES, LENGTH)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(w, name, x, c, h):
    i, j, f, o = np.split(np.concatenate([x, h]) @ w[f"{name}/kernel"] + w[f"{name}/bias"], 4)
    c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
    return c, np.tanh(c) * sigmoid(o)


def logits_by_the_equations(w, events):
    """Magenta's AttentionCellWrapper and BasicLSTMCell as they are written, in float64."""
    w = {name: weight.astype(float) for name, weight in w.items()}
    encoder = MelodyEncoder()
    past = [np.zeros(SIZES[0])] * LENGTH
    attended = np.zeros(SIZES[0])
    states = [(np.zeros(m), np.zeros(m)) for m in SIZES]
    for event in events:
        encoder.hear(event)
        x = np.concatenate([encoder.input, attended]) @ w["input/kernel"] + w["input/bias"]
        c, h = states[0] = lstm(w, "lstm0", x, *states[0])
        query = np.concatenate([c, h]) @ w["attention/query/kernel"] + w["attention/query/bias"]
        u = [w["attention/v"] @ np.tanh(one @ w["attention/key"] + query) for one in past]
        a = np.exp(u) / np.exp(u).sum()
        attended = a @ np.array(past)
        output = np.concatenate([h, attended]) @ w["output/kernel"] + w["output/bias"]
        past = [*past[1:], output]
        for i in range(1, len(SIZES)):
            states[i] = lstm(w, f"lstm{i}", output, *states[i])
            output = states[i][1]
        yield output @ w["logits/kernel"] + w["logits/bias"]


def test_steps_are_the_papers_equations(weights, model):
    melody = Continuation(model)
    for event, expected in zip(MELODY, logits_by_the_equations(weights, MELODY), strict=True):
        melody.hear(event)
        np.testing.assert_allclose(melody.logits, expected, atol=1e-5)


def test_repeats_are_folded_into_the_events_they_mean(model):
    melody = Continuation(model)
    melody.hear_all(MELODY[:33])
    p = np.exp(melody.logits) / np.exp(melody.logits).sum()
    expected = np.concatenate([p[36:38], p[:36]])
    expected[index_of(MELODY[33 - 16])] += p[38]
    expected[index_of(MELODY[33 - 32])] += p[39]
    np.testing.assert_allclose(melody.expect(), expected, rtol=1e-5)


def test_expectation_is_a_distribution_that_stays_the_callers(model):
    melody = Continuation(model)
    melody.hear(60)
    before = melody.expect()
    kept = before.copy()
    melody.hear_all(MELODY)
    assert before.dtype == np.float32
    assert before.shape == (38,)
    assert before.sum() == pytest.approx(1, abs=1e-5)
    assert (before == kept).all()


def test_melodies_share_a_model_without_hearing_each_other(model):
    alone, one, other = (Continuation(model) for _ in range(3))
    alone.hear_all(MELODY)
    for event in MELODY:
        one.hear(event)
        other.hear(72)
    assert (alone.logits == one.logits).all()
    assert not np.allclose(one.logits, other.logits)


def write(folder, weights, config):
    (folder / "config.json").write_text(json.dumps(config))
    np.savez(folder / "weights.npz", **weights)


def test_a_model_folder_is_loaded(tmp_path, weights, model):
    write(tmp_path, weights, {"rnn_layer_sizes": SIZES, "attn_length": LENGTH})
    loaded = AttentionRNN.load(tmp_path)
    assert loaded.layer_sizes == SIZES
    assert (loaded.gates == model.gates).all()


def test_broken_model_folders(tmp_path, weights):
    config = {"rnn_layer_sizes": SIZES, "attn_length": LENGTH}

    def refused(match):
        with pytest.raises(SonifyError, match=match) as error:
            AttentionRNN.load(tmp_path)
        assert "\n" not in str(error.value)

    refused("can't read its config.json")
    write(tmp_path, weights, config)
    (tmp_path / "weights.npz").unlink()
    refused("can't read its weights.npz")
    for broken in ([], {}, {"rnn_layer_sizes": [], "attn_length": 1}, config | {"attn_length": 0}):
        write(tmp_path, weights, broken)
        refused("isn't the config of a melody model")
    (tmp_path / "config.json").write_text("{")
    refused("isn't the config of a melody model")
    write(tmp_path, weights, config | {"rnn_layer_sizes": (8, 6, 4)})
    refused("doesn't fit config.json")
    write(tmp_path, weights | {"output/bias": np.full(8, np.nan, np.float32)}, config)
    refused("see its output/bias")
    write(tmp_path, {"something": np.zeros(1)}, config)
    refused("damaged or of another network")
    write(tmp_path, weights, config)
    whole = (tmp_path / "weights.npz").read_bytes()
    for damaged in (b"", b"PK", whole[: len(whole) // 2], whole[:200] + bytes(64) + whole[264:]):
        (tmp_path / "weights.npz").write_bytes(damaged)
        refused("weights.npz")
