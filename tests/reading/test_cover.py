import zipfile
from pathlib import Path

import pytest

from sonify.reading.cover import cover_of

SAMPLES = Path(__file__).parents[2] / "samples"


def test_the_samples_cover():
    cover = cover_of(SAMPLES / "maengnori.epub")
    assert cover is not None and cover.media_type == "image/png"
    assert cover.data == (SAMPLES / "maengnori" / "cover.png").read_bytes()


def book(path: Path, package: str, **pictures: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OPS/book.opf", f'<package xmlns="http://www.idpf.org/2007/opf">{package}</package>'
        )
        for name, data in pictures.items():
            archive.writestr(f"OPS/{name}.jpg", data)
    return path


def test_a_cover_as_epub_2_names_it(tmp_path: Path):
    package = (
        '<metadata><meta name="cover" content="c"/></metadata><manifest>'
        '<item id="c" href="%ED%91%9C.jpg" media-type="image/jpeg"/></manifest>'
    )
    cover = cover_of(book(tmp_path / "a.epub", package, 표=b"jpeg"))
    assert cover is not None and cover.data == b"jpeg"


@pytest.mark.parametrize(
    "package",
    [
        "",
        '<manifest><item properties="cover-image" '
        'href="no.jpg" media-type="image/jpeg"/></manifest>',
        '<manifest><item properties="cover-image" '
        'href="a.jpg" media-type="image/avif"/></manifest>',
        "<broken",
    ],
)
def test_a_cover_that_cant_be_shown_is_none(tmp_path: Path, package: str):
    assert cover_of(book(tmp_path / "a.epub", package, a=b"picture")) is None


@pytest.mark.parametrize("place", [0, 100], ids=["deflated", "sum"])
def test_a_damaged_cover_is_none(tmp_path: Path, place: int):
    package = (
        '<manifest><item properties="cover-image" href="a.jpg" media-type="image/jpeg"/></manifest>'
    )
    source = book(tmp_path / "a.epub", package)
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("OPS/a.jpg", bytes(range(256)))
        start = archive.getinfo("OPS/a.jpg").header_offset + 30 + len("OPS/a.jpg")
    damaged = bytearray(source.read_bytes())
    damaged[start + place] ^= 0xFF
    source.write_bytes(damaged)
    assert cover_of(source) is None


def test_what_is_no_epub_has_none():
    assert cover_of(SAMPLES / "geumeum.txt") is None
    assert cover_of(SAMPLES / "none.epub") is None
