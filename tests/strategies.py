"""What hypothesis makes: moods, phrases and scores of any shape."""

from hypothesis import strategies as st

from sonify.melody.score import Note, Phrase, Score, Tempo
from sonify.mood.mood import EMOTIONS, Mood
from sonify.reading.book import Chapter, Sentence

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
shares = st.floats(0, 1)


@st.composite
def moods(draw: st.DrawFn, chapter: Chapter, index: int, emotions: dict[str, float]) -> Mood:
    return Mood(
        sentence=Sentence(draw(words), chapter, index, index),
        valence=draw(st.floats(-1, 1)),
        polarity=draw(st.sampled_from(["positive", "negative", "neutral"])),
        intensity=draw(shares),
        emotions=emotions,
    )


@st.composite
def books(draw: st.DrawFn, most: int = 12) -> list[Mood]:
    """The moods of a short book of one or more chapters."""
    heard, chapter = [], 0
    emotions = draw(st.sampled_from([{}, dict.fromkeys(EMOTIONS, 1 / len(EMOTIONS))]))
    for index in range(draw(st.integers(1, most))):
        chapter += index > 0 and draw(st.booleans())
        heard.append(draw(moods(Chapter(chapter, f"제{chapter + 1}장"), index, emotions)))
    return heard


@st.composite
def melodies(draw: st.DrawFn, length: int) -> tuple[Note, ...]:
    """Notes that don't overlap, in `length` ticks."""
    ends = sorted(draw(st.sets(st.integers(1, length), max_size=12)))
    notes, start = [], 0
    for end in ends:
        begin = draw(st.integers(start, end - 1))
        notes.append(Note(begin, end - begin, draw(st.integers(0, 127)), draw(st.integers(1, 127))))
        start = end
    return tuple(notes)


@st.composite
def phrases(draw: st.DrawFn) -> list[Phrase]:
    """Phrases that follow each other, as a composer gives them."""
    start, time, made = 0, 0.0, []
    for mood in draw(books(most=6)):
        length = draw(st.integers(1, 4000))
        changes = sorted(draw(st.sets(st.integers(1, max(1, length - 1)), max_size=3)))
        phrase = Phrase(
            chapter=mood.sentence.chapter,
            moods=draw(st.sampled_from([(mood,), (mood, mood), ()])),
            mode=draw(st.sampled_from(["major", "minor"])),
            start=start,
            time=time,
            length=length,
            tempi=tuple(
                Tempo(tick, draw(st.integers(200_000, 2_000_000)))
                for tick in [0, *(change for change in changes if change < length)]
            ),
            melody=draw(melodies(length)),
            accompaniment=draw(melodies(length)),
        )
        made.append(phrase)
        start, time = start + length, time + phrase.duration
    return made


@st.composite
def scores(draw: st.DrawFn) -> Score:
    return Score(
        title=draw(words),
        author=draw(st.one_of(st.just(""), words)),
        language="ko",
        seed=draw(st.integers(0, 2**32)),
        tonic=draw(st.integers(0, 11)),
        models={"mood": "ko", "major": "major", "minor": "minor"},
        phrases=iter(draw(phrases())),
    )
