"""Where a sentence ends in literary Korean prose.

A sentence is what isn't part of another one. So a quotation that stands by itself is divided into
its own sentences (“그래 불렀다. 왜!” is two), while one that a sentence leads up to or goes on from
stays whole within it (“왜? 어디로?” 하고 그는 물었다. is one). Brackets are treated alike.

Every character is looked at a fixed number of times, however long the paragraph or deep its quotes.
"""

import re
from collections import Counter
from collections.abc import Iterator

_PARTNER = {"“": "”", "‘": "’", "「": "」", "『": "』", "《": "》", "〈": "〉", "(": ")", "[": "]"}
_OPENING = "".join(_PARTNER)
_CLOSING = "".join(_PARTNER.values())
_QUOTE = re.compile(rf"""[{re.escape(_OPENING + _CLOSING)}"']""")

_STOP = ".?!…‥。？！"
_MARK = re.compile(rf"""[{re.escape(_OPENING)}"']|[{_STOP}]+""")
_ELLIPSIS = re.compile(r"[…‥]+|\.{2,}")

# How a sentence goes on after a quotation: by a form of 하다 or 이라고, or by a verb of saying; not
# by adverbs and nouns that only begin alike (하지만, 하루, 하늘, 하여튼, 하는 수 없이).
_CARRIED_ON = re.compile(
    r"""\s*+(?: ,
      | 하고(?:[서는도]|서는|서야)?(?![가-힣])
      | 하(?:며|면서|였|여(?!튼)|니|더니|던|다가|자|게|[시신실셨]|기[에는도가]|므로|되|매|거늘|건만)
      | 하(?:면|나|는|려|지를?|든지|라고|랴)(?:서|서도|데|도|고)?(?=[\s,.])(?!\s수[\s밖가도])
      | [한할]\s(?!사람|번|참|놈|마디|수|일)
      | [한할](?:다|까|즉|지|뿐|는지|테니|걸)
      | 합니|합디|했|해서|해도|해요|해버|함이
      | 이?라(?:고|는|며|면서|니|던|도|든지|느니|기에)?(?=[\s,.]|$)
      | 이?란(?=\s)
      | 고(?=[\s,])
      | (?:소리|고함)[를을가와만치쳤쳐]?
      | 묻|물[었으]|부르[며고던는짖]|부른|불렀|외[치쳤쳐]|(?:말|생각|대답|명령|한탄)[했하]
      | 속삭|중얼|던지면
    )""",
    re.VERBOSE,
)
# After a full stop that no quotation mark follows, 하는 and the like more often begin a sentence.
_CARRIED_ON_FROM_STOP = re.compile(r"\s+(?:하고|이?라고)[\s,]")

# A verb that is finished: 했다, 가요, 있습니까, 하오, 보자, 있느냐, 하는군 (but 그러니까 goes on).
_FINISHED = re.compile(r"(?<=[가-힣])(?:(?<!니)까|[이거]야|[다요죠네군려소오라자냐])$")
_WORD = re.compile(r"\w")
_NUMBER = re.compile(r"(?<![\d.,])\d{1,4}$")
_INITIAL = re.compile(r"(?<![A-Za-z])(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St|vs|No)$")
_LEADING_NUMBER = re.compile(r"\W*(?:\d{1,4}|[ivxIVX]{1,5}|[A-Za-z])$")


def split(paragraph: str) -> Iterator[str]:
    """Divide a paragraph of prose into its sentences.

    Args:
        paragraph: text on one line. The end of it ends a sentence, with or without a full stop.

    Yields:
        The sentences, without the white space between them; nothing else is left out.
    """
    closing = _pairs(paragraph)
    start = position = 0
    spoken = -1  # where a quotation ends that stands by itself and has no full stop at its end
    while mark := _MARK.search(paragraph, position):
        at = mark.start()
        if start < spoken <= at:
            if _has_spoken(paragraph, start, spoken, at, closing):
                yield paragraph[start:spoken].strip()
                start = spoken
            spoken = -1
        if paragraph[at] in _STOP:
            position = _past_closing(paragraph, mark.end(), closing)
            ends = _is_end(paragraph, start, at, mark.end(), position, closing)
        elif at not in closing:
            position = at + 1
            continue
        else:
            end = closing[at]
            carried_on = _is_carried_on(paragraph, end, closing)
            if not carried_on and not _WORD.search(paragraph, start, at):
                # It stands by itself: its sentences are the text's.
                spoken, position = end, at + 1
                continue
            position = end
            ends = not carried_on and paragraph[end - 2] in _STOP and paragraph[at] not in "(["
        if ends:
            yield paragraph[start:position].strip()
            start = position
    if rest := paragraph[start:].strip():
        yield rest


