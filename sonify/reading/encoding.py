"""Which encoding a text file is in, and its lines."""

import codecs
import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

import charset_normalizer

from sonify.errors import SonifyError

_logger = logging.getLogger("sonify")

_HEAD = 1 << 20  # bytes by which the encoding is judged
_LONGEST_LINE = 1 << 20  # characters; a longer one is cut, so that memory stays flat
_CHUNK = 1 << 16

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DOCUMENTS = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an HWP or Word document"),
    (b"{\\rtf", "an RTF document"),
)
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ud800-\udfff\ufffe\uffff]"
)
_KOREAN = re.compile(r"[ -~\s\u00a0-\u00ff\u2010-\u203b\u3000-\u301f가-힣]")


def clean(text: str) -> str:
    """The text in NFC (a Mac writes Hangul as NFD), without control characters and surrogates."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def lines(stream: BinaryIO, name: str, *, live: bool = False) -> Iterator[str]:
    """The lines of a text, decoded as they are read and `clean`.

    Args:
        stream: read once, from where it stands to its end.
        name: what messages call it.
        live: somebody may be typing: hand on each line as soon as it is complete, and judge the
            encoding by the first.

    Raises:
        SonifyError: this isn't text, or (later) a place in it can't be read or decoded.
    """
    head = b""
    while len(head) < _HEAD and (chunk := _read(stream, name)):
        head += chunk
        if live and b"\n" in head:
            break
    if not head:
        raise SonifyError(f"{name} is empty: there is nothing to play")
    encoding = detect(head, name)
    errors = "surrogatepass" if encoding.startswith("utf") else "strict"
    decoder = io.IncrementalNewlineDecoder(
        codecs.getincrementaldecoder(encoding)(errors), translate=True
    )
    done = 0
    unfinished: list[str] = []
    length = 0
    chunk = head
    while True:
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            valid = error.object[: error.start].decode(encoding, "replace")
            line = done + valid.count("\n") + 1
            raise SonifyError(
                f"{name}: line {line} isn't {_label(encoding)} like the text before it; "
                "repair it or save the file as UTF-8"
            ) from error
        complete, newline, rest = text.rpartition("\n")
        if newline:
            done += complete.count("\n") + 1
            for line_ in "".join((*unfinished, complete, "\n")).splitlines():
                yield clean(line_)
            unfinished, length = [], 0
        unfinished.append(rest)
        length += len(rest)
        if not chunk:
            break
        if length > _LONGEST_LINE:
            piece = "".join(unfinished)
            cut = piece.rfind(" ") + 1 or len(piece)
            yield clean(piece[:cut])
            unfinished, length = [piece[cut:]], len(piece) - cut
        chunk = _read(stream, name)
    for line_ in "".join(unfinished).splitlines():
        yield clean(line_)


def detect(head: bytes, name: str) -> str:
    """The encoding of a text that begins with `head`, said in the log where it isn't UTF-8.

    Korean text is UTF-8, UTF-16 or CP949 (the superset of EUC-KR). Short CP949 texts look like
    Big5 as well: only when none of the three gives Korean are all other encodings tried.
    """
    for magic, kind in _DOCUMENTS:
        if head.startswith(magic):
            raise SonifyError(f"{name} is {kind}: save it as text (.txt) or EPUB first")
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            if encoding != "utf-8-sig":
                _say(name, encoding)
            return encoding
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if _decoded(head, "utf-8") is not None or _is_damaged_utf8(head):
        if controls > 0.3 * len(head):
            raise _not_text(name)
        return "utf-8"
    whole_lines = head[:_CHUNK].rpartition(b"\n")[0] or head[:_CHUNK]
    korean = ["utf_16_le", "utf_16_be"] if b"\0" in head else ["cp949"]
    best = charset_normalizer.from_bytes(whole_lines, cp_isolation=korean).best()
    for encoding in [best.encoding] if best else korean:
        text = _decoded(head, encoding)
        if text and _looks_korean(text):
            _say(name, encoding)
            return encoding
    best = charset_normalizer.from_bytes(whole_lines, cp_exclusion=korean).best()
    if controls > 0.01 * len(head) or best is None or _decoded(head, best.encoding) is None:
        raise _not_text(name)
    _say(name, best.encoding)
    return best.encoding


def _read(stream: BinaryIO, name: str) -> bytes:
    try:
        # read1 returns what has been typed so far; read would wait for the chunk to fill.
        return getattr(stream, "read1", stream.read)(_CHUNK)
    except OSError as error:
        raise SonifyError(f"{name} can't be read ({error.strerror})") from error


def _decoded(head: bytes, encoding: str) -> str | None:
    """The text, or None if these bytes can't begin a text in that encoding."""
    errors = "surrogatepass" if encoding.startswith("utf") else "strict"
    try:
        return codecs.getincrementaldecoder(encoding)(errors).decode(head)
    except UnicodeDecodeError:
        return None


def _looks_korean(text: str) -> bool:
    """Whether most of it is everyday Hangul or ASCII.

    Other encodings decode as CP949 too, but to syllables beyond KS X 1001 (Shift JIS) or to
    single letters (EUC-JP).
    """
    everyday = text.encode("iso2022_kr", "ignore").decode("iso2022_kr")
    return len(_KOREAN.findall(everyday)) >= 0.7 * len(text)


def _is_damaged_utf8(head: bytes) -> bool:
    """Whether it is UTF-8 but for a few bytes (that `lines` will name)."""
    text = head.decode("utf-8", "replace")
    return text.count("\ufffd") < 0.05 * sum(not character.isascii() for character in text)


def _label(encoding: str) -> str:
    if encoding == "cp949":
        return "CP949 (EUC-KR)"
    return encoding.removesuffix("-sig").replace("_", "-").upper()


@lru_cache(maxsize=1)  # what is read twice in a row, once to count, is said once
def _say(name: str, encoding: str) -> None:
    _logger.warning("%s is read as %s, not UTF-8", name, _label(encoding))


def _not_text(name: str) -> SonifyError:
    return SonifyError(f"{name} isn't text: sonify reads .txt and .epub files")
