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
        ("velocity = [nan, nan]", "velocity must be from 0 to 127"),
        ("register = [0, inf]", "register must be from -24 to 24"),
        ("register = [200, 200]", "register must be from -24 to 24"),
        ("colours.joy.leap = 99999", "colours.joy.leap must be from -10 to 10"),
        ("colours.joy.tempo = -5", "colours.joy.tempo must be from -1 to 4"),
        (f"accent = {'9' * 400}", "accent must be from 0 to 127"),
        (f"accent = {'9' * 5000}", "not TOML"),
        ("tempo = " + "[" * 3000, "not TOML"),
        ("__match_args__ = [1, 2]", "it can set tempo"),
    ],
)
def test_what_doesnt_fit_is_said(tmp_path: Path, toml: str, said: str):
    with pytest.raises(SonifyError, match=said):
        load(tmp_path, toml)


@pytest.mark.parametrize("share", [-1, 4])
def test_the_tempo_stays_one_that_can_be_played(tmp_path: Path, share: float):
    style = load(tmp_path, f"tempo = [20, 400]\n[colours.joy]\ntempo = {share}\n")
    for intensity in (0.0, 0.5, 1.0):
        assert 20 <= style.express(intensity, {"joy": 1.0}).tempo <= 400


def test_a_style_that_isnt_there(tmp_path: Path):
    with pytest.raises(SonifyError, match="can't read the style"):
        Style.load(tmp_path / "none.toml")
