import warnings
import zipfile

import pytest
from ebooklib import epub

from sonify.errors import SonifyError
from sonify.reading import read

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
NCX = """<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">
<head/><docTitle><text>책</text></docTitle><navMap>{points}</navMap></ncx>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title>차례</title></head><body><nav epub:type="toc"><h1>차례</h1><ol>{entries}</ol></nav>
</body></html>"""


def xhtml(body, head=""):
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>문서</title>{head}</head><body>{body}</body></html>"
    )


def point(title, address, *children):
    return (
        f"<navPoint><navLabel><text>{title}</text></navLabel>"
        f'<content src="{address}"/>{"".join(children)}</navPoint>'
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "밤길.epub"


def write(
    path,
    documents,
    *,
    nav="",
    ncx="",
    others=None,
    metadata="<dc:title>밤길</dc:title><dc:creator>김</dc:creator><dc:language>ko-KR</dc:language>",
    linear=lambda name: "yes",
    guide="",
    leave_out=(),
):
    """An EPUB made by hand: `documents` is name → body, in the order of the spine."""
    files = {name: xhtml(body) for name, body in documents.items()}
    manifest = [(name, "application/xhtml+xml", "") for name in documents]
    if nav:
        files["nav.xhtml"] = NAV.format(entries=nav)
        manifest.append(("nav.xhtml", "application/xhtml+xml", "nav"))
    if ncx:
        files["toc.ncx"] = NCX.format(points=ncx)
        manifest.append(("toc.ncx", "application/x-dtbncx+xml", ""))
    for name, content in (others or {}).items():
        files[name] = content
        manifest.append((name, "text/css" if name.endswith("css") else "font/otf", ""))
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="{kind}" properties="{properties}"/>'
        for name, kind, properties in manifest
    )
    spine = "".join(f'<itemref idref="{name}" linear="{linear(name)}"/>' for name in documents)
    files["book.opf"] = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
        f"<manifest>{items}</manifest>"
        f"<spine{' toc=' + chr(34) + 'toc.ncx' + chr(34) if ncx else ''}>{spine}</spine>"
        f"<guide>{guide}</guide></package>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", CONTAINER)
        for name, content in files.items():
            if name not in leave_out:
                archive.writestr(f"OEBPS/{name}", content)
    return path


def add(path, name, content):
    """Add a member, over another of that name."""
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, content)


def chapters(book):
    found = {}
    for sentence in book.sentences:
        found.setdefault(sentence.chapter, []).append(sentence.text)
    return [(chapter.title, sentences) for chapter, sentences in found.items()]


def text(path):
    return [sentence.text for sentence in read(path).sentences]


@pytest.mark.parametrize("version", [2, 3])
def test_a_book_by_ebooklib(path, version):
    made = epub.EpubBook()
    made.set_title("밤 길")
    made.set_language("ko")
    made.add_author("김하나")
    made.add_author("이둘")
    made.set_cover("cover.png", b"\x89PNG")
    pages = []
    for number in (2, 1):  # the order of the spine counts, not that of the names
        page = epub.EpubHtml(title=f"제{3 - number}장", file_name=f"{number}.xhtml", lang="ko")
        page.content = f"<h1>제{3 - number}장</h1><p>그는 {number}번 갔다. 밤이었다.</p>"
        made.add_item(page)
        pages.append(page)
    made.toc = pages
    made.add_item(epub.EpubNcx())
    if version == 3:
        made.add_item(epub.EpubNav())
    made.spine = ["cover", *(["nav"] if version == 3 else []), *pages]
    epub.write_epub(path, made)
    book = read(path)
    assert (book.title, book.author, book.language, book.verse) == (
        "밤 길",
        "김하나, 이둘",
        "ko",
        False,
    )
    assert chapters(book) == [
        ("제1장", ["그는 2번 갔다.", "밤이었다."]),
        ("제2장", ["그는 1번 갔다.", "밤이었다."]),
    ]


def test_titles_from_a_nested_ncx(path):
    contents = point(
        "제1부",
        "part.xhtml",
        point("제1장 봄", "a.xhtml", point("하나", "a.xhtml#one")),
        point("제2장", "b.xhtml"),
    )
    write(
        path,
        {
            "part.xhtml": "<h1>제1부</h1>",
            "a.xhtml": "<h2>제1장 <br/>봄</h2><p>그는 갔다.</p><h3 id='one'>하나</h3><p>왔다.</p>",
            "b.xhtml": "<p class='title'>제2장</p><p>밤이었다.</p>",
        },
        ncx=contents,
    )
    assert chapters(read(path)) == [
        ("제1부 제1장 봄", ["그는 갔다."]),
        ("하나", ["왔다."]),
        ("제2장", ["밤이었다."]),
    ]


