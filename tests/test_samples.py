"""The samples that ship with the project."""

import subprocess
import sys
from pathlib import Path

import ebooklib
import pytest
from ebooklib import epub

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.fixture(scope="module")
def novel():
    return epub.read_epub(SAMPLES / "maengnori.epub")


def test_source_builds_the_committed_novel(tmp_path):
    out = tmp_path / "maengnori.epub"
    subprocess.run([sys.executable, SAMPLES / "build.py", out], check=True)
    assert out.read_bytes() == (SAMPLES / "maengnori.epub").read_bytes()


def test_novel_names_itself(novel):
    assert novel.title == "맥놀이"
    assert novel.get_metadata("DC", "language")[0][0] == "ko"
    assert novel.get_metadata("DC", "rights")[0][0] == "CC0 1.0"


def test_novel_has_six_titled_chapters_in_reading_order(novel):
    assert [link.title.split()[0] for link in novel.toc] == [f"제{n}장" for n in range(1, 7)]
    spine = [novel.get_item_with_id(uid).file_name for uid, _ in novel.spine]
    assert spine[-6:] == [link.href for link in novel.toc]
    for link in novel.toc:
        body = novel.get_item_with_href(link.href).get_body_content().decode()
        assert f"<h1>{link.title}</h1>" in body
        assert body.count("<p>") > 10


def test_novel_has_a_cover(novel):
    (cover,) = novel.get_items_of_type(ebooklib.ITEM_COVER)
    assert cover.media_type == "image/png"
    assert cover.content.startswith(b"\x89PNG")


def test_poem_has_six_stanzas_under_its_title():
    title, *stanzas = (SAMPLES / "geumeum.txt").read_text(encoding="utf-8").strip().split("\n\n")
    assert title == "그믐"
    assert [len(stanza.splitlines()) for stanza in stanzas] == [4, 4, 4, 4, 4, 5]
