"""From moods to plans: how long each phrase is, in which mode, how fast and how it is played.

All that has to be decided in the order of the book is decided here, and cheaply: what comes after
(`composer`) can compose a chapter without having composed the one before it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sonify.melody.score import BEATS_PER_BAR, TICKS_PER_BEAT, Mode, Tempo
from sonify.melody.style import Expression, Style
from sonify.mood.mood import Mood
from sonify.reading.book import Chapter

PACE = 590.0
"""Syllables a minute at which Korean adults read silently: 202.3 words a minute on sentences of
6.5 words and 18.9 syllables (Song, Kim & Hyung 2016, J Korean Ophthalmol Soc 57(4):642-649)."""

BEATS_PER_HALF_BAR = BEATS_PER_BAR // 2
TICKS_PER_HALF_BAR = TICKS_PER_BEAT * BEATS_PER_HALF_BAR

_SHORTEST = 2  # half bars: a phrase needs room for a gesture and a breath
_OPENING = 4  # half bars, at least, where there is time: the book's theme has to fit in
_HASTE = 0.25  # how much longer or shorter than its reading time a sentence may be sung
_TEMPO_STEP = 1.038  # a half bar; two of them are under 8 % a bar
_RESPONSE = 0.65  # of the way to a sentence's intensity that the music goes at once


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be composed.

    Attributes:
        chapter: where it belongs.
        moods: what it sings; none in the cadence that closes a chapter.
        mode: "major" or "minor".
        opening: whether it opens a chapter, with the book's theme.
        start: ticks from the beginning of the book.
        time: seconds from the beginning of the book.
        half_bars: its length.
        tempi: as in `Phrase`.
        expression: how it is played.
    """

    chapter: Chapter
    moods: tuple[Mood, ...]
    mode: Mode
    opening: bool
    start: int
    time: float
    half_bars: int
    tempi: tuple[Tempo, ...]
    expression: Expression


def syllables(text: str) -> int:
    """How many syllables it takes to say `text`, at least 1.

    A Hangul block, a Chinese character and a digit count one each; a word in Latin letters counts
    its groups of vowels.
    """
    count = len(re.findall(r"[\uac00-\ud7a3\u3400-\u9fff\uf900-\ufaff0-9]", text))
    for word in re.findall(r"[A-Za-z\u00c0-\u024f]+", text):
        count += len(re.findall(r"[aeiouy\u00e0-\u00ff]+", word.lower())) or 1
    return max(1, count)


class Planner:
    """Plans the phrases of one book, in order.

    Args:
        style: how moods sound.
        pace: syllables a minute at which the text is read.
        fit: whether the whole must keep to `pace`, even where sentences then share a phrase. If
            not, a sentence has a phrase of its own however short it is, and the book takes a
            little longer.
    """

    def __init__(self, style: Style, pace: float = PACE, fit: bool = False) -> None:
        self._style = style
        self._pace = pace
        self._fit = fit
        self._mode: Mode | None = None
        self._energy: float | None = None
        self._bpm: float | None = None
        self._chapter: Chapter | None = None
        self._half_bars = 0  # since the beginning of the book
        self._time = 0.0
        self._behind = 0.0  # seconds by which the music is longer than the reading

    def plan(self, moods: Iterable[Mood]) -> Iterator[Plan]:
        """Yields a plan as soon as it is settled, and a cadence after each chapter."""
        passage: list[Mood] = []
        chapter: Chapter | None = None
        for mood in moods:
            if chapter not in (None, mood.sentence.chapter):
                if passage:
                    yield self._phrase(passage)
                    passage = []
                yield self._cadence()
            chapter = mood.sentence.chapter
            passage.append(mood)
            if not self._fit or self._wanted(passage) >= _SHORTEST - 0.5:
                yield self._phrase(passage)
                passage = []
        if passage:
            yield self._phrase(passage)
        if chapter is not None:
            yield self._cadence()

    def _reading_time(self, passage: list[Mood]) -> float:
        return sum(syllables(mood.sentence.text) for mood in passage) * 60 / self._pace

    def _wanted(self, passage: list[Mood]) -> float:
        """Half bars, at the present tempo, that would bring the music in step with the reading."""
        own = self._reading_time(passage)
        seconds = own - self._behind
        if not self._fit:
            seconds = min(max(seconds, own * (1 - _HASTE)), own * (1 + _HASTE))
        bpm = self._bpm or self._style.express(passage[0].intensity, passage[0].emotions).tempo
        return seconds * bpm / 60 / BEATS_PER_HALF_BAR

    def _phrase(self, passage: list[Mood]) -> Plan:
        mood = _together(passage)
        half_bars = max(_SHORTEST, round(self._wanted(passage)))
        opening = mood.sentence.chapter != self._chapter
        if opening and not self._fit:
            half_bars = max(_OPENING, half_bars)
        self._chapter = mood.sentence.chapter
        if mood.polarity != "neutral":
            self._mode = "major" if mood.polarity == "positive" else "minor"
        elif self._mode is None:
            self._mode = "minor" if mood.valence < 0 else "major"
        if self._energy is None:
            self._energy = mood.intensity
        self._energy += _RESPONSE * (mood.intensity - self._energy)
        expression = self._style.express(self._energy, mood.emotions)
        plan = self._settle(tuple(passage), opening, half_bars, expression)
        self._behind += self._time - plan.time - self._reading_time(passage)
        return plan

    def _cadence(self) -> Plan:
        """A bar or a bar and a half that brings the chapter home, to the end of a bar."""
        expression = self._style.express(0.5 * (self._energy or 0.0), {})
        plan = self._settle((), False, 2 + self._half_bars % 2, expression)
        if self._fit:
            self._behind += self._time - plan.time
        else:
            self._behind = 0.0
        return plan

    def _settle(
        self, moods: tuple[Mood, ...], opening: bool, half_bars: int, expression: Expression
    ) -> Plan:
        assert self._chapter is not None and self._mode is not None
        tempi: list[Tempo] = []
        start, time = self._half_bars, self._time
        if self._bpm is None:
            self._bpm = expression.tempo
        for half_bar in range(half_bars):
            self._bpm *= min(max(expression.tempo / self._bpm, 1 / _TEMPO_STEP), _TEMPO_STEP)
            beat = round(60_000_000 / self._bpm)
            if not tempi or tempi[-1].beat != beat:
                tempi.append(Tempo(half_bar * TICKS_PER_HALF_BAR, beat))
            self._time += beat * BEATS_PER_HALF_BAR / 1_000_000
        self._half_bars += half_bars
        return Plan(
            chapter=self._chapter,
            moods=moods,
            mode=self._mode,
            opening=opening,
            start=start * TICKS_PER_HALF_BAR,
            time=time,
            half_bars=half_bars,
            tempi=tuple(tempi),
            expression=expression,
        )


def _together(passage: list[Mood]) -> Mood:
    """The mood of sentences that share a phrase: their mean, the longer ones weighing more."""
    if len(passage) == 1:
        return passage[0]
    weights = [syllables(mood.sentence.text) for mood in passage]
    total = sum(weights)
    heard = list(zip(weights, passage, strict=True))

    def weight(polarity: str) -> int:
        return sum(w for w, mood in heard if mood.polarity == polarity)

    return replace(
        passage[0],
        valence=sum(w * mood.valence for w, mood in heard) / total,
        polarity=max(("neutral", "positive", "negative"), key=weight),
        intensity=sum(w * mood.intensity for w, mood in heard) / total,
        emotions={
            name: sum(w * mood.emotions[name] for w, mood in heard) / total
            for name in passage[0].emotions
        },
    )
