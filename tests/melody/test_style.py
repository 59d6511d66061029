from pathlib import Path

import pytest

from sonify.errors import SonifyError
from sonify.melody.style import COLOURS, Style


def load(tmp_path: Path, toml: str) -> Style:
    (tmp_path / "style.toml").write_text(toml, encoding="utf-8")
    return Style.load(tmp_path / "style.toml")


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path):
    style = load(tmp_path, "tempo = [60, 90]\naccent = 0\n[colours.fear]\nregister = -12\n")
    assert style.tempo == (60.0, 90.0)
    assert style.accent == 0.0
    assert style.velocity == Style().velocity
    assert style.colours["fear"].register == -12.0
    assert style.colours["fear"].tempo == COLOURS["fear"].tempo
    assert style.colours["joy"] == COLOURS["joy"]
    assert COLOURS["fear"].register != -12.0


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("tempo = 60", "two numbers"),
        ("tempo = [60]", "two numbers"),
        ("accent = 'loud'", "must be a number"),
        ("accent = true", "must be a number"),
        ("swing = 1", "it can set tempo"),
        ("colours.boredom.tempo = 1", "the emotions are"),
        ("colours.joy.swing = 1", "colours.joy.swing"),
        ("colours.joy = 3", "colours.joy"),
        ("colours = 3", "colours"),
        ("tempo = ", "not TOML"),
        ("tempo = [0, 90]", "from 20 to 400"),
        ("temperature = 0", "from 0.1 to 3"),
    ],
)
def test_what_doesnt_fit_is_said(tmp_path: Path, toml: str, said: str):
    with pytest.raises(SonifyError, match=said):
        load(tmp_path, toml)


def test_a_style_that_isnt_there(tmp_path: Path):
    with pytest.raises(SonifyError, match="can't read the style"):
        Style.load(tmp_path / "none.toml")
