import statistics
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonify.melody.attention_rnn import AttentionRNN
from sonify.melody.composer import SCALES, Composer, recast
from sonify.melody.events import MAX_PITCH, MIN_PITCH, TICKS_PER_STEP
from sonify.melody.plan import Planner
from sonify.melody.score import TICKS_PER_BAR, TICKS_PER_BEAT, Note, Phrase
from sonify.melody.style import Style
from sonify.mood.models import FOLDER
from sonify.mood.mood import EMOTIONS, Mood
from sonify.reading.book import Chapter, Sentence

HALF_BAR = TICKS_PER_BAR // 2


@pytest.fixture(scope="module")
def networks() -> dict[str, AttentionRNN]:
    return {mode: AttentionRNN.load(FOLDER / mode) for mode in ("major", "minor")}


def story(sentences: int = 60, chapters: int = 3, **felt) -> Iterator[Mood]:
    """Moods that swing, in chapters of equal length, with a question now and then."""
    for index in range(sentences):
        chapter = Chapter(index * chapters // sentences, "")
        text = "가" * (6 + 17 * index % 60) + ("?" if index % 7 == 3 else ".")
        polarity = ("positive", "positive", "negative", "neutral", "negative")[index % 5]
        mood = {
            "valence": 0.0,
            "polarity": polarity,
            "intensity": index % 9 / 8,
            "emotions": {name: 1 / len(EMOTIONS) for name in EMOTIONS},
        } | felt
        yield Mood(Sentence(text, chapter, index, index), **mood)


@pytest.fixture(scope="module")
def phrases(networks) -> list[Phrase]:
    return compose(networks, story())


@pytest.fixture(scope="module")
def transposition(networks) -> int:
    return (Composer(networks, 7, Style()).tonic + 5) % 12 - 5


def compose(networks, moods, seed=7, style=None) -> list[Phrase]:
    style = style or Style()
    return list(Composer(networks, seed, style).compose(Planner(style).plan(moods)))


def melody(phrases: list[Phrase]) -> list[tuple[int, Note]]:
    """The melody's notes with their start in the book, in ticks."""
    return [(phrase.start + note.start, note) for phrase in phrases for note in phrase.melody]


@given(st.lists(st.integers(MIN_PITCH, MAX_PITCH - 1).filter(lambda p: p % 12 in SCALES["major"])))
def test_recasting_changes_the_colour_and_keeps_the_contour(tune: list[int]):
    darker = [recast(pitch, "minor") for pitch in tune]
    assert all(pitch % 12 in SCALES["minor"] for pitch in darker)
    for (a, b), (x, y) in zip(pairwise(tune), pairwise(darker), strict=True):
        assert (a < b) == (x < y) and (a > b) == (x > y)
    assert [recast(pitch, "major") for pitch in darker] == tune


def test_recasting_leaves_what_is_no_pitch():
    assert [recast(event, mode) for event in (-2, -1) for mode in ("major", "minor")] == [
        -2, -2, -1, -1,
    ]  # fmt: skip


def test_the_melody_goes_on_without_overlap_or_long_rest(phrases):
    """Turns and chapter beginnings included: no rest longer than half a bar."""
    for (start, note), (following, _) in pairwise(melody(phrases)):
        end = start + note.duration
        assert start < end <= following
        assert following - end <= HALF_BAR


def test_no_interval_is_wider_than_an_octave_and_the_range_is_singable(phrases):
    pitches = [note.pitch for _, note in melody(phrases)]
    assert max(abs(a - b) for a, b in pairwise(pitches)) <= 12
    assert max(pitches) - min(pitches) <= 28


def test_the_mode_turns_and_the_notes_with_it(phrases, transposition):
    for phrase in phrases:
        degrees = [(note.pitch - transposition) % 12 for note in phrase.melody]
        inside = sum(degree in SCALES[phrase.mode] for degree in degrees)
        assert inside >= len(degrees) - 1 - len(degrees) // 10
    thirds = {
        mode: [
            (note.pitch - transposition) % 12
            for phrase in phrases
            if phrase.mode == mode
            for note in phrase.melody
        ]
        for mode in ("major", "minor")
    }
    assert thirds["major"].count(4) > 5 * thirds["major"].count(3)
    assert thirds["minor"].count(3) > 5 * thirds["minor"].count(4)


def breathes(phrase: Phrase) -> bool:
    """Whether its last note ends clearly before it does."""
    last = phrase.melody[-1]
    return phrase.length - (last.start + last.duration) >= TICKS_PER_STEP


def test_a_sentence_ends_on_a_longer_note_or_a_breath(phrases):
    for phrase in phrases:
        *others, last = phrase.melody
        resting = phrase.length - last.start
        assert resting in ((TICKS_PER_BEAT, HALF_BAR) if phrase.moods else (HALF_BAR,))
        assert last.duration >= TICKS_PER_BEAT // 2
        assert breathes(phrase) or last.duration > statistics.mean(n.duration for n in others)


def test_short_sentences_share_a_breath(networks):
    """One by one, sentences of a bar would be short of it."""
    heard = [
        Mood(Sentence("가" * 12 + ".", Chapter(0, ""), i, i), 0.5, "positive", 0.5, {})
        for i in range(40)
    ]
    sung = [phrase for phrase in compose(networks, heard) if phrase.moods]
    short = [phrase for phrase in sung if phrase.length == TICKS_PER_BAR]
    assert len(short) > 20
    assert 0.4 <= sum(map(breathes, short)) / len(short) <= 0.6
    since = 0
    for phrase in sung:
        since += phrase.length
        assert since <= 3 * TICKS_PER_BAR
        since = 0 if breathes(phrase) else since


def test_a_question_ends_open_and_other_sentences_at_rest(phrases, transposition):
    open_, closed = [], []
    for phrase in phrases:
        for mood in phrase.moods:
            degree = (phrase.melody[-1].pitch - transposition) % 12
            (open_ if mood.sentence.text.endswith("?") else closed).append(degree)
    assert all(degree in (2, 7, 10, 11) for degree in open_)
    assert all(degree in (0, 3, 4, 7) for degree in closed)


def test_a_turn_takes_up_the_tune_in_its_new_colour(phrases, transposition):
    """Where the last phrase's beginning is near, but never the same half bar a third time."""

    def beginning(phrase: Phrase, mode: str) -> list[tuple[int, int]]:
        return [
            (note.start, recast(note.pitch - transposition, mode))
            for note in phrase.melody
            if note.start < HALF_BAR
        ]

    turns = [(a.mode != b.mode and a.chapter == b.chapter) for a, b in pairwise(phrases)]
    taken_up = [
        turn and beginning(before, after.mode) == beginning(after, after.mode)
        for turn, (before, after) in zip(turns, pairwise(phrases), strict=True)
    ]
    assert sum(taken_up) >= sum(turns) / 4
    assert not any(first and second for first, second in pairwise(taken_up))


def test_chapters_open_with_the_theme_and_close_on_the_tonic(phrases, transposition):
    openings = [
        phrase
        for before, phrase in pairwise([None, *phrases])
        if before is None or phrase.chapter != before.chapter
    ]
    assert len(openings) == 3
    themes = {
        tuple(
            (note.start, recast(note.pitch - transposition, "major"))
            for note in phrase.melody
            if note.start < 28 * TICKS_PER_STEP
        )
        for phrase in openings
    }
    assert len(themes) == 1
    for cadence in (phrase for phrase in phrases if not phrase.moods):
        assert (cadence.melody[-1].pitch - transposition) % 12 == 0
        assert (cadence.start + cadence.length) % TICKS_PER_BAR == 0


def test_a_long_sentence_breathes_on_its_way(networks):
    mood = Mood(Sentence("가" * 500, Chapter(0, ""), 0, 0), 0.5, "positive", 0.5, {})
    phrase = compose(networks, [mood])[0]
    rests = [
        after.start
        for before, after in pairwise(phrase.melody)
        if after.start % (4 * TICKS_PER_BAR) == 0
        and before.start == after.start - TICKS_PER_BEAT
        and before.start + before.duration < after.start
    ]
    assert len(rests) >= phrase.length // (4 * TICKS_PER_BAR) - 1


def test_intensity_is_heard(networks):
    calm, wild = (
        compose(networks, story(intensity=intensity, polarity="positive"))
        for intensity in (0.0, 1.0)
    )

    def notes_a_bar(phrases: list[Phrase]) -> float:
        return len(melody(phrases)) / sum(p.length for p in phrases) * TICKS_PER_BAR

    def mean_velocity(phrases: list[Phrase]) -> float:
        return sum(note.velocity for _, note in melody(phrases)) / len(melody(phrases))

    assert notes_a_bar(wild) > 2 * notes_a_bar(calm)
    assert mean_velocity(wild) > mean_velocity(calm) + 30
    assert wild[20].tempi[0].bpm > calm[20].tempi[0].bpm * 1.3


@pytest.fixture(scope="module")
def felt(networks) -> Callable[[str], list[Phrase]]:
    """A story in which one emotion is felt."""

    @cache
    def phrases(emotion: str) -> list[Phrase]:
        return compose(networks, story(emotions={name: name == emotion for name in EMOTIONS}))

    return phrases


def notes(phrases: list[Phrase]) -> int:
    return len(melody(phrases))


def pitch(phrases: list[Phrase]) -> float:
    return statistics.mean(note.pitch for _, note in melody(phrases))


def velocity(phrases: list[Phrase]) -> float:
    return statistics.mean(note.velocity for _, note in melody(phrases))


def accent(phrases: list[Phrase]) -> float:
    """How much louder notes on the beat are than others."""
    on, off = (
        [note.velocity for start, note in melody(phrases) if (start % TICKS_PER_BEAT == 0) is beat]
        for beat in (True, False)
    )
    return statistics.mean(on) - statistics.mean(off)


def legato(phrases: list[Phrase]) -> float:
    """Share of the time in which the melody sounds."""
    return sum(n.duration for _, n in melody(phrases)) / sum(p.length for p in phrases)


def leaps(phrases: list[Phrase]) -> float:
    """Share of intervals of a fourth and more."""
    return statistics.mean(
        abs(a.pitch - b.pitch) >= 5 for (_, a), (_, b) in pairwise(melody(phrases))
    )


@pytest.mark.parametrize(
    ("cue", "less", "more"),
    [
        (notes, "calm", "anger"),
        (notes, "fear", "joy"),
        (pitch, "fear", "joy"),
        (velocity, "fear", "anger"),
        (accent, "calm", "fear"),
        (accent, "calm", "anger"),
        (legato, "anger", "calm"),
        (legato, "fear", "sadness"),
        (leaps, "calm", "surprise"),
    ],
)
def test_emotions_are_heard_in_the_notes(felt, cue: Callable, less: str, more: str):
    assert cue(felt(less)) < cue(felt(more))


def test_the_same_seed_gives_the_same_music_and_another_one_other_music(networks, phrases):
    assert compose(networks, story()) == phrases
    assert compose(networks, story(), seed=8) != phrases


def test_a_chapter_sounds_the_same_without_the_one_before_it(networks, phrases):
    style = Style()
    plans = [p for p in Planner(style).plan(story()) if p.chapter.index == 1]
    alone = list(Composer(networks, 7, style).compose(plans))
    assert alone == [phrase for phrase in phrases if phrase.chapter.index == 1]


def test_phrases_come_one_by_one(networks):
    """Nothing is composed before it is asked for, and no mood is read far ahead."""
    taken = []

    def watched() -> Iterator[Mood]:
        for mood in story():
            taken.append(mood)
            yield mood

    style = Style()
    music = Composer(networks, 7, style).compose(Planner(style).plan(watched()))
    next(music)
    assert len(taken) == 1


@settings(max_examples=5)
@given(seed=st.integers(0, 2**63 - 1))
def test_any_seed_composes(networks, seed: int):
    made = compose(networks, story(8, 2), seed)
    assert all(48 <= note.pitch <= 90 for _, note in melody(made))


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_most_that_a_style_file_may_ask_for_is_sung(networks, tmp_path: Path, sign: int):
    cues = {
        "tempo": 4 if sign > 0 else -1, "velocity": 127, "register": 24, "density": 16,
        "articulation": 1, "accent": 127, "leap": 10,
    }  # fmt: skip
    colours = [f"{cue} = {abs(most) * sign}" for cue, most in cues.items()]
    file = tmp_path / "style.toml"
    file.write_text(
        f"temperature = 0.1\nregister = [{24 * sign}, {24 * sign}]\n"
        + "".join("\n".join([f"[colours.{name}]", *colours, ""]) for name in EMOTIONS)
    )
    made = compose(networks, story(20, 2), style=Style.load(file))
    assert all(48 <= note.pitch <= 90 for _, note in melody(made))
    assert all(150_000 <= tempo.beat <= 3_000_000 for phrase in made for tempo in phrase.tempi)


def test_the_accompaniment_lies_below_and_fits(networks, phrases, transposition):
    for phrase in phrases:
        assert phrase.accompaniment
        for note in phrase.accompaniment:
            assert note.start + note.duration <= phrase.length
            assert 36 <= note.pitch < 60
    on_strong_beats = consonant = 0
    for phrase in phrases:
        for note in phrase.melody:
            if note.start % HALF_BAR == 0:
                chord = {
                    below.pitch % 12
                    for below in phrase.accompaniment
                    if note.start <= below.start < note.start + HALF_BAR
                }
                on_strong_beats += 1
                consonant += note.pitch % 12 in chord
    assert consonant > 0.7 * on_strong_beats
