"""Which language a text is in."""

import re

_SCRIPTS = {
    "hangul": re.compile(r"[\u1100-\u11ff\u3131-\u318e가-힣]"),
    "kana": re.compile(r"[ぁ-ゖァ-ヺ]"),
    "han": re.compile(r"[\u3400-\u4dbf一-鿿\uf900-\ufaff]"),
}
_LETTER = re.compile(r"[^\W\d_]")
_ENGLISH = re.compile(r"\b(?:the|and|of|to|a|in|is|was|it|that|he|she|I|you)\b")
_WORD = re.compile(r"\b[A-Za-z']+\b")


def has_letter(text: str) -> bool:
    """Whether there is anything in the text to read."""
    return bool(_LETTER.search(text))


def detect(text: str, declared: str = "") -> str:
    """The language of a text, by its letters.

    Args:
        text: the beginning of a text, at least one letter.
        declared: a language tag from metadata, such as "ko-KR". The letters overrule it: an
            editor's default is no evidence. It tells languages apart that share a script.

    Returns:
        The ISO 639-1 code, or "und" for a language that it can't tell.
    """
    letters = len(_LETTER.findall(text))
    share = {name: len(script.findall(text)) / letters for name, script in _SCRIPTS.items()}
    # Korean of a hundred years ago mixes Hanja in freely, but its endings are Hangul.
    if share["hangul"] >= 0.25:
        return "ko"
    if share["kana"] >= 0.2:
        return "ja"
    if share["han"] >= 0.5:
        return "zh"
    code = re.split(r"[-_]", declared.strip().lower())[0]
    if re.fullmatch(r"[a-z]{2}", code) and code not in ("ko", "ja", "zh"):
        return code
    words = len(_WORD.findall(text))
    return "en" if words and len(_ENGLISH.findall(text)) >= 0.1 * words else "und"
