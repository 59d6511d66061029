"""An EPUB with its soundtrack inside, held against the book it was made of."""

import itertools
import re
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import soundfile

from sonify import reading
from sonify.errors import SonifyError
from sonify.melody.score import Note, Phrase, Score, Tempo
from sonify.mood.mood import Mood
from sonify.output.read_along import ReadAlong

NOVEL = Path(__file__).parents[2] / "samples" / "maengnori.epub"
SMIL = "{http://www.w3.org/ns/SMIL}"
OPF = "{http://www.idpf.org/2007/opf}"

HEAD = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>장</title></head><body>'
AWKWARD = (
    f"<?xml version='1.0'?>\r\n<!DOCTYPE html>\n{HEAD}<h1>첫째 장</h1>\r\n"
    "<p>바람이 불었다.&#160;<em>“누구세요?” 하고</em> 그가 물었다. 문이 <b>활짝</b> 열렸다.</p>\n"
    "<p>풀 &amp; 나무가 <ruby>江<rt>강</rt></ruby>가에 섰다.<br/>\n물이  흘렀다…….</p>"
    "<div>아무도 없는 마당이다.<p>그 안의 문단이다.</p></div>"
    "<p><em>그는 갔다. 나는</em> 남았다. <!-- 말 없는 말 -->끝내 남았다.</p></body></html>"
)
SNOW = unicodedata.normalize("NFD", "눈이 왔다. 길이 하얗다.")
DECOMPOSED = f"{HEAD}<h1>둘째 장</h1><p>{SNOW}</p></body></html>"


def epub(path: Path, *documents: str, version: str = "3.0", more: str = "") -> Path:
    names = [f"글 {number}.xhtml" for number in range(len(documents))]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="OPS/a.opf" '
            'media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        items = "".join(
            f'<item id="d{n}" href="{name.replace(" ", "%20")}" {more} '
            'media-type="application/xhtml+xml"/>'
            for n, name in enumerate(names)
        )
        spine = "".join(f'<itemref idref="d{n}"/>' for n in range(len(names)))
        archive.writestr(
            "OPS/a.opf",
            f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}" '
            'unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            '<dc:identifier id="i">urn:a</dc:identifier><dc:title>책</dc:title>'
            "<dc:language>ko</dc:language>"
            '<meta property="dcterms:modified">2026-01-01T00:00:00Z</meta></metadata>'
            '<manifest><item id="nav" href="nav.xhtml" properties="nav" '
            f'media-type="application/xhtml+xml"/>{items}</manifest><spine>{spine}</spine></package>',
        )
        entries = "".join(
            f'<li><a href="{name.replace(" ", "%20")}">{n + 1}</a></li>'
            for n, name in enumerate(names)
        )
        archive.writestr(
            "OPS/nav.xhtml",
            '<html xmlns="http://www.w3.org/1999/xhtml" '
            'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>차례</title></head><body>'
            f'<nav epub:type="toc"><ol>{entries}</ol></nav></body></html>',
        )
        for name, document in zip(names, documents, strict=True):
            archive.writestr(f"OPS/{name}", document)
    return path


def phrases(book: Path) -> list[Phrase]:
    """What the reader reads, a bar a sentence, and a bar of music after each."""
    made: list[Phrase] = []
    for sentence in reading.read(book).sentences:
        for moods in ((Mood(sentence, 0.5, "positive", 0.5, {}),), ()):
            made.append(
                Phrase(
                    sentence.chapter, moods, "major", 1920 * len(made), 0.4 * len(made), 1920,
                    (Tempo(0, 100_000),), (Note(0, 960, 60, 80),),
                )
            )  # fmt: skip
    return made


def write(source: Path, out: Path) -> list[Phrase]:
    sung = phrases(source)
    with ReadAlong(out, Score("책", "", "ko", 1, 0, {}, iter(())), source=source) as book:
        for phrase in sung:
            book.write(phrase)
    return sung


def letters(text: str) -> str:
    kept = unicodedata.normalize("NFKC", text)
    return "".join(c for c in kept if c.isalnum())


