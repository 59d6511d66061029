import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

torch = pytest.importorskip("torch", reason="needs the training extra")
for package in ("kiwipiepy", "scipy", "sklearn"):
    pytest.importorskip(package, reason="needs the training extra")

from sonify.mood import ko  # noqa: E402
from sonify.mood.ko import Calibration, KoModel  # noqa: E402
from sonify.mood.mood import EMOTIONS  # noqa: E402
from sonify.reading.book import Chapter, Sentence  # noqa: E402
from training.mood.data import LABELS, PoemLine  # noqa: E402
from training.mood.judged import Judgement  # noqa: E402
from training.mood.ko import (  # noqa: E402
    calibration,
    emotions,
    literature,
    network,
    pieces,
    register,
    reviewer,
)
from training.mood.ko.export import export, whole  # noqa: E402
from training.mood.ko.register import Register  # noqa: E402

TEXTS = ["가나다 라마", "바", "사아자 차카 타파하 가가", "나라", "다다다 하하", "마바사"]
OWNERS = ["a", "a", "a", "b", "b", "b"]
MEANT = pieces.DIMENSIONS + 2 + len(EMOTIONS)
"""Dimensions of what a piece means and makes felt."""


def lines(random, outputs=ko.OUTPUTS):
    def some(width):
        return random.normal(size=(len(TEXTS), width))

    targets, judged = random.normal(size=(4, outputs)), some(outputs)
    meaning, pooled = some(3 * MEANT), some(2 * network.DIMENSIONS)
    return literature.Lines(
        TEXTS, OWNERS, targets, judged, meaning, pooled, some(3 * MEANT), some(7)
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    learned = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=learned, vocab_size=20, hard_vocab_limit=False,
        minloglevel=2,
    )  # fmt: skip
    cutter = SentencePieceProcessor(model_proto=learned.getvalue())
    vectors, scale = whole(random.normal(size=(cutter.vocab_size(), MEANT)))
    begin = (vectors * scale)[:, : pieces.DIMENSIONS]
    net = network.Network(begin.astype(np.float32)).eval()
    characters = reviewer.Reviewer().eval()
    with torch.no_grad():
        for parameter in [*net.parameters(), *characters.parameters()]:
            parameter.copy_(parameter.half())  # as they are kept
        rows, steps = whole(net.embedding.weight.numpy(), axis=1)
        net.embedding.weight.copy_(torch.from_numpy(rows * steps))
    student = literature.School.of(lines(random)).learn(np.arange(4))
    folder = tmp_path_factory.mktemp("ko")
    calibrated = Calibration(
        (1.0, 0.5, 0.1), (0.7, -0.2), (2.0, 0.3), (1.0, 0.4), (0.2, 0.9), 0.1, emotions.OF_LABEL
    )
    terms = random.normal(size=len(student.terms))
    registers = [Register(terms, random.normal(size=2 * network.DIMENSIONS) / 20, 0.1)] * 2
    export(folder, cutter, net, characters, vectors, float(scale), student, registers, calibrated)
    return net, characters, KoModel.load(folder)


def test_numpy_hears_what_pytorch_learned(trained, monkeypatch):
    net, characters, model = trained
    monkeypatch.setattr(ko, "_STEPS", np.float32(2**20))  # as if products weren't rounded
    monkeypatch.setattr(ko, "_GREATEST", np.float32(2**44))
    model = replace(model)
    for text in TEXTS:
        rows = model.pieces.encode(text)
        with torch.inference_mode():
            pooled = net.pool(*network.padded([rows]))[0].numpy()
            grams = characters(*reviewer._bag([text]))[0].item()
        np.testing.assert_allclose(model.pool([rows])[0], pooled, atol=2e-5)
        assert model.review_ngrams(*ko.ngrams_of([text]))[0] == pytest.approx(grams, abs=2e-3)


def test_padding_is_not_heard(trained):
    net, _, _ = trained
    texts = [[2, 3, 4], [5], [6, 7, 8, 9, 10, 11, 12]]
    with torch.inference_mode():
        together = net.pool(*network.padded(texts))
        alone = [net.pool(*network.padded([text]))[0] for text in texts]
    torch.testing.assert_close(together, torch.stack(alone), atol=1e-5, rtol=0)