def test_titles_from_a_nested_nav_before_those_of_the_ncx(path):
    nav = (
        "<li><span>제1부</span><ol><li><a href='a.xhtml'>봄</a></li>"
        "<li><a href='b%20c.xhtml'>여름</a></li></ol></li>"
    )
    write(
        path,
        {"a.xhtml": "<p>그는 갔다.</p>", "b c.xhtml": "<p>왔다.</p>"},
        nav=nav,
        ncx=point("낡은 차례", "a.xhtml"),
    )
    assert chapters(read(path)) == [("제1부 봄", ["그는 갔다."]), ("여름", ["왔다."])]


def test_several_chapters_in_a_file(path):
    body = (
        "<p>머리말이다.</p><section id='c1'><h1>하나</h1><p>그는 갔다.</p></section>"
        "<p>또 갔다.</p><h1><a id='c2'></a>둘</h1><p>왔다.</p>"
        "<p>이어 <span id='c3'>셋째</span> 장.</p>"
    )
    nav = "".join(
        f"<li><a href='a.xhtml#c{n}'>{t}</a></li>" for n, t in enumerate(["하나", "둘", "셋"], 1)
    )
    write(path, {"a.xhtml": body}, nav=nav)
    assert chapters(read(path)) == [
        ("", ["머리말이다."]),
        ("하나", ["그는 갔다.", "또 갔다."]),
        ("둘", ["왔다.", "이어"]),
        ("셋", ["셋째 장."]),
    ]


def test_a_chapter_over_several_files(path):
    nav = "<li><a href='a.xhtml'>하나</a></li>"
    write(path, {"a.xhtml": "<p>그는 갔다.</p>", "a2.xhtml": "<p>왔다.</p>"}, nav=nav)
    assert chapters(read(path)) == [("하나", ["그는 갔다.", "왔다."])]


@pytest.mark.parametrize("broken", ["", "<navPoint/>", point("어디", "nowhere.xhtml")])
def test_headings_make_chapters_where_there_are_no_contents(path, broken):
    documents = {
        "a.xhtml": "<h1>봄</h1><p>그는 갔다.</p><h4>곁가지</h4><p>왔다.</p>",
        "b.xhtml": "<p>제2장</p><p>밤이었다.</p>",
    }
    write(path, documents, ncx=broken)
    assert chapters(read(path)) == [
        ("봄", ["그는 갔다.", "곁가지", "왔다."]),
        ("제2장", ["밤이었다."]),
    ]


@pytest.mark.parametrize(
    "left_out",
    [
        "<ruby><rp>(</rp><rt>한</rt><rp>)</rp></ruby>",
        '<a epub:type="noteref" href="#n1">1</a>',
        '<a role="doc-noteref" href="notes.xhtml#n1">주1</a>',
        '<sup><a href="#n1">[1]</a></sup>',
        '<a href="#n1"><sup>1)</sup></a>',
        "<sup>*</sup>",
        '<a href="notes.xhtml#n1">①</a>',
        '<span style="color: red; display:none">숨음</span>',
        '<span style="visibility: hidden">숨음</span>',
        '<span class="big secret">숨음</span>',
        '<span aria-hidden="true">숨음</span>',
        "<span hidden='hidden'>숨음</span>",
        '<aside epub:type="footnote"><p>각주.</p></aside>',
        '<aside epub:type="endnote"><p>미주.</p></aside>',
        '<aside epub:type="rearnote"><p>후주.</p></aside>',
        '<section epub:type="endnotes"><p>미주.</p></section>',
        '<section role="doc-endnotes"><p>미주.</p></section>',
        '<span epub:type="pagebreak" id="p7" title="7">7</span>',
        '<span role="doc-pagebreak">7</span>',
        "<script>var a = '숨음';</script>",
        "<style>p { color: red }</style>",
        "<!-- 숨음 -->",
        "<svg xmlns='http://www.w3.org/2000/svg'><text>숨음</text></svg>",
    ],
)
def test_what_is_not_read(path, left_out):
    style = (
        "/* .plain { display: none } */ @media print { .plain { display: none } } "
        ".secret, p.no { display : none }"
    )
    write(
        path,
        {"a.xhtml": f"<p>그는{left_out} <b class='plain'>갔</b>다.</p>"},
        others={"s.css": style},
    )
    assert text(path) == ["그는 갔다."]


