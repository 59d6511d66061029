import numpy as np
import pytest

from sonify.melody.attention_rnn import AttentionRNN, Continuation
from sonify.melody.events import MelodyEncoder, index_of
from training.melody.lanes import encode, windows
from training.melody.tunes import Tune

pytest.importorskip("tensorflow", reason="needs the training extra")

import itertools

import tensorflow as tf

from training.melody import train as training
from training.melody.network import Network
from training.melody.train import (
    Settings,
    Trainer,
    class_loss,
    evaluate,
    event_loss,
    recast_weights,
)

SIZES = (6, 5)
BAR = [60, -2, 62, -2, 64, -2, 65, -2, 67, -2, -1, -2, 64, -2, 62, -2]


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(training, "LANES", 2)
    monkeypatch.setattr(training, "STEPS", 32)
    monkeypatch.setattr(training, "WARM_UP", 2)


def runtime(network):
    weights = {name: weight.numpy() for name, weight in network.weights.items()}
    return AttentionRNN.from_weights(weights, network.layer_sizes, network.attention_length)


def test_the_unrolled_network_is_the_runtimes_and_forgets_between_tunes():
    network = Network(SIZES, attention_length=5, seed=3)
    tunes = [BAR * 3, BAR * 2, (BAR * 4)[::-1], BAR]
    state, logits = network.initial_state(2), []
    found = list(windows([encode(events) for events in tunes], lanes=2, steps=32))
    for window in found:
        out, state = network.logits(window.inputs, window.begins, state)
        logits.append(out.numpy())
    logits = np.concatenate(logits)
    begins = np.concatenate([window.begins for window in found])
    starts = sorted((int(at) * 16, int(lane)) for at, lane in zip(*begins.nonzero(), strict=True))
    assert [lane for _, lane in starts] == [0, 1, 1, 0]  # tunes 0, 1, 2, 3
    for events, (at, lane) in zip(tunes, starts, strict=True):
        melody = Continuation(runtime(network))
        for step, event in enumerate(events):
            melody.hear(event)
            np.testing.assert_allclose(logits[at + step, lane], melody.logits, atol=1e-5)


def test_losses_are_those_of_the_runtimes_expectations():
    network = Network(SIZES, attention_length=5, seed=3)
    scores = evaluate(network, [encode(BAR * 3)])
    melody, by_event, by_class = Continuation(runtime(network)), [], []
    encoder = MelodyEncoder()
    events = BAR * 3
    for event, after in itertools.pairwise(events):
        melody.hear(event)
        encoder.hear(event)
        by_event.append(-np.log(melody.expect()[index_of(after)]))
        p = np.exp(melody.logits) / np.exp(melody.logits).sum()
        by_class.append(-np.log(p[encoder.class_of(after)]))
    assert scores["event"] == pytest.approx(np.mean(by_event), rel=1e-4)
    assert scores["class"] == pytest.approx(np.mean(by_class), rel=1e-4)
    assert scores["event"] < scores["class"]


def test_what_is_not_to_be_expected_costs_nothing():
    logits = tf.random.normal((16, 1, 40), seed=1)
    nothing = tf.fill((16, 1), -1)
    assert float(class_loss(logits, nothing)) == 0
    assert float(event_loss(logits, tf.fill((16, 1, 3), -1))) == 0


def tunes(mode, count=4):
    return [
        Tune("Songs", "f", "t", mode, mode, tuple(BAR[i:] + BAR * 3 + BAR[:i]))
        for i in range(count)
    ]


def trainer(folder, **settings):
    chosen = Settings(layer_sizes=SIZES, attention_length=5, averaging=0.5, **settings)
    return Trainer(chosen, tunes("minor"), tunes("major"), tunes("minor", 2), folder)


def test_training_learns_stops_and_goes_on_where_it_was(tmp_path):
    settings = {"epochs": 4, "recast": 2, "recast_epochs": 1, "learning_rate": 0.05}
    whole = trainer(tmp_path / "whole", **settings)
    before = evaluate(whole.network, whole.validation)["event"]
    whole.run()
    assert float(whole.best) < before - 0.3
    model = AttentionRNN.load(tmp_path / "whole")
    assert model.layer_sizes == SIZES

    again = trainer(tmp_path / "whole", **settings)
    assert int(again.epoch) == 4
    for one, other in zip(whole.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert int(again.optimizer.iterations) == int(whole.optimizer.iterations) > 0


def test_training_stops_early_when_validation_gets_no_better(tmp_path):
    stopped = trainer(tmp_path, epochs=9, patience=2, learning_rate=0.0)
    stopped.run()
    assert int(stopped.epoch) <= 4


def test_a_recast_network_expects_the_recast_tune_as_its_own_the_tune():
    network = Network(SIZES, attention_length=5, seed=3)
    kernel = network.weights["input/kernel"]
    weights = {name: weight.numpy() for name, weight in network.weights.items()}
    recast_kernel = recast_weights(weights)["input/kernel"]
    np.testing.assert_array_equal(recast_kernel[53], kernel[50])  # E flat major for C major
    # Which keys it may be in can't be the same for both tunes: here that isn't listened to.
    kernel.assign(np.concatenate([kernel[:50], np.zeros((24, 74)), kernel[74:]]))
    weights["input/kernel"] = kernel.numpy()
    recast = AttentionRNN.from_weights(recast_weights(weights), SIZES, 5)
    major, minor = Continuation(runtime(network)), Continuation(recast)
    lowered = {64: 63, 69: 68, 71: 70}
    for event in [60, -2, 64, 67, 69, -1, 71, 72, 62, 65] * 4:
        major.hear(event)
        minor.hear(lowered.get(event, event))
        theirs, ours = major.expect(), minor.expect()
        for pitch in range(60, 73):
            if pitch % 12 in {0, 2, 4, 5, 7, 9, 11}:
                heard = ours[index_of(lowered.get(pitch, pitch))]
                assert heard == pytest.approx(theirs[index_of(pitch)], rel=1e-3)
