"""Korean spelling as the mood models read it."""

import re
import unicodedata

_HANJA = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_GLOSS = re.compile(rf"(?<=[가-힣])\s?[(\[（［][{_HANJA}·,、\s]+[)\]）］]")
_REPEATED = re.compile(r"(.)\1{2,}")


def normalize(text: str) -> str:
    """The text as the model reads it.

    Compatibility forms are folded (NFKC: old jamo, full width, ligatures), Latin letters made
    small, a word's Hanja in brackets left out (`사랑(愛)` → `사랑`: it is said already), anything
    repeated three times or more shortened to two (`ㅋㅋㅋㅋ`, `……`), whitespace made single, lone
    surrogates left out.
    """
    text = text.encode(errors="ignore").decode()
    text = _GLOSS.sub("", unicodedata.normalize("NFC", text))
    text = unicodedata.normalize("NFKC", text).lower()
    return " ".join(_REPEATED.sub(r"\1\1", text).split())
