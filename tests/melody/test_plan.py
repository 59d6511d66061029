import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonify.melody.plan import TICKS_PER_HALF_BAR, Plan, Planner, syllables
from sonify.melody.score import TICKS_PER_BEAT
from sonify.melody.style import Style
from sonify.mood.mood import EMOTIONS, Mood
from sonify.reading.book import Chapter, Sentence
from tests.strategies import books


def mood(text: str, polarity="neutral", intensity=0.5, chapter=0, index=0, valence=0.0) -> Mood:
    sentence = Sentence(text, Chapter(chapter, ""), index, index)
    return Mood(sentence, valence, polarity, intensity, {})


def plan(moods: Iterable[Mood], **options) -> list[Plan]:
    return list(Planner(Style(), **options).plan(moods))


def seconds(plans: list[Plan]) -> float:
    return sum(duration(p) for p in plans)


def duration(p: Plan) -> float:
    length = p.half_bars * TICKS_PER_HALF_BAR
    ends = [*(tempo.start for tempo in p.tempi[1:]), length]
    ticks_times_beat = sum((e - t.start) * t.beat for t, e in zip(p.tempi, ends, strict=True))
    return ticks_times_beat / TICKS_PER_BEAT / 1_000_000


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("그는 말했다.", 5),
        ("3.1 운동", 4),
        ("春香이 왔다", 5),
        ("piano sonata", 5),
        ("brr!", 1),
        ("……", 1),
    ],
)
def test_syllables(text: str, count: int):
    assert syllables(text) == count


@given(books())
def test_plans_follow_each_other_and_every_chapter_ends_on_a_bar_line(heard: list[Mood]):
    plans = plan(heard)
    half_bars, time = 0, 0.0
    for p in plans:
        assert p.start == half_bars * TICKS_PER_HALF_BAR
        assert p.time == pytest.approx(time)
        assert p.tempi[0].start == 0
        half_bars, time = half_bars + p.half_bars, time + duration(p)
        if not p.moods:
            assert half_bars % 2 == 0
    assert [m for p in plans for m in p.moods] == heard
    chapters = len({m.sentence.chapter for m in heard})
    assert sum(not p.moods for p in plans) == sum(p.opening for p in plans) == chapters
    assert not plans[-1].moods


@given(books(), st.booleans())
def test_the_tempo_never_jumps(heard: list[Mood], fit: bool):
    """In a bar's time, 8 % at the most, chapters and cadences included."""
    beats = []
    for p in plan(heard, fit=fit):
        tempi = {tempo.start: tempo.beat for tempo in p.tempi}
        for half_bar in range(p.half_bars):
            beats.append(tempi.get(half_bar * TICKS_PER_HALF_BAR, beats[-1] if beats else None))
    for before, after in zip(beats, beats[2:], strict=False):
        assert max(before / after, after / before) < 1.08


def test_polarity_turns_the_mode_and_a_neutral_sentence_keeps_it():
    turns = ["positive", "neutral", "negative", "neutral", "neutral", "positive"]
    heard = [mood("바람이 분다.", polarity, chapter=i // 4) for i, polarity in enumerate(turns)]
    modes = [p.mode for p in plan(heard) if p.moods]
    assert modes == ["major", "major", "minor", "minor", "minor", "major"]


@pytest.mark.parametrize(("valence", "mode"), [(-0.1, "minor"), (0.0, "major"), (0.1, "major")])
def test_a_book_that_begins_neutral_leans_where_its_valence_does(valence: float, mode: str):
    assert plan([mood("바람이 분다.", valence=valence)])[0].mode == mode


def test_a_sentence_lasts_as_long_as_it_takes_to_read():
    heard = [mood("가" * (10 + 7 * i % 90), index=i) for i in range(200)]
    plans = [p for p in plan(heard, pace=590) if p.moods]
    reading = sum(syllables(m.sentence.text) for m in heard) / 590 * 60
    assert seconds(plans) == pytest.approx(reading, rel=0.05)
    long, short = plan([mood("가" * 400)], pace=590), plan([mood("가" * 100)], pace=590)
    assert long[0].half_bars == pytest.approx(4 * short[0].half_bars, abs=3)


@given(st.floats(0.5, 30), st.integers(1, 80))
def test_a_soundtrack_fits_into_the_minutes_it_is_given(minutes: float, sentences: int):
    heard = [mood("가" * (5 + 11 * i % 60), index=i) for i in range(sentences)]
    pace = sum(syllables(m.sentence.text) for m in heard) / minutes
    plans = plan(heard, pace=pace, fit=True)
    assert [m for p in plans for m in p.moods] == heard
    assert seconds(plans) == pytest.approx(60 * minutes, abs=8)  # a phrase and the cadence


def test_chapters_share_the_minutes_too():
    heard = [mood("가" * 20, chapter=i // 30, index=i) for i in range(180)]
    plans = plan(heard, pace=180 * 20, fit=True)
    assert seconds(plans) == pytest.approx(60, abs=8)
    assert sum(not p.moods for p in plans) == 6


def test_sentences_that_share_a_phrase_sing_their_mean_mood():
    heard = [
        mood("가" * 30, "negative", 0.9),
        mood("가" * 10, "positive", 0.1, index=1),
    ]
    shared = plan(heard, pace=2000, fit=True)[0]
    assert shared.moods == tuple(heard)
    assert shared.mode == "minor"
    alone = plan([mood("가" * 40, "negative", 0.7)], pace=2000, fit=True)[0]
    assert shared.expression == pytest.approx(alone.expression) or math.isclose(
        shared.expression.velocity, alone.expression.velocity
    )


def test_intensity_makes_it_faster_louder_denser_and_higher():
    calm, wild = (plan([mood("바람이 분다.", intensity=i)])[0].expression for i in (0.1, 0.9))
    assert calm.tempo < wild.tempo
    assert calm.velocity < wild.velocity
    assert calm.density < wild.density
    assert calm.register < wild.register


@pytest.mark.parametrize(
    ("emotion", "cue", "sign"),
    [
        ("calm", "density", -1),
        ("calm", "articulation", 1),
        ("fear", "register", -1),
        ("fear", "density", -1),
        ("fear", "velocity", -1),
        ("fear", "accent", 1),
        ("anger", "accent", 1),
        ("anger", "density", 1),
        ("surprise", "leap", 1),
        ("sadness", "tempo", -1),
        ("joy", "tempo", 1),
    ],
)
def test_emotions_colour_the_music(emotion: str, cue: str, sign: int):
    felt = Style().express(0.5, {name: float(name == emotion) for name in EMOTIONS})
    plain = Style().express(0.5, {})
    assert (getattr(felt, cue) - getattr(plain, cue)) * sign > 0
