"""`sonify page`, as a person runs it."""

import json
import re
from pathlib import Path

import pytest

from sonify.cli import main

SAMPLES = Path(__file__).parents[2] / "samples"


def test_a_poem_becomes_a_page_with_the_music_that_compose_makes(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    poem = str(SAMPLES / "geumeum.txt")
    assert main(["page", poem, "-q"]) == 0
    assert main(["compose", poem, "-q", "-o", "same.html", "--report", "report.json"]) == 0
    page = (tmp_path / "geumeum.html").read_bytes()
    assert page == (tmp_path / "same.html").read_bytes()

    music = re.search(rb'id="music">(.*?)</script>', page, re.S)[1]
    phrases = json.loads(music)["phrases"]
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    sentences = [s for chapter in report["chapters"] for s in chapter["sentences"]]
    sung = [
        ((start + offset) / 1000, mode)
        for _, start, _, mode, sung, *_ in phrases
        for offset, *_ in sung
    ]
    starts, modes = zip(*sung, strict=True)
    # the page counts whole milliseconds, and half of one may be rounded either way
    assert starts == pytest.approx([s["start"] for s in sentences], rel=0, abs=0.000501)
    assert list(modes) == [s["mode"] == "minor" for s in sentences]
    assert page.decode().count("<p class=verse>") == 6 and page.decode().count("<br>") == 25 - 6


def test_a_text_isnt_replaced_by_its_own_page(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = tmp_path / "novel.html"
    text.write_text("바람이 불었다.", encoding="utf-8")
    assert main(["page", str(text)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("sonify: can't write novel.html: it is the text itself")
    assert error.count("\n") == 1 and text.read_text(encoding="utf-8") == "바람이 불었다."
    assert main(["page", str(text), "-q", "-o", "page.html"]) == 0
    assert main(["page", str(text), "-q", "-o", "page.html"]) == 0  # an earlier page is


def test_a_page_that_cant_be_written_is_said(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["page", str(SAMPLES / "geumeum.txt"), "-o", "no/out.html"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("sonify: can't write no/out.html") and error.count("\n") == 1
