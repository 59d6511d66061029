"""A book's cover picture."""

import contextlib
import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

_MEDIA_TYPES = ("image/jpeg", "image/png")
_LARGEST = 16 << 20  # bytes
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_PACKAGE = "{http://www.idpf.org/2007/opf}"


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture: its bytes, as they stand in the book, and "image/jpeg" or "image/png"."""

    data: bytes
    media_type: str


def cover_of(path: Path) -> Cover | None:
    """The cover of an EPUB; None where there is none that players know to show."""
    with (
        contextlib.suppress(
            OSError,
            KeyError,
            ValueError,
            ElementTree.ParseError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
        ),
        zipfile.ZipFile(path) as archive,
    ):
        container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
        root = next(container.iter(f"{_CONTAINER}rootfile")).get("full-path", "")
        package = ElementTree.fromstring(archive.read(root))
        named = {
            meta.get("content")  # as EPUB 2 has it
            for meta in package.iter(f"{_PACKAGE}meta")
            if meta.get("name") == "cover"
        }
        for item in package.iter(f"{_PACKAGE}item"):
            is_cover = "cover-image" in item.get("properties", "").split()
            if not (is_cover or item.get("id") in named):
                continue
            media_type = item.get("media-type", "")
            name = posixpath.normpath(
                posixpath.join(posixpath.dirname(root), unquote(item.get("href", "")))
            )
            if media_type in _MEDIA_TYPES and archive.getinfo(name).file_size <= _LARGEST:
                return Cover(archive.read(name), media_type)
    return None
