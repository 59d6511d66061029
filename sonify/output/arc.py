"""The emotional arc of a book, drawn: its valence over the narrative, as an SVG or a PNG picture.

Every sentence is a dot, at the place where a reader comes to it. The curve is their mean under a
Gaussian window of a fiftieth of the book, as in Reagan et al. (2016), "The emotional arcs of
stories are dominated by six basic shapes"; what is said where it is highest and lowest is quoted.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonify.errors import SonifyError
from sonify.melody.plan import syllables
from sonify.mood.mood import Mood

Array = NDArray[np.float64]

_WIDTH, _HEIGHT = 1280, 720
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 1208, 226, 566
_WINDOW = 1 / 50  # of the book: the curve's standard deviation
_COLUMNS = 480
_QUOTES = 3  # above and below
_APART = 0.16  # of the book: at least so far are quotes of a side from each other
_LONGEST_QUOTE = 26  # characters
_SIZE = 16  # pixels, of a quote's characters

_PAPER, _INK, _FAINT, _LINE = "#fbf8f1", "#26221c", "#6b6457", "#dcd4c4"
_POSITIVE, _NEGATIVE = "#d98a1f", "#3a4c92"
_SERIF = (
    "'Noto Serif KR','Noto Serif CJK KR','Nanum Myeongjo','NanumMyeongjo','AppleMyungjo',"
    "'Batang','NanumGothic',serif"
)


@dataclass(frozen=True, slots=True)
class _Quote:
    place: float  # 0 to 1
    valence: float  # of the curve there
    text: str


def svg(title: str, author: str, moods: Iterable[Mood]) -> str:
    """Draws a book's arc.

    Args:
        title: the book's.
        author: the book's; empty where it isn't known.
        moods: of every sentence, in order; at least one.
    """
    heard = list(moods)
    lengths = np.array([max(1, syllables(mood.sentence.text)) for mood in heard], float)
    places = (np.cumsum(lengths) - lengths / 2) / lengths.sum()
    valences = np.array([mood.valence for mood in heard])
    columns = np.linspace(0, 1, _COLUMNS)
    window = max(_WINDOW, 0.5 / len(heard))
    curve = smooth(places, valences, lengths, columns, window)
    quotes = [
        _Quote(place, float(np.interp(place, columns, curve)), _said(heard, places, place, sign))
        for sign in (1, -1)
        for place in _extremes(columns, curve * sign)
    ]
    parts = [
        *_frame(title, author),
        *_chapters(heard, places, lengths),
        *_dots(places, valences),
        *_curve(columns, curve),
        *_quotations(quotes),
    ]
    return "\n".join([*parts, "</svg>\n"])


def png(picture: str) -> bytes:
    """Renders an arc at twice its size in pixels.

    Args:
        picture: an SVG, as `svg` draws it.

    Raises:
        SonifyError: no font on this system has Hangul.
    """
    import resvg_py

    def probe(syllable: str) -> bytes:
        text = f'<text y="30" font-size="30" font-family="{_SERIF}">{syllable}</text>'
        return bytes(resvg_py.svg_to_bytes(_opening(40, 40) + text + "</svg>"))

    if probe("각") == probe("흙"):
        raise SonifyError(
            "no font with Hangul is installed: install one (on Debian: apt install fonts-nanum), "
            "or name the picture .svg"
        )
    return bytes(resvg_py.svg_to_bytes(picture, zoom=2))


def smooth(places: Array, values: Array, weights: Array, at: Array, window: float) -> Array:
    """The weighted mean of values around places, under a Gaussian window.

    Args:
        places: shape (n,), where the values stand.
        values: shape (n,).
        weights: shape (n,), positive.
        at: shape (m,), where the mean is asked for.
        window: the Gaussian's standard deviation, in the unit of the places.

    Returns:
        Shape (m,).
    """
    smoothed = np.empty(len(at))
    for i, place in enumerate(at):
        distances = ((places - place) / window) ** 2 / 2
        near = np.exp(distances.min() - distances) * weights
        smoothed[i] = near @ values / near.sum()
    return smoothed


def _extremes(columns: Array, curve: Array) -> Iterator[float]:
    """The places of the highest maxima above zero, apart from each other, or of the highest."""
    inner = (curve[1:-1] >= curve[:-2]) & (curve[1:-1] > curve[2:])
    maxima = [int(i) + 1 for i in np.flatnonzero(inner)] + [0, len(curve) - 1]
    found: list[float] = []
    for index in sorted(maxima, key=lambda i: -curve[i]):
        if len(found) == _QUOTES or (found and curve[index] <= 0):
            break
        if all(abs(columns[index] - place) >= _APART for place in found):
            found.append(float(columns[index]))
    yield from found


def _said(moods: Sequence[Mood], places: Array, place: float, sign: int) -> str:
    """The strongest sentence around a place."""
    near = np.exp(-(((places - place) / _WINDOW) ** 2) / 2) + 1e-9
    feeling = np.array([2 + sign * mood.valence for mood in moods])
    text = moods[int(np.argmax(near * feeling**2))].sentence.text
    if len(text) <= _LONGEST_QUOTE:
        return text
    return text[: _LONGEST_QUOTE - 1].rstrip(" ,.…·") + "…"


def _opening(width: int, height: int) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'


def _frame(title: str, author: str) -> Iterator[str]:
    yield _opening(_WIDTH, _HEIGHT)
    yield f"<title>{_clean(title)}</title>"
    yield f"""<style>