@pytest.mark.parametrize(
    "style",
    [
        '@charset "utf-8";\n',
        "@namespace epub url(http://www.idpf.org/2007/ops);",
        "@import url('a.css?b@1;2{');",
        "@import url(a.css?b@1;2);",
        "@media print { .plain { display: none } }",
        "@font-face { font-family: x; src: url(x.otf) }",
        ".more::before { content: '}@' }",
        "/* it's */",
        "\ufeff",
    ],
)
def test_a_rule_that_hides_holds_whatever_stands_before_it(path, style):
    write(
        path,
        {"a.xhtml": "<p>그는<i class='secret'>숨음</i> <b class='plain'>갔</b>다.</p>"},
        others={"s.css": style + ".secret { display: none } .plain { color: red }"},
    )
    assert text(path) == ["그는 갔다."]


def test_ruby_bases_powers_and_links_are_read(path):
    write(
        path,
        {
            "a.xhtml": "<p><ruby>東<rt>동</rt>京<rt>경</rt></ruby>에 10<sup>2</sup>번 갔다.</p>"
            "<p><a href='b.xhtml#x'>그곳</a>이다. &nbsp;&hellip;그래.</p>",
        },
    )
    assert text(path) == ["東京에 102번 갔다.", "그곳이다.", "…그래."]


def test_pages_that_are_not_read(path):
    write(
        path,
        {
            "cover.xhtml": "<p>겉장.</p>",
            "front.xhtml": "<p>표지.</p>",
            "contents.xhtml": "<p>차례다.</p>",
            "c2.xhtml": "<section epub:type='cover'><p>또 표지.</p></section>",
            "nav.xhtml": "",
            "a.xhtml": "<p>그는 갔다.</p><aside epub:type='footnote'><p>각주.</p></aside>",
            "extra.xhtml": "<p>덤이다.</p>",
        },
        linear=lambda name: "no" if name == "extra.xhtml" else "yes",
        guide='<reference type="cover" href="front.xhtml"/>'
        '<reference type="toc" href="contents.xhtml"/>',
    )
    assert text(path) == ["그는 갔다."]


def test_nav_page_in_the_spine(path):
    made = epub.EpubBook()
    made.set_title("책")
    page = epub.EpubHtml(title="봄", file_name="a.xhtml", content="<p>그는 갔다.</p>")
    for item in (page, epub.EpubNcx(), epub.EpubNav()):
        made.add_item(item)
    made.toc = [page]
    made.spine = ["nav", page]
    epub.write_epub(path, made)
    assert text(path) == ["그는 갔다."]


def test_blocks_end_sentences_and_inline_elements_do_not(path):
    write(
        path,
        {
            "a.xhtml": "<div>그는<em>조</em>용히\n  갔<i>다</i>.<p>밤</p>길</div><ul><li>하나</li>"
            "<li>둘</li></ul><table><tr><td>셋</td><td>넷</td></tr></table>"
        },
    )
    assert text(path) == ["그는조용히 갔다.", "밤", "길", "하나", "둘", "셋", "넷"]


def test_a_line_break_ends_a_paragraph_of_prose(path):
    write(
        path, {"a.xhtml": "<p>그는 먼 길을 갔다.<br/>밤이 깊었다.<br/>“그래.”<br/>하고 말했다.</p>"}
    )
    assert text(path) == ["그는 먼 길을 갔다.", "밤이 깊었다.", "“그래.” 하고 말했다."]


@pytest.mark.parametrize(
    "body",
    [
        "<p>달이 없는 밤에는<br/>골목이 운다. 운다</p><p>너를 묻고<br/>나는 갔다</p>",
        "<pre>달이 없는 밤에는\n골목이 운다. 운다\n\n너를 묻고\n나는 갔다</pre>",
        "<p>달이 없는 밤에는</p><p>골목이 운다. 운다</p><p>너를 묻고</p><p>나는 갔다</p>",
    ],
)
def test_verse(path, body):
    write(path, {"a.xhtml": f"<h1>그믐</h1>{body}"})
    book = read(path)
    assert book.verse
    assert chapters(book) == [
        ("그믐", ["달이 없는 밤에는", "골목이 운다. 운다", "너를 묻고", "나는 갔다"])
    ]
    assert not read(path, split="sentences").verse


def test_letters_overrule_the_metadata(path):
    write(path, {"a.xhtml": "<p>그는 갔다.</p>"}, metadata="<dc:language>en</dc:language>")
    book = read(path)
    assert (book.title, book.author, book.language) == ("밤길", "", "ko")


def test_html_that_is_not_well_formed(path):
    write(path, {"a.xhtml": "<p>그는 갔다.<p>왔다 & 갔다.<br>밤.</b>"})
    assert text(path) == ["그는 갔다.", "왔다 & 갔다.", "밤."]


