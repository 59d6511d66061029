import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the training extra")
for package in ("kiwipiepy", "sentencepiece", "scipy", "sklearn"):
    pytest.importorskip(package, reason="needs the training extra")

from sonify.mood import ko  # noqa: E402
from sonify.mood.ko import Calibration, KoModel  # noqa: E402
from sonify.mood.mood import EMOTIONS  # noqa: E402
from sonify.reading.book import Chapter, Sentence  # noqa: E402
from training.mood.data import LABELS, PoemLine  # noqa: E402
from training.mood.ko import (  # noqa: E402
    calibration,
    emotions,
    literature,
    network,
    pieces,
    reviewer,
)
from training.mood.ko.export import export, whole  # noqa: E402
from training.mood.ko.register import Register  # noqa: E402

PIECES = ["<unk>\t0", "▁\t-1", *(f"{piece}\t-3" for piece in "가나다라마바사아자차카타파하")]
TEXTS = ["가나다 라마", "바", "사아자 차카 타파하 가가", "나라", "다다다 하하", "마바사"]
OWNERS = ["a", "a", "a", "b", "b", "b"]


def lines(random, outputs=ko.OUTPUTS):
    def some(width):
        return random.normal(size=(len(TEXTS), width))

    width = 2 * network.DIMENSIONS
    targets = random.normal(size=(4, outputs))
    return literature.Lines(TEXTS, OWNERS, targets, some(6), some(width), some(9), some(7))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    vectors, scale = whole(random.normal(size=(len(PIECES), 2)))  # as wide as `lines` has them
    net = network.Network((vectors * scale).astype(np.float32)).eval()
    characters = reviewer.Reviewer().eval()
    with torch.no_grad():
        for parameter in [*net.parameters(), *characters.parameters()]:
            parameter.copy_(parameter.half())  # as they are kept
        rows, steps = whole(net.embedding.weight.numpy(), axis=1)
        net.embedding.weight.copy_(torch.from_numpy(rows * steps))
    student = literature.School.of(lines(random)).learn(np.arange(4))
    folder = tmp_path_factory.mktemp("ko")
    calibrated = Calibration(
        (1.0, 0.5, 0.1), 0.7, (2.0, 0.3), (1.0, 0.4), (0.2, 0.9), 0.1, emotions.OF_LABEL
    )
    terms = random.normal(size=len(student.terms))
    registers = [Register(terms, random.normal(size=2 * network.DIMENSIONS) / 20, 0.1)] * 2
    export(folder, PIECES, net, characters, vectors, float(scale), student, registers, calibrated)
    return net, characters, KoModel.load(folder)


def test_numpy_hears_what_pytorch_learned(trained):
    net, characters, model = trained
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


@given(
    st.lists(st.lists(st.sampled_from(["봄", "꽃이", "지고,", "운다."]), min_size=1), max_size=5),
    st.integers(0, 99),
)
def test_a_novel_in_lines_is_the_same_words_in_the_same_order(sentences, seed):
    prose = [" ".join(words) for words in sentences]
    poems = ["한 줄", "조금 더 긴 줄은 이렇다"]
    verse = literature.versified(prose, poems, np.random.default_rng(seed))
    assert " ".join(verse) == " ".join(prose)
    assert all(len(line.split()) <= literature.LONGEST + 1 for line in verse)
    lonely = [line for line in verse if len(line.split()) == 1]
    assert len(lonely) <= sum(len(words) == 1 for words in sentences)


def test_polarity_is_the_last_of_mean_highest_and_lowest():
    random = np.random.default_rng(5)
    vectors = [random.normal(size=(4, 3)), random.normal(size=(1, 3))]
    features = literature.extremes(vectors)
    columns = features[:, literature.polarity_of(features)]
    for row, some in zip(columns, vectors, strict=True):
        last = some[:, -1]
        np.testing.assert_allclose(row, [last.mean(), last.max(), last.min()])


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
    register = Register(np.zeros(len(student.terms)), np.array([1.0, 0.5]), -1.0)
    logits = pooled @ register.pooled + register.bias
    assert np.mean(logits < 0) > 0.5
    assert np.mean(logits + register.prior(texts, pooled, student) < 0) < 0.02


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