def runs_on(before: str, after: str) -> bool:
    """Whether a sentence goes on from one paragraph to the next.

    Books set a speech in a paragraph of its own in the middle of the sentence that reports it::

        그는 간신히 모기만 한 소리로,
        “저를 부르셨어요?”
        하고 묻는다.
    """
    if before.endswith((",", "、")):
        return True
    if before[-1:].isalnum():
        return after[:1] in ('"', "'", "“", "‘", "「", "『") and not _FINISHED.search(before[-3:])
    return before.endswith(('"', "'", "”", "’", "」", "』")) and bool(_CARRIED_ON.match(after))


def _pairs(text: str) -> dict[int, int]:
    """Every opening quotation mark or bracket that has a partner: its place → past its partner's.

    A straight quotation mark opens or closes by the white space beside it and, where that doesn't
    tell, in turn. One that never closes (or closes only in the next paragraph) opens nothing.
    """
    pairs: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    waiting = Counter[str]()

    def push(partner: str, at: int) -> None:
        stack.append((partner, at))
        waiting[partner] += 1

    def pop(partner: str) -> int:
        while True:
            awaited, at = stack.pop()
            waiting[awaited] -= 1
            if awaited == partner:
                return at

    for match in _QUOTE.finditer(text):
        mark, at = match[0], match.start()
        before, after = text[at - 1 : at] if at else " ", text[at + 1 : at + 2] or " "
        if mark in "'’" and (before + after).isascii() and before.isalnum() and after.isalnum():
            continue  # an apostrophe
        if mark in _PARTNER:
            push(_PARTNER[mark], at)
        elif mark in _CLOSING:
            if waiting[mark]:
                pairs[pop(mark)] = at + 1
        else:
            leans_right = before.isspace() and not after.isspace()
            if waiting[mark] and leans_right:
                pop(mark)  # that one was never closed
                push(mark, at)
            elif waiting[mark]:
                pairs[pop(mark)] = at + 1
            elif not after.isspace():
                push(mark, at)
    return pairs


def _past_closing(text: str, position: int, closing: dict[int, int]) -> int:
    """The place past the quotation marks and brackets that close right after a full stop."""
    while position < len(text) and (
        text[position] in _CLOSING or (text[position] in "\"'" and position not in closing)
    ):
        position += 1
    return position


def _is_carried_on(text: str, end: int, closing: dict[int, int]) -> bool:
    """Whether the sentence goes on after the quotation that ends before `end`."""
    if end == len(text) or end in closing:
        return False
    if not text[end].isspace():
        return text[end] not in "-–—―"
    return bool(_CARRIED_ON.match(text, end))


def _has_spoken(text: str, start: int, end: int, next_mark: int, closing: dict[int, int]) -> bool:
    """Whether a quotation that stands by itself, without a full stop, is a sentence nonetheless.

    It is if the next speaker follows (“어서” “그래”), or if it is no mere name for something but a
    few words with a finished verb at the end.
    """
    if next_mark in closing and not text[end:next_mark].strip():
        return True
    said = text[start : end - 1].strip()
    return " " in said and bool(_FINISHED.search(said[-3:]))


def _is_end(text: str, start: int, stop: int, past: int, end: int, closing: dict[int, int]) -> bool:
    """Whether the full stop(s) in `text[stop:past]` end the sentence that begins at `start`.

    `end` is past the quotation marks that close after it.
    """
    marks, before = text[stop:past], text[max(start, stop - 12) : stop]
    after = text[end : end + 2]
    if not after:
        return True
    quoted = end > past
    if marks == "." and not quoted:
        if _INITIAL.search(before):
            return False
        if _NUMBER.search(before) and after.strip()[:1].isdigit():
            return False  # 3.1, 3. 1 운동, 1919. 3. 1.
        if stop - start <= 12 and _LEADING_NUMBER.fullmatch(text[start:stop]):
            return False  # 1. 봄
    elif not quoted and _ELLIPSIS.fullmatch(marks):
        if not _WORD.search(text, start, stop):
            return False
        if not after[0].isspace():
            return end in closing
        following = end + 1
        return following in closing or bool(_FINISHED.search(before))
    if not after[0].isspace():
        if end in closing or after[0] in "-–—―":
            return True
        if marks == ".":
            return bool(_FINISHED.search(before)) and "가" <= after[0] <= "힣"
        return after[0].isalnum() and not _CARRIED_ON.match(text, end)
    if quoted:
        return True
    if marks in (".", "。"):
        return not _CARRIED_ON_FROM_STOP.match(text, end)
    return not _CARRIED_ON.match(text, end)
