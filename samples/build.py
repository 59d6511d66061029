"""Builds maengnori.epub from its source: `python samples/build.py [OUT.epub]`.

The same source gives the same bytes: identifier and dates are fixed, and the archive is stored
uncompressed, since what deflate makes of a file depends on the zlib at hand.
"""

import io
import sys
import zipfile
from datetime import datetime
from html import escape
from pathlib import Path

from ebooklib import epub

SAMPLES = Path(__file__).parent
SOURCE = SAMPLES / "maengnori"
PUBLISHED = datetime(2026, 11, 22)
STYLE = """\
body { line-height: 1.8; word-break: keep-all; }
h1 { margin: 3em 0 2em; font-size: 1.3em; text-align: center; }
p { margin: 0; text-indent: 1em; }
"""


def chapter(path: Path) -> epub.EpubHtml:
    """A chapter from its source: "# title", then paragraphs of one sentence a line."""
    heading, *paragraphs = path.read_text(encoding="utf-8").strip().split("\n\n")
    title = heading.removeprefix("# ")
    body = "\n".join(f"<p>{escape(' '.join(lines.split()))}</p>" for lines in paragraphs)
    item = epub.EpubHtml(uid=f"chapter-{path.stem}", file_name=f"{path.stem}.xhtml", title=title)
    item.content = f"<h1>{escape(title)}</h1>\n{body}"
    item.add_link(href="style.css", rel="stylesheet", type="text/css")
    return item


def novel() -> epub.EpubBook:
    """The novel: cover, table of contents, chapters."""
    book = epub.EpubBook()
    book.set_identifier("urn:uuid:6d61656e-676e-4f72-a900-000000000001")
    book.set_title("맥놀이")
    book.set_language("ko")
    book.add_author("sonify")
    book.add_metadata("DC", "date", f"{PUBLISHED:%Y-%m-%d}")
    book.add_metadata("DC", "rights", "CC0 1.0")
    # EbookLib would sign with its version, and every new one would change the bytes.
    book.set_unique_metadata("OPF", "generator", "", {"name": "generator", "content": "EbookLib"})

    book.set_cover("cover.png", (SOURCE / "cover.png").read_bytes(), create_page=False)
    cover = epub.EpubCoverHtml(image_name="cover.png", title="표지")
    cover.is_linear = True  # EPUBCheck 5 wants a way in to whatever isn't
    chapters = [chapter(path) for path in sorted(SOURCE.glob("*.md"))]
    style = epub.EpubItem("style", "style.css", "text/css", STYLE.encode())
    for item in (cover, *chapters, style, epub.EpubNcx(), epub.EpubNav(title="차례")):
        book.add_item(item)
    book.toc = chapters
    book.spine = [cover, "nav", *chapters]
    return book


def build(out: Path) -> None:
    """Writes the novel to `out` as EPUB 3."""
    written = io.BytesIO()
    epub.write_epub(written, novel(), {"mtime": PUBLISHED})
    with zipfile.ZipFile(written) as archive, zipfile.ZipFile(out, "w") as stored:
        for name in archive.namelist():
            entry = zipfile.ZipInfo(name, PUBLISHED.timetuple()[:6])
            entry.create_system = 3  # Unix, whatever it is built on
            stored.writestr(entry, archive.read(name))


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES / "maengnori.epub")
