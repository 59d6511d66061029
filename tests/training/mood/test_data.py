import json
import lzma
from typing import get_args

import pytest

from sonify.mood.mood import Polarity
from training.mood import data
from training.mood.data import Comment, PoemLine, Review


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SONIFY_DATA", str(tmp_path))
    for name in ("nsmc", "kpoem", "kote"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_nsmc_with_ratings(folder):
    with lzma.open(folder / "nsmc" / "reviews.tsv.xz", "wt", encoding="utf-8") as file:
        file.write(
            "id\tmovie\trating\tsplit\tdocument\n"
            '1\t9\t10\ttrain\t"좋다" 참\u2028좋다\n'
            "2\t9\t1\ttrain\t나쁘다\n"
            "3\t9\t7\textra\t그저 그렇다\n"
            "4\t9\t9\ttest\t\n"
        )
    assert list(data.nsmc("train")) == [
        Review('"좋다" 참\u2028좋다', 10, True, "1"),
        Review("나쁘다", 1, False, "2"),
    ]
    assert list(data.nsmc("extra")) == [Review("그저 그렇다", 7, None, "3")]
    assert list(data.nsmc("test")) == [Review("", 9, True, "4")]


def test_nsmc_as_published(folder):
    (folder / "nsmc" / "ratings_train.txt").write_text(
        'id\tdocument\tlabel\n1\t"좋다" 참\u2028좋다\t1\n2\t\t0\n', encoding="utf-8"
    )
    (folder / "nsmc" / "ratings_test.txt").write_text(
        "id\tdocument\tlabel\r\n3\t나쁘다\t0\r\n", encoding="utf-8", newline=""
    )
    assert list(data.nsmc("train")) == [
        Review('"좋다" 참\u2028좋다', None, True, "1"),
        Review("", None, False, "2"),
    ]
    assert list(data.nsmc("test")) == [Review("나쁘다", None, False, "3")]


def test_kpoem(folder):
    lines = [
        {"poem": 0, "poet": "가", "split": "train", "text": "하나", "emotions": {"슬픔": 0.4}},
        {"poem": 1, "poet": "나", "split": "test", "text": "둘", "emotions": {"기쁨": 1.0}},
    ]
    (folder / "kpoem" / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert list(data.kpoem("test")) == [PoemLine(1, "나", "둘", {"기쁨": 1.0})]
    assert [line.valence for line in data.kpoem("train")] == [-1]


def test_kote(folder):
    (folder / "kote" / "val.tsv").write_text("7\t좋다\t1,42\n8\t음\t24\n", encoding="utf-8")
    assert list(data.kote("val")) == [
        Comment("좋다", frozenset({"환영/호의", "기쁨"})),
        Comment("음", frozenset({"없음"})),
    ]


def test_the_lexicon(folder):
    (folder / "knu").mkdir()
    entries = [{"word": "기쁘다", "word_root": "기쁘", "polarity": "2"}]
    text = "\ufeff" + json.dumps(entries, ensure_ascii=False)
    (folder / "knu" / "SentiWord_info.json").write_text(text, encoding="utf-8")
    assert list(data.lexicon()) == [("기쁘다", 2.0)]


def test_valence_weighs_pleasant_against_unpleasant_and_leaves_out_the_rest():
    assert data.valence({"기쁨": 0.6, "슬픔": 0.2, "놀람": 1.0}) == pytest.approx(0.5)
    assert data.valence({"깨달음": 1.0}) == 0
    assert data.valence({}) == 0


def test_every_emotion_is_on_one_side():
    assert len(set(data.LABELS)) == 44
    assert set(data.LABELS) >= data.PLEASANT | data.NEITHER
    assert len(data.UNPLEASANT) == 44 - 13 - 5


@pytest.mark.skipif(
    not (data.folder() / "nsmc" / "reviews.tsv.xz").exists(),
    reason="the shared data isn't there (see SONIFY_DATA)",
)
def test_the_corpora_have_their_sizes():
    assert sum(review.positive is not None for review in data.nsmc("test")) == 50_000
    assert [sum(1 for _ in data.kpoem(split)) for split in ("train", "dev", "test")] == [
        4119, 505, 803,
    ]  # fmt: skip
    assert sum(1 for _ in data.kote("test")) == 5_000


def test_no_novel_is_both_learned_from_and_tested_on():
    dev, test = data.verdicts("dev"), data.verdicts("test")
    assert not dev.keys() & test.keys()
    assert sum(map(len, dev.values())) == 160
    assert sum(map(len, test.values())) == 200
    for verdicts in [*dev.values(), *test.values()]:
        assert set(verdicts.values()) <= set(get_args(Polarity))