def clips(path: Path) -> list[tuple[str, str, float, float]]:
    """(text of the marked element, audio, begin, end) in the order of play."""
    found = []
    with zipfile.ZipFile(path) as book:
        smils = [name for name in book.namelist() if name.endswith(".smil")]
        for smil in sorted(smils, key=lambda name: int(re.findall(r"\d+", name)[-1])):
            for par in ElementTree.fromstring(book.read(smil)).iter(f"{SMIL}par"):
                text, audio = par
                address, _, mark = text.get("src").partition("#")
                name = address.replace("../", "OPS/" if "OPS/a.opf" in book.namelist() else "EPUB/")
                source = book.read(name.replace("%20", " ").replace("%EA%B8%80", "글")).decode()
                element = re.search(f'<span id="{mark}">(.*?)</span>', source, re.S)[1]
                element = re.sub(r"<rt>.*?</rt>|<!--.*?-->|<[^>]*>|&[^;]*;", "", element)
                times = [float(audio.get(key)[:-1]) for key in ("clipBegin", "clipEnd")]
                found.append((element, audio.get("src"), *times))
    return found


def without_marks(document: bytes) -> bytes:
    document = re.sub(rb'<span id="sonify-[^"]*">(.*?)</span>', rb"\1", document, flags=re.S)
    return re.sub(
        rb'<link rel="stylesheet" type="text/css" href="sonify/style.css"/>', b"", document
    )


@pytest.fixture(scope="module")
def novel(tmp_path_factory) -> tuple[Path, list[Phrase]]:
    out = tmp_path_factory.mktemp("novel") / "novel.epub"
    return out, write(NOVEL, out)


def test_the_book_stays_what_it_was_but_for_the_marks(novel):
    with zipfile.ZipFile(NOVEL) as before, zipfile.ZipFile(novel[0]) as after:
        assert after.namelist()[: len(before.namelist())] == before.namelist()
        assert after.infolist()[0].compress_type == zipfile.ZIP_STORED
        for name in before.namelist():
            if not name.endswith(".opf"):
                assert without_marks(after.read(name)) == before.read(name), name


def test_every_sentence_has_its_clip(novel):
    out, sung = novel
    starts: dict[int, float] = {}
    wanted = []
    for phrase in sung:
        starts.setdefault(phrase.chapter.index, phrase.time)
        if phrase.moods and letters(phrase.moods[0].sentence.text):
            begin = phrase.time - starts[phrase.chapter.index]
            wanted.append((letters(phrase.moods[0].sentence.text), phrase.chapter.index, begin))
    made = [(letters(text), int(audio[:-4]), begin) for text, audio, begin, _ in clips(out)]
    assert [clip[:2] for clip in made] == [clip[:2] for clip in wanted]
    assert [clip[2] for clip in made] == pytest.approx([clip[2] for clip in wanted], abs=0.002)


def test_the_music_goes_on_without_a_gap_to_its_end(novel, tmp_path: Path):
    out, _ = novel
    made = clips(out)
    for before, after in itertools.pairwise(made):
        assert after[2] == (before[3] if before[1] == after[1] else 0)
    with zipfile.ZipFile(out) as book:
        root = ElementTree.fromstring(book.read("EPUB/content.opf"))
        durations = [
            float(meta.text[:-1])
            for meta in root.iter(f"{OPF}meta")
            if meta.get("property") == "media:duration"
        ]
        assert durations[-1] == pytest.approx(sum(durations[:-1]), abs=0.01)
        assert durations[-1] == pytest.approx(sum(end - begin for *_, begin, end in made), abs=0.1)
        sound = Path(book.extract("EPUB/sonify/0.mp3", tmp_path))
    last = max(end for _, audio, _, end in made if audio == "0.mp3")
    assert last <= soundfile.info(sound).duration < last + 4