def test_the_student_solves_its_equations():
    random = np.random.default_rng(2)
    known = lines(random)
    targets = random.normal(size=(len(TEXTS), 3))
    student = literature.learn(known, np.arange(len(TEXTS)), targets)
    terms = literature.terms_of(TEXTS, student)
    dense = known.dense(literature.STUDENT)
    near = literature.around(OWNERS).toarray()
    kernel = (terms @ terms.T).toarray() + dense @ dense.T
    kernel += literature.AROUND * near @ kernel @ near
    mean = targets.mean(axis=0)
    dual = np.linalg.solve(kernel + literature.RIDGE * np.eye(len(TEXTS)), targets - mean)
    heard = literature.heard(student, TEXTS, OWNERS, known.meaning, known.pooled)
    np.testing.assert_allclose(heard, kernel @ dual + mean, atol=1e-2)


@given(st.integers(0, 2**32 - 1))
def test_conjugate_gradients_solve(seed):
    random = np.random.default_rng(seed)
    root, targets = random.normal(size=(8, 5)), random.normal(size=(8, 2))
    matrix = root @ root.T + np.eye(8)
    found = literature.solve(lambda x: matrix @ x, targets)
    assert np.linalg.norm(matrix @ found - targets) <= 1.01 * literature.EXACT * np.linalg.norm(
        targets
    )


def test_the_teacher_knows_its_lesson_and_nothing_far_from_it():
    random = np.random.default_rng(4)
    known = lines(random)
    teacher = literature.Teacher(known)
    lesson = np.arange(3)
    targets = np.array([[1.0], [0.0], [-1.0]])
    heard = teacher.heard(np.arange(6), lesson, targets)[:, 0]
    assert heard[0] > 0.3 and heard[2] < -0.3
    teacher.dense = teacher.dense.copy()
    teacher.dense[3:] += 100
    teacher.squares[3:] = np.inf  # as far away as can be
    np.testing.assert_allclose(teacher.heard(np.arange(3, 6), lesson, targets), 0)


def test_a_lesson_is_what_readers_or_the_teacher_say_and_what_was_judged():
    known = lines(np.random.default_rng(7))
    school = literature.School.of(known)
    which, felt = school.lesson(np.array([0, 2]))
    assert which.tolist() == [0, 2, 4, 5]
    readers = known.targets[[0, 2]] + known.judged[[0, 2]]
    np.testing.assert_allclose(felt[:2], readers / 2)
    teacher = school.teacher.heard(np.array([4, 5]), np.array([0, 2]), readers / 2)
    np.testing.assert_allclose(felt[2:], (teacher + known.judged[4:]) / 2)


def test_every_part_of_the_vectors_is_seen_once():
    random = np.random.default_rng(5)
    vectors = [random.normal(size=(4, MEANT)), random.normal(size=(1, MEANT))]
    features = literature.extremes(vectors)
    columns = [literature.columns_of(features, part) for part in literature.PARTS]
    assert sorted(np.concatenate(columns)) == list(range(3 * MEANT))
    polarity = features[:, columns[1]].reshape(2, 3, 2)
    for row, some in zip(polarity, vectors, strict=True):
        two = some[:, pieces.DIMENSIONS : pieces.DIMENSIONS + 2]
        np.testing.assert_allclose(row, [two.mean(0), two.max(0), two.min(0)])


def test_what_a_morpheme_makes_felt_comes_behind_what_it_means(tmp_path, monkeypatch):
    flower, grief = ("꽃", "NNG"), ("비탄", "NNG")
    monkeypatch.setattr(
        pieces, "similarities", lambda _: {flower: np.ones(80), grief: -np.ones(80)}
    )
    monkeypatch.setattr(pieces, "polarities", lambda *_: {flower: 3.0, grief: 1.0})
    words = {
        flower: Judgement(0.5, (4, 3, 2, 2, 0, 0, 0, 0)),
        ("설움", "NNG"): Judgement(-0.9, (0, 0, 1, 0, 9, 3, 2, 1)),
    }
    found = pieces.meanings({}, [], words, tmp_path)
    assert {len(vector) for vector in found.values()} == {MEANT}
    assert found[flower][80] == 3 and found[flower][81] > 0
    assert not found[grief][81:].any()
    sorrow = found["설움", "NNG"]
    assert not sorrow[:81].any() and sorrow[81] < 0 < sorrow[82 + EMOTIONS.index("sadness")]
    np.testing.assert_allclose(np.std([found[flower][81:], sorrow[81:]], axis=0), 1)
    assert pieces.meanings({}, [], {}, tmp_path).keys() == found.keys()  # kept