@pytest.mark.parametrize("depth", [200, 2000, 3000])
@pytest.mark.parametrize("end", ["</div>", ""])  # as often as tags nobody closed
def test_elements_nested_deep_are_read_or_refused(path, depth, end):
    write(path, {"a.xhtml": "<p>그는 갔다.</p>" + "<div>왔다." * depth + end * depth})
    if depth < 2040:  # as deep as libxml2 goes
        assert text(path) == ["그는 갔다."] + ["왔다."] * depth
    else:
        with pytest.raises(SonifyError, match=r"a\.xhtml can't be read"):
            text(path)


def test_media_are_not_needed(path):
    write(path, {"a.xhtml": "<p>그는 갔다.</p>"}, others={"f.otf": "x"}, leave_out=("f.otf",))
    assert text(path) == ["그는 갔다."]


class TestRefused:
    """One line says what is wrong."""

    def refused(self, path, message):
        with pytest.raises(SonifyError, match=message) as raised:
            read(path)
        assert str(path) in str(raised.value)
        assert "\n" not in str(raised.value)

    @pytest.fixture
    def sound(self, path):
        return write(path, {"a.xhtml": "<p>그는 갔다.</p>", "b.xhtml": "<p>왔다.</p>"})

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
    def test_truncated(self, sound, share):
        data = sound.read_bytes()
        sound.write_bytes(data[: int(share * len(data))])
        self.refused(sound, "isn't a whole EPUB|is empty")

    def test_damaged(self, sound):
        data = bytearray(sound.read_bytes())
        place = data.index(b"OEBPS/a.xhtml") + 40
        data[place : place + 20] = bytes(20)
        sound.write_bytes(data)
        self.refused(sound, "EPUB")

    def test_no_archive(self, path):
        path.write_text("그는 갔다.")
        self.refused(path, "isn't a whole EPUB")

    def test_another_archive(self, path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("word/document.xml", "<w/>")
        self.refused(path, "no EPUB")

    def test_an_archive_under_another_name(self, sound, tmp_path):
        other = tmp_path / "밤길.txt"
        other.write_bytes(sound.read_bytes())
        assert text(other) == ["그는 갔다.", "왔다."]

    def test_password(self, sound):
        data = bytearray(sound.read_bytes())
        at = 0
        while (at := data.find(b"PK\x01\x02", at)) >= 0:
            data[at + 8] |= 1
            at += 1
        sound.write_bytes(data)
        self.refused(sound, "password")

    def encryption(self, address, algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"):
        return (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
            'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
            f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>'
            f'<enc:CipherReference URI="{address}"/></enc:CipherData></enc:EncryptedData>'
            "</encryption>"
        )

    def test_drm(self, sound):
        add(sound, "META-INF/encryption.xml", self.encryption("OEBPS/a.xhtml"))
        self.refused(sound, "DRM")

    def test_obfuscated_fonts_are_no_drm(self, sound):
        font = self.encryption("OEBPS/f.otf", "http://www.idpf.org/2008/embedding")
        add(sound, "META-INF/encryption.xml", font)
        assert text(sound) == ["그는 갔다.", "왔다."]

    def test_missing_document(self, path):
        write(path, {"a.xhtml": "<p>가.</p>", "b.xhtml": "<p>나.</p>"}, leave_out=("b.xhtml",))
        self.refused(path, "b.xhtml is missing")

    def test_spine_that_names_nothing(self, sound):
        with zipfile.ZipFile(sound) as archive:
            package = archive.read("OEBPS/book.opf").decode()
        add(sound, "OEBPS/book.opf", package.replace('idref="b.xhtml"', 'idref="c.xhtml"'))
        self.refused(sound, "c.xhtml is missing")

    @pytest.mark.parametrize("leave_out", ["book.opf"])
    def test_no_package(self, path, leave_out):
        write(path, {"a.xhtml": "<p>가.</p>"}, leave_out=(leave_out,))
        self.refused(path, "isn't a sound EPUB")

    def test_malformed_package(self, sound):
        add(sound, "OEBPS/book.opf", "<package")
        self.refused(sound, "isn't a sound EPUB")

    def test_zip_bomb(self, sound):
        add(sound, "OEBPS/zeros.css", b"")
        with zipfile.ZipFile(sound, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("OEBPS/bomb.bin", bytes(20_000_000))
        self.refused(sound, "20 MB: a zip bomb")

    @pytest.mark.parametrize("place", ["a.xhtml", "book.opf", "META-INF/encryption.xml"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_entity_expansion(self, sound, place, encoding):
        bomb = '<!DOCTYPE x [<!ENTITY a "aaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
        name = place if "/" in place else f"OEBPS/{place}"
        add(sound, name, bomb.encode(encoding))
        self.refused(sound, "entities")

    def test_no_text(self, path):
        write(path, {"a.xhtml": "<p><img src='1.png' alt='한 쪽'/></p><p>1</p>"})
        self.refused(path, "has no text in it")
