import json
import shutil
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonify.errors import SonifyError
from sonify.mood import ko, models
from sonify.mood.ko import KoModel
from sonify.mood.mood import EMOTIONS
from sonify.mood.spelling import normalize
from sonify.reading.book import Chapter, Sentence

TEXTS = ["나는 슬프고 괴로워 울었다.", "최고의 영화", "", "쀍뛟", "비가 온다 " * 60, "아침이다!"]


@pytest.fixture(scope="module")
def model():
    return models.load("ko")


def sentences(*texts, chapter=0):
    return [Sentence(text, Chapter(chapter, ""), index, 0) for index, text in enumerate(texts)]


def polarities(model, *texts):
    return [mood.polarity for mood in model.hear(sentences(*texts), context=False)]


def test_it_is_the_default():
    assert isinstance(models.load(), KoModel)


def test_reviews(model):
    assert polarities(
        model, "정말 재미있고 감동적인 최고의 영화", "돈 아깝다 최악의 쓰레기 영화"
    ) == [
        "positive",
        "negative",
    ]


def test_literature(model):
    assert polarities(
        model, "나는 괴로워했다.", "어머니는 기뻐서 활짝 웃었다.", "그는 슬픔에 겨워 목놓아 울었다."
    ) == ["negative", "positive", "negative"]


def test_emotions_are_shares(model):
    glad, sad, dread = model.hear(
        sentences("행복하고 즐겁다", "서러워 눈물이 난다", "무섭고 불안하다"), context=False
    )
    for mood in (glad, sad, dread):
        assert list(mood.emotions) == list(EMOTIONS)
        assert sum(mood.emotions.values()) == pytest.approx(1)
        assert min(mood.emotions.values()) > 0
        assert 0 <= mood.intensity <= 1
        assert -1 <= mood.valence <= 1
    assert max(sad.emotions, key=sad.emotions.get) == "sadness"
    assert glad.emotions["joy"] > 2 * sad.emotions["joy"]
    assert dread.emotions["fear"] > 2 * glad.emotions["fear"]


def test_neighbours_colour_a_sentence_but_not_beyond_its_chapter(model):
    plain = "그는 길을 걸었다."
    grief, joy = ["나는 슬프고 괴로워 울었다."] * 3, ["나는 기쁘고 행복하여 웃었다."] * 3
    among_grief = list(model.hear(sentences(*grief, plain, *grief)))[3]
    among_joy = list(model.hear(sentences(*joy, plain, *joy)))[3]
    assert among_grief.valence < among_joy.valence
    alone = next(model.hear(sentences(plain), context=False))
    other_chapter = [*sentences(*grief), *sentences(plain, chapter=1), *sentences(*grief)]
    assert list(model.hear(other_chapter))[3].valence == alone.valence


def test_the_kind_of_a_text_is_heard_over_its_chapter(model):
    between, last = ["그날 밤이었다."] * ko.CONTEXT, "정말 좋았다."
    reviews = ["배우들 연기가 좋고 스토리도 탄탄한 영화, 평점 10점 줍니다"] * 6
    verse = ["님이여, 나는 달빛 아래 홀로 서서", "돌아오지 않는 그대를 노래하노라"] * 3

    def heard(first, chapter=0):
        some = [*sentences(*first), *sentences(*between, last, chapter=chapter)]
        return list(model.hear(some))[-1].valence

    assert heard(reviews) != heard(verse)  # from further than `CONTEXT` sentences before
    assert heard(reviews, chapter=1) == heard(verse, chapter=1)


@settings(max_examples=40)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=12), st.booleans())
def test_moods_do_not_depend_on_what_is_heard_at_once(model, texts, context):
    some = sentences(*TEXTS[: len(texts)], *texts)
    assert list(model.hear(some, context=context)) == list(
        model.hear(some, context=context, live=True)
    )


@given(st.text())
def test_any_text_is_cut_into_pieces_that_are_known(model, text):
    rows = model.pieces.encode(normalize(text))
    assert all(0 <= row < len(model.weights.embedding) for row in rows)