text {{ font-family: {_SERIF}; fill: {_INK}; }}
.faint {{ fill: {_FAINT}; font-size: 14px; }}
.quote {{ font-size: {_SIZE}px; stroke: {_PAPER}; stroke-width: 5px; paint-order: stroke; }}
</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"
 patternTransform="rotate(45)"><path d="M0 0V6" stroke="{_NEGATIVE}" stroke-width="3"/></pattern>
<clipPath id="above"><path d="M0 0H{_WIDTH}V{_y(0)}H0z"/></clipPath>
<clipPath id="below"><path d="M0 {_y(0)}H{_WIDTH}V{_HEIGHT}H0z"/></clipPath></defs>
<path d="M0 0H{_WIDTH}V{_HEIGHT}H0z" fill="{_PAPER}"/>"""
    yield f'<text x="{_LEFT}" y="72" font-size="34" font-weight="600">{_clean(title)}</text>'
    yield f'<text x="{_LEFT}" y="102" class="faint">{_clean(author)}</text>'
    for value, name in ((1, "+1"), (0, "0"), (-1, "-1")):
        place = f'x="{_LEFT - 14}" y="{_y(value) + 5}" text-anchor="end"'
        yield f'<text {place} class="faint">{name}</text>'
    yield f'<path d="M{_LEFT} {_y(0)}H{_RIGHT}" stroke="{_INK}" stroke-width="1"/>'


def _chapters(moods: Sequence[Mood], places: Array, lengths: Array) -> Iterator[str]:
    """A line where each chapter begins, and its title as far as there is room."""
    starts = places - lengths / lengths.sum() / 2
    firsts = [0] + [
        i
        for i in range(1, len(moods))
        if moods[i].sentence.chapter.index != moods[i - 1].sentence.chapter.index
    ]
    edges = [_x(float(starts[first])) for first in firsts] + [float(_RIGHT)]
    for first, edge, end in zip(firsts, edges, edges[1:], strict=False):
        if first:
            yield f'<path d="M{edge:.1f} {_TOP}V{_BOTTOM + 112}" stroke="{_LINE}"/>'
        chapter = moods[first].sentence.chapter
        for name in (chapter.title, f"{chapter.index + 1}"):
            if name and (len(name) * 12 < end - edge - 12 or (name.isdigit() and end - edge > 22)):
                place = f'x="{edge + (8 if first else 0):.1f}" y="{_BOTTOM + 110}"'
                yield f'<text {place} class="faint">{_clean(name)}</text>'
                break


def _dots(places: Array, valences: Array) -> Iterator[str]:
    opacity = min(0.5, max(0.1, 60 / len(places)))
    radius = 2.6 if len(places) < 1000 else 1.6
    for sign, colour in ((1, _POSITIVE), (-1, _NEGATIVE)):
        dots = "".join(
            f"M{_x(float(place)):.1f} {_y(float(valence)):.1f}h0"
            for place, valence in zip(places, valences, strict=True)
            if (valence >= 0) == (sign > 0)
        )
        yield (
            f'<path d="{dots}" stroke="{colour}" stroke-width="{2 * radius}" '
            f'stroke-linecap="round" opacity="{opacity:.2f}"/>'
        )


def _curve(columns: Array, curve: Array) -> Iterator[str]:
    points = "L".join(
        f"{_x(float(place)):.1f} {_y(float(value)):.1f}"
        for place, value in zip(columns, curve, strict=True)
    )
    area = f"M{_LEFT} {_y(0)}L{points}L{_RIGHT} {_y(0)}z"
    for side, fill, colour in (
        ("above", _POSITIVE, _POSITIVE),
        ("below", "url(#hatch)", _NEGATIVE),
    ):
        yield f'<g clip-path="url(#{side})"><path d="{area}" fill="{fill}" opacity="0.55"/>'
        yield f'<path d="M{points}" fill="none" stroke="{colour}" stroke-width="3"/></g>'


def _quotations(quotes: Sequence[_Quote]) -> Iterator[str]:
    """Quotes over and under the plot, in rows, tied to their places."""
    words = []  # over all lines
    for above in (True, False):
        rows: list[float] = [-np.inf, -np.inf, -np.inf]  # where each row is free from
        side = [quote for quote in quotes if (quote.valence > 0) == above]
        for quote in sorted(side, key=lambda quote: quote.place):
            half = sum(_SIZE if c > "ᄀ" else _SIZE / 2 for c in quote.text) / 2
            x = _x(quote.place)
            middle = min(max(x, _LEFT + half), _RIGHT - half)
            row = next((i for i, free in enumerate(rows) if middle - half > free), 0)
            rows[row] = middle + half + 24
            y = _TOP - 26 - 30 * row if above else _BOTTOM + 24 + 26 * row
            tip = y + 8 if above else y - _SIZE
            yield f'<path d="M{x:.1f} {tip}V{_y(quote.valence):.1f}" stroke="{_FAINT}"/>'
            yield f'<circle cx="{x:.1f}" cy="{_y(quote.valence):.1f}" r="4.5" fill="{_INK}"/>'
            words.append(
                f'<text x="{middle:.1f}" y="{y}" class="quote" text-anchor="middle">'
                f"{_clean(quote.text)}</text>"
            )
    yield from words


def _x(place: float) -> float:
    return _LEFT + place * (_RIGHT - _LEFT)


def _y(valence: float) -> float:
    return (_TOP + _BOTTOM) / 2 - valence * (_BOTTOM - _TOP) / 2


def _clean(text: str) -> str:
    """As it may stand in XML."""
    return html.escape(re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text))
