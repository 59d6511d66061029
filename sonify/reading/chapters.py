"""Which lines of a plain text are the headings of its chapters."""

import re

_HANGUL = "일이삼사오육칠팔구십백"
_HANJA = "一二三四五六七八九十百"
_ROMAN = r"(?:[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ]+|[IVX]+(?![A-Za-z]))"
_UNIT = "[장회부권편화막절章回部卷編篇幕節話]"
_CLOSED = r"(?=$|\s*[\]>〉》】」:.―—–-])"

# 제1장 · 제 2 회 길을 떠나다 · 第三章 · 3부: 겨울 · 프롤로그 · 외전 2 · Chapter 4. The Sea
_NAMED = re.compile(
    rf"""[\[<〈《【「]?\s*(?:
        [제第]\s*(?:\d{{1,4}}|[{_HANGUL}{_HANJA}]{{1,5}}|{_ROMAN})\s*{_UNIT}(?![가-힣])
      | \d{{1,4}}\s*{_UNIT}{_CLOSED}
      | (?:프롤로그|에필로그|인터루드|서장|종장|서문|머리말|맺음말|막간|외전|후기
          |작가의\ 말|작가\ 후기|序|序章|終章|跋)(?:\s*\d{{1,3}})?{_CLOSED}
      | (?i:chapter|part|book|volume|act)\s+
        (?:\d{{1,4}}|{_ROMAN}|(?i:one|two|three|four|five|six|seven|eight|nine|ten))\b
      | (?i:prologue|epilogue|interlude|preface){_CLOSED}
    )\s*[\]>〉》】」]?(?P<title>\.?|(?:\s*[.:·,―—–-]\s*|\s+)\S.{{0,39}})""",
    re.VERBOSE,
)
# 1. · 12 · 一 · Ⅲ · IV. · - 5 - · <3>
_NUMBER = re.compile(
    rf"[-–—<〈\[(【]?\s*(?:\d{{1,3}}|[{_HANJA}]{{1,4}}|{_ROMAN})\s*[-–—>〉\])】]?[.、]?"
)
# 1. 봄 · 一. 길 · Ⅲ 바다
_NUMBERED = re.compile(
    rf"(?:\d{{1,3}}\s*[.)、]|[{_HANJA}]{{1,4}}\s*[.)、]|{_ROMAN}[.)、]?)\s*\S.{{0,39}}"
)
_LONGEST = 30  # characters of a heading that isn't numbered
_SENTENCE_END = (".", "?", "!", "…", ",", '"', "'", "”", "’", "」", "』", ":", ";", "~")
_PAST_OR_POLITE = re.compile(r"(?:[았었했였겠갔왔]다|니다|[요죠])$")


def is_heading(line: str) -> bool:
    """Whether a line says of itself that it is a heading (제1장, 프롤로그, Ⅲ, Chapter 4)."""
    if _NUMBER.fullmatch(line.strip()):
        return True
    named = _NAMED.fullmatch(line.strip())
    return named is not None and (
        named["title"] == "." or not named["title"].endswith((".", ",", '"', "”"))
    )


def may_be_heading(line: str) -> bool:
    """Whether a line is a heading if it stands between blank ones (1. 봄, or a few words)."""
    line = line.strip()
    return (
        any(character.isalnum() for character in line)
        and (len(line) <= _LONGEST or bool(_NUMBERED.fullmatch(line)))
        and not line.endswith(_SENTENCE_END)
        and not _PAST_OR_POLITE.search(line)
        and not line.startswith(('"', "'", "“", "‘", "-", "―", "—", "–", "·", "*"))
    )