def epubcheck(path: Path) -> None:
    jar = Path("/usr/bin/epubcheck")
    if not jar.exists() or not shutil.which("java"):
        pytest.skip("epubcheck isn't installed")
    command = ["java", "-jar", jar, path]
    check = subprocess.run(command, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr[-2000:]
    assert "0 errors" in check.stdout


def test_epubcheck_finds_no_error(novel):
    epubcheck(novel[0])


def test_awkward_documents(tmp_path: Path):
    source = epub(tmp_path / "in.epub", AWKWARD, DECOMPOSED)
    sung = write(source, tmp_path / "out.epub")
    made = clips(tmp_path / "out.epub")
    said = "".join(letters(phrase.moods[0].sentence.text) for phrase in sung if phrase.moods)
    assert "".join(letters(text) for text, *_ in made) == said
    assert "“누구세요?” 하고" in [text for text, *_ in made]
    assert "문이 활짝 열렸다." in [text for text, *_ in made]
    assert len(made) <= len(sung) // 2 + 2, "two sentences begin or end within an element"
    with zipfile.ZipFile(tmp_path / "out.epub") as after:
        for name, before in (("글 0", AWKWARD), ("글 1", DECOMPOSED)):
            document = after.read(f"OPS/{name}.xhtml")
            ElementTree.fromstring(document.replace(b"&#160;", b" "))
            assert without_marks(document) == before.encode()
    epubcheck(tmp_path / "out.epub")


def test_a_document_that_isnt_well_formed_stays_as_it_is(tmp_path: Path):
    broken = DECOMPOSED.replace("</p>", "").replace("둘째", "셋째")
    source = epub(tmp_path / "in.epub", AWKWARD, broken)
    write(source, tmp_path / "out.epub")
    with zipfile.ZipFile(tmp_path / "out.epub") as after:
        assert after.read("OPS/글 1.xhtml") == broken.encode()
        assert b"sonify-1" in after.read("OPS/글 0.xhtml")


def test_the_same_music_gives_the_same_bytes(tmp_path: Path):
    source = epub(tmp_path / "in.epub", AWKWARD)
    for name in ("one.epub", "two.epub"):
        write(source, tmp_path / name)
    assert (tmp_path / "one.epub").read_bytes() == (tmp_path / "two.epub").read_bytes()


@pytest.mark.parametrize(
    ("more", "said"),
    [({"version": "2.0"}, "only an EPUB 3"), ({"more": 'media-overlay="x"'}, "already")],
)
def test_a_book_that_cant_carry_it_is_told(tmp_path: Path, more, said: str):
    source = epub(tmp_path / "in.epub", AWKWARD, **more)
    with pytest.raises(SonifyError, match=said):
        write(source, tmp_path / "out.epub")
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("place", [0, 100], ids=["deflated", "sum"])
def test_a_book_with_a_damaged_picture_is_told_before_anything_is_played(tmp_path: Path, place):
    source = epub(tmp_path / "in.epub", AWKWARD)
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("OPS/a.png", bytes(range(256)))
        start = archive.getinfo("OPS/a.png").header_offset + 30 + len("OPS/a.png")
    damaged = bytearray(source.read_bytes())
    damaged[start + place] ^= 0xFF
    source.write_bytes(damaged)
    refused(source, "OPS/a.png in it is damaged", tmp_path)


def test_a_book_whose_package_isnt_well_formed_is_told_before_anything_is_played(tmp_path: Path):
    sound = epub(tmp_path / "sound.epub", AWKWARD)
    source = tmp_path / "in.epub"
    with zipfile.ZipFile(sound) as before, zipfile.ZipFile(source, "w") as archive:
        for member in before.infolist():
            content = before.read(member)
            archive.writestr(member, content.replace("<dc:title>책".encode(), b"<dc:title>A & B"))
    sound.unlink()
    assert reading.read(source).title == "A B"
    refused(source, "its package document can't be read", tmp_path)


def refused(source: Path, said: str, folder: Path) -> None:
    score = Score("책", "", "ko", 1, 0, {}, iter(()))
    with (
        pytest.raises(SonifyError, match=said),
        ReadAlong(folder / "out.epub", score, source=source),
    ):
        pytest.fail("it was opened")
    assert list(folder.iterdir()) == [source]


@pytest.mark.parametrize("name", [None, "poem.txt"])
def test_only_an_epub_becomes_one(tmp_path: Path, name: str | None):
    source = tmp_path / name if name else None
    if source:
        source.write_text("바람이 분다.")
    score = Score("책", "", "ko", 1, 0, {}, iter(()))
    with (
        pytest.raises(SonifyError, match="only an EPUB becomes"),
        ReadAlong(tmp_path / "out.epub", score, source=source),
    ):
        pytest.fail("it was opened")
    assert not (tmp_path / "out.epub").exists()
