import numpy as np
import pytest

from sonify.mood.paper import PaperModel

keras = pytest.importorskip("keras", reason="needs the training extra")
pytest.importorskip("gensim", reason="needs the training extra")

from training.mood.ko_paper import network  # noqa: E402
from training.mood.ko_paper.export import calibrate, export  # noqa: E402
from training.mood.ko_paper.tokens import tokenized  # noqa: E402

TOKENS = [f"{n}/Noun" for n in range(30)]


def test_the_runtime_computes_what_keras_does(tmp_path):
    random = np.random.default_rng(0)
    model = network.build(random.normal(size=(31, 12)).astype(np.float32))
    model.set_weights([w + random.normal(0, 0.1, w.shape) for w in model.get_weights()])
    export(model, TOKENS, 1.0, 0.2, tmp_path)
    shipped = PaperModel.load(tmp_path)
    sentences = [list(random.integers(0, 30, size)) for size in (1, 7, 3, 40, 7)]
    heard = shipped.valences([[TOKENS[n] for n in rows] for rows in sentences])
    for rows, valence in zip(sentences, heard, strict=True):
        negative, positive = model.predict_on_batch(np.array([rows]) + 1)[0]
        assert valence == pytest.approx(positive - negative, abs=2e-3)  # half precision


def test_what_is_learned_can_be_learned(tmp_path):
    random = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    sentences = [list(random.integers(1, 31, size)) for size in random.integers(1, 12, 600)]
    positive = [sum(n <= 15 for n in rows) * 2 > len(rows) for rows in sentences]
    model = network.build(random.normal(size=(31, 12)).astype(np.float32))
    batches = network.batches(sentences, positive, seed=0)
    network.train(model, batches, batches, tmp_path)
    accuracies = [epoch["val_accuracy"] for epoch in network.epochs(tmp_path)]
    assert model.evaluate(batches, verbose=0)[1] == pytest.approx(max(accuracies))
    assert max(accuracies) > 0.7

    again = network.build(random.normal(size=(31, 12)).astype(np.float32))
    network.train(again, batches, batches, tmp_path)  # has ended: takes what it finds
    assert len(network.epochs(tmp_path)) == len(accuracies)
    assert again.evaluate(batches, verbose=0)[1] == pytest.approx(max(accuracies))


def test_batches_hold_every_sentence_once_in_another_order_each_epoch():
    sentences = [[n] * (1 + n % 60) for n in range(1, 400)]
    batches = network.batches(sentences, [n % 2 == 0 for n in range(1, 400)], seed=0)

    def epoch():
        return [
            (int(row[0]), np.count_nonzero(row), bool(label))
            for rows, labels in batches
            for row, label in zip(rows.numpy(), labels, strict=True)
        ]

    first, second = epoch(), epoch()
    assert sorted(first) == sorted(second) == [(n, 1 + n % 60, n % 2 == 0) for n in range(1, 400)]
    assert first != second


def test_calibration_finds_the_temperature_and_where_it_is_a_coins_throw():
    random = np.random.default_rng(0)
    margin = random.normal(0, 4, 50_000)
    positive = random.random(50_000) < 1 / (1 + np.exp(-margin))
    loud = 1 / (1 + np.exp(-2 * margin))  # twice as sure as it may be
    temperature, neutral = calibrate(np.stack([1 - loud, loud], axis=1), positive)
    assert temperature == pytest.approx(2, rel=0.05)
    within = np.abs(np.tanh(margin / 2)) <= neutral
    assert np.mean((margin > 0)[within] == positive[within]) == pytest.approx(0.6, abs=0.02)


def test_tokens_are_kept_and_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("SONIFY_DATA", str(tmp_path))
    (tmp_path / "nsmc").mkdir()
    (tmp_path / "nsmc" / "ratings_train.txt").write_text(
        "id\tdocument\tlabel\n1\t정말 좋아요\t1\n2\t\t0\n3\t지루하다\t0\n", encoding="utf-8"
    )
    work = tmp_path / "work"
    whole = [(["정말/Noun", "좋다/Adjective"], True), ([], False), (["지루하다/Adjective"], False)]
    assert list(tokenized("train", work)) == whole
    kept = work / "tokens-train.txt"
    kept.write_text("그대로/Noun\n\n지루", encoding="utf-8")  # two lines, and half of one
    assert list(tokenized("train", work)) == [(["그대로/Noun"], True), *whole[1:]]
