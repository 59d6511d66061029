"""`sonify arc`, as a person runs it."""

from pathlib import Path

import pytest

from sonify.cli import main

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("sample", ["maengnori.epub", "geumeum.txt"])
def test_a_sample_becomes_a_picture(tmp_path: Path, monkeypatch, sample: str):
    monkeypatch.chdir(tmp_path)
    assert main(["arc", str(SAMPLES / sample)]) == 0
    (picture,) = tmp_path.iterdir()
    assert picture.name == Path(sample).with_suffix(".svg").name
    title = {"maengnori.epub": "맥놀이", "geumeum.txt": "geumeum"}[sample]
    assert f"<title>{title}</title>" in picture.read_text(encoding="utf-8")


def test_a_text_isnt_replaced_by_its_own_arc(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = tmp_path / "novel.svg"
    text.write_text("바람이 불었다.", encoding="utf-8")
    assert main(["arc", str(text)]) == 1
    assert "it is the text itself" in capsys.readouterr().err
    assert text.read_text(encoding="utf-8") == "바람이 불었다."


@pytest.mark.parametrize("name", ["arc.jpg", "arc", "no/arc.svg"])
def test_a_place_that_cant_be_drawn_to_is_said(tmp_path: Path, monkeypatch, capsys, name: str):
    monkeypatch.chdir(tmp_path)
    assert main(["arc", str(SAMPLES / "geumeum.txt"), "-o", name]) == 1
    error = capsys.readouterr().err
    assert error.startswith("sonify: can't") and error.count("\n") == 1
    assert not list(tmp_path.iterdir())
