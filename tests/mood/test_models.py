import pytest

from sonify.errors import SonifyError
from sonify.mood import models


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(SonifyError, match=r"no mood model 'de'; there are: .*ko-paper"):
        models.load("de")


def test_a_model_whose_files_are_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "FOLDER", tmp_path)
    with pytest.raises(SonifyError, match="can't read the mood model"):
        models.load("ko-paper")


def test_the_default_hears_korean():
    model = models.load()
    assert (model.name, model.language) == (models.DEFAULT, "ko")
    assert "Korean" in models.languages()