def test_a_run_of_unknown_characters_is_one_unknown_piece(model):
    unknown = model.pieces.unk_id()
    assert model.pieces.encode("사랑῿῾´을").count(unknown) == 1
    assert model.pieces.encode("") == []


def test_products_are_exact(model):
    gain, bias = model.weights.recurrent_norm[-1]
    random = np.random.default_rng(0)
    x = random.normal(size=(50, len(gain)))
    x /= np.sqrt((x**2).mean(axis=1, keepdims=True))
    x = (x * gain + bias).astype(np.float32)
    exact = model._pooling
    alike = exact.whole.T / np.linalg.norm(exact.whole, axis=0)[:, None]  # the largest sums
    x = np.vstack([x, alike[:5] * np.linalg.norm(x, axis=1).max()]).astype(np.float32)
    whole = np.rint(x * 256).astype(np.int64) @ exact.whole.astype(np.int64)
    assert (exact.times(x) == whole.astype(np.float32) * exact.scale).all()
    matrix = np.concatenate([model.weights.value, model.weights.attention], axis=1)
    np.testing.assert_allclose(exact.times(x), x @ matrix, atol=0.02)


def test_three_sentences_are_read_ahead_of_a_live_text_or_none(model):
    for context, ahead in ((True, ko.CONTEXT), (False, 0)):
        read = count()
        endless = (Sentence("좋다", Chapter(0, ""), next(read), 0) for _ in count())
        moods = model.hear(endless, context=context, live=True)
        for heard in range(5):
            next(moods)
            assert next(read) == 1 + heard + ahead + heard  # the asking counts too


def test_every_sentence_is_heard_in_order(model):
    texts = ["아침이다.", "", "비가 온다."]
    for length in range(6):
        some = sentences(*(texts * 2)[:length])
        assert [mood.sentence for mood in model.hear(some)] == some


@pytest.mark.parametrize(
    "text", ["", "  ", "\ud800", "쀍뛟", "\x00", "😀", "ㅋ" * 5_000, "가" * 50_000]
)
def test_any_text_is_heard(model, text):
    (mood,) = model.hear(sentences(text))
    assert -1 <= mood.valence <= 1


def test_n_grams_are_those_the_model_was_trained_with():
    assert ko.ngrams("가 나").tolist()[:3] == ko.ngrams("가 나").tolist()[:3]
    assert len(ko.ngrams("가 나")) == 2 + 4 + 3 + 2 + 1
    assert ko.ngrams("나").tolist()[0] in ko.ngrams("가나").tolist()


@pytest.mark.parametrize("broken", [ko.CONFIG, ko.PIECES, ko.WEIGHTS])
def test_a_damaged_model_is_said_to_be(tmp_path, broken):
    folder = tmp_path / "ko"
    shutil.copytree(models.FOLDER / "ko", folder)
    (folder / broken).write_bytes(b"{}")
    with pytest.raises(SonifyError, match="damaged"):
        KoModel.load(folder)
    (folder / broken).unlink()
    with pytest.raises(SonifyError, match="can't read"):
        KoModel.load(folder)


@pytest.mark.parametrize("name", ["ko", "ko-paper"])
@pytest.mark.parametrize("place", [0.1, 0.4, 0.7, 0.95])
def test_weights_with_other_bytes_in_their_midst_are_damaged(tmp_path, name, place):
    folder = tmp_path / name
    shutil.copytree(models.FOLDER / name, folder)
    weights = bytearray((folder / ko.WEIGHTS).read_bytes())
    where = int(place * len(weights))
    weights[where : where + 64] = bytes(range(64))
    (folder / ko.WEIGHTS).write_bytes(weights)
    with pytest.raises(SonifyError, match="damaged"):
        models._LOADERS[name](folder)


def test_its_groups_are_emotions(model):
    config = json.loads((models.FOLDER / "ko" / ko.CONFIG).read_text(encoding="utf-8"))
    assert len(config["groups"]) == 44
    assert set(config["groups"]) - {None} == set(EMOTIONS)
