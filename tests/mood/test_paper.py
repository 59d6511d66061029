import json
import shutil
from itertools import count

import numpy as np
import pytest

from sonify.errors import SonifyError
from sonify.mood import models, paper
from sonify.mood.paper import PaperModel
from sonify.reading.book import Chapter, Sentence


@pytest.fixture(scope="module")
def model():
    return models.load("ko-paper")


def sentences(*texts):
    return [Sentence(text, Chapter(0, ""), index, 0) for index, text in enumerate(texts)]


def test_the_sentences_of_the_papers_figure_4(model):
    typed = sentences("친구랑 보고왔는데 꽤 만족했습니다", "여친이 돈아깝다고 화냈네요;;")
    moods = list(model.hear(typed))
    assert [mood.polarity for mood in moods] == ["positive", "negative"]
    assert [mood.sentence for mood in moods] == typed
    assert all(mood.intensity == abs(mood.valence) > 0.5 for mood in moods)
    assert all(mood.emotions == {} for mood in moods)


def test_a_sentence_is_heard_the_same_alone_and_in_company(model):
    texts = [
        "정말 아름답고 따뜻한 이야기였다.",
        "지루하다.",
        "그는 천천히 문을 열고 들어와 아무 말도 없이 창가에 앉아 오래도록 비를 바라보았다.",
        "",
        "배우들의 연기가 너무 어색해서 끝까지 보기가 힘들었고 돈이 아까웠다.",
    ] * 20
    together = [mood.valence for mood in model.hear(sentences(*texts))]
    alone = [next(model.hear(sentences(text))).valence for text in texts[:5]]
    assert together == pytest.approx(alone * 20, abs=1e-5)


def test_what_has_no_known_word_is_neutral(model):
    for mood in model.hear(sentences("", "  ", "\ud800", "쀍뛟", "\x00")):
        assert (mood.valence, mood.polarity, mood.intensity) == (0, "neutral", 0)


def test_a_very_long_sentence_is_heard_as_a_whole(model):
    (mood,) = model.hear(sentences("정말 좋은 최고의 영화 " * 8_000))
    assert mood.polarity == "positive"


def test_the_first_moods_come_before_the_text_is_read(model):
    read = count()
    endless = (Sentence("좋다", Chapter(0, ""), next(read), 0) for _ in count())
    moods = model.hear(endless)
    next(moods)
    assert next(read) == 1
    for _ in range(500):
        next(moods)
    assert next(read) <= 501 + paper.LARGEST_BATCH


def test_polarity_is_neutral_near_zero(model):
    near = PaperModel(**{**vars(model), "neutral": 1.0})
    assert {mood.polarity for mood in near.hear(sentences("만족했습니다", "지루하다"))} == {
        "neutral"
    }


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(models.FOLDER / "ko-paper", tmp_path / "ko-paper")


@pytest.mark.parametrize("name", [paper.CONFIG, paper.VOCABULARY, paper.WEIGHTS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(SonifyError, match=r"can't read .*: No such file"):
        PaperModel.load(folder)


@pytest.mark.parametrize("name", [paper.CONFIG, paper.VOCABULARY, paper.WEIGHTS])
@pytest.mark.parametrize("keep", [0, 0.5])
def test_a_truncated_file_is_called_damaged(folder, name, keep):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(SonifyError, match=r"is damaged; reinstall sonify"):
        PaperModel.load(folder)


def test_a_config_of_another_kind_is_called_damaged(folder):
    (folder / paper.CONFIG).write_text(json.dumps({"temperature": None, "neutral": 0}))
    with pytest.raises(SonifyError, match="damaged"):
        PaperModel.load(folder)


def test_weights_that_are_no_numbers_are_called_damaged(folder):
    with np.load(folder / paper.WEIGHTS) as file:
        weights = dict(file)
    weights["bias"][0, 0] = np.nan
    np.savez(folder / paper.WEIGHTS, **weights)
    with pytest.raises(SonifyError, match="damaged"):
        PaperModel.load(folder)
