"""How a plain text is laid out: as verse or prose, in wrapped lines or a paragraph a line."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

SAMPLE = 1 << 14
"""Characters at the beginning of a text by which it is judged."""

_STOPS = (".", "?", "!", "…", "‥", "。", '"', "'", "”", "’", "」", "』", ")")
_SPEECH = ('"', "'", "“", "‘", "「", "『")
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60]+"
)
_NARROWEST = 36  # columns; prose is hardly ever wrapped at fewer than 18 Hangul syllables
_MANY = 8  # lines that all end at the same column by chance: as good as never
_VERSE = 56  # columns; a longer line that ends with a full stop may be a paragraph


@dataclass(frozen=True, slots=True)
class Layout:
    """What the lines of a text mean.

    Attributes:
        verse: a line is a line of verse, and stays one.
        width: where prose was wrapped; 0 where a line is a whole paragraph.
        measure: what the width counts: `columns`, or characters (`len`).
        by_word: wrapped between words, so that a line break stands for a space.
    """

    verse: bool = False
    width: int = 0
    measure: Callable[[str], int] = len
    by_word: bool = True


def columns(text: str) -> int:
    """The width of a text in a terminal: a Hangul syllable is two columns wide."""
    return len(text) + sum(map(len, _WIDE.findall(text)))


def is_finished(line: str) -> bool:
    """Whether a line ends like a sentence: with a full stop or a closing quotation mark."""
    return line.rstrip().endswith(_STOPS)


def detect(lines: Sequence[str]) -> Layout:
    """Tell verse from prose, and wrapped prose from a paragraph a line.

    The lines that matter are those that another line follows at once though they end without a
    full stop. Prose breaks such a line only where the page ends: the next word wouldn't have
    fitted. Verse breaks it where it likes. So:

    - *wrapped*: in eight of ten of those lines, the next word would have passed the longest line,
      which is at least 18 syllables wide;
    - else *verse*: of the lines, every second ends without a full stop (but for those that lead
      up to a speech), or every tenth does and nine of ten are at most 28 syllables wide;
    - else *a paragraph a line*.

    Args:
        lines: the beginning of the text, blank lines included, headings left out.
    """
    full = [line.strip() for line in lines if line.strip()]
    broken = [
        (line.strip(), following.split()[0])
        for line, following in pairwise(lines)
        if line.strip() and following.strip() and not is_finished(line)
    ]
    shapes = []
    for measure in (columns, len):
        width = _quantile(map(measure, full), 0.98)  # but for the odd line that is longer
        filled = sum(measure(line) + 1 + measure(word) > width for line, word in broken)
        if broken and filled >= 0.8 * len(broken) and width * (1 + (measure is len)) >= _NARROWEST:
            exact = sum(measure(line) >= width - 1 for line, _ in broken)
            by_word = len(broken) < _MANY or exact < 0.9 * len(broken)
            shapes.append(Layout(width=width, measure=measure, by_word=by_word))
    if shapes:
        return min(shapes, key=lambda shape: shape.by_word)
    unfinished = sum(
        not is_finished(line) and not following.startswith(_SPEECH)
        for line, following in pairwise((*full, ""))
    )
    short = _quantile(map(columns, full), 0.9) <= _VERSE
    return Layout(verse=len(full) > 1 and unfinished >= (0.1 if short else 0.5) * len(full))


def _quantile(values: Iterable[int], share: float) -> int:
    """The value that this share of the values doesn't pass; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0