def test_a_word_takes_the_polarity_of_those_that_mean_the_like():
    lexicon = {"슬픔": -2, "고통": -2, "절망": -2, "행복": 2, "사랑": 2}
    known = [(word, "NNG") for word in ("비탄", "책상", *lexicon)]
    grief, desk, *listed = pieces.polarities(known, lexicon.items()).values()
    assert max(listed[:3]) < grief < -0.1 < desk < 0.1 < min(listed[3:])


def test_lines_of_other_poems_are_not_near():
    near = literature.around(["a", "a", "a", "a", "a", "b"]).toarray()
    np.testing.assert_allclose(near[0], [0, 0.5, 0.4, 0.3, 0, 0])
    assert near[5].tolist() == [0] * 6
    assert (near == near.T).all()


def test_a_lone_review_is_seldom_taken_for_literature():
    random = np.random.default_rng(3)
    student = literature.School.of(lines(random)).learn(np.arange(4))
    texts = TEXTS * 20
    pooled = random.normal(size=(len(texts), 2))
    some = Register(np.zeros(len(student.terms)), np.array([1.0, 0.5]), -1.0)
    logits = some.logits(texts, pooled, student)
    np.testing.assert_allclose(logits, pooled @ some.pooled + some.bias)
    assert np.mean(logits < 0) > 0.5
    assert np.mean(logits + register.lone(logits) < 0) < 0.02


def test_a_poem_is_seldom_taken_for_prose_nor_helped_where_none_is():
    logits, poem = np.repeat(np.linspace(-3, 1, 40), 5), np.repeat(np.arange(40), 5)
    prior = register.whole(logits, poem)
    sums = np.linspace(-15, 5, 40)
    assert np.mean(sums > 0) > 0.2 and np.mean(sums + prior > 0) <= 0.05
    assert register.whole(logits - 10, poem) == 0


def test_every_label_has_its_place():
    grouped = [label for labels in emotions.GROUPS.values() for label in labels]
    assert len(set(grouped)) == len(grouped)
    assert set(LABELS) - set(grouped) == {"비장함", "깨달음", "없음"}
    assert list(emotions.GROUPS) == list(EMOTIONS)
    line = PoemLine(0, "", "", {"행복": 0.6, "슬픔": 0.2, "없음": 1.0})
    shares = dict(zip(EMOTIONS, emotions.shares(line.emotions), strict=True))
    assert (shares["joy"], shares["sadness"]) == pytest.approx((0.75, 0.25))


def test_neutral_sentences_of_novels_are_heard_between_the_others():
    random = np.random.default_rng(4)
    verdicts = random.choice(["positive", "negative", "neutral"], 3000, p=[0.1, 0.4, 0.5])
    means = {"positive": 1.0, "negative": -2.0, "neutral": -0.5}
    heard = np.array([means[verdict] for verdict in verdicts]) + random.normal(size=3000)
    slope, offset = calibration.prose(heard, verdicts)
    assert offset / slope == pytest.approx(0.5, abs=0.1)
    assert 0 < slope < 3  # log odds between the positive and the negative alone
    valence = np.tanh((slope * heard + offset) / 2)
    within = np.abs(valence) <= calibration.neutral(valence, verdicts)
    assert within.mean() == pytest.approx(0.5, abs=0.02)


def test_sentences_of_one_text_are_heard(trained):
    model = trained[2]
    moods = list(model.hear(Sentence(t, Chapter(0, ""), i, 0) for i, t in enumerate(TEXTS)))
    assert all(sum(mood.emotions.values()) == pytest.approx(1) for mood in moods)
