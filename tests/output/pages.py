"""A page to look at, made of phrases whose every time is known."""

from collections.abc import Iterator
from pathlib import Path

from sonify.melody.score import Note, Phrase, Score, Tempo
from sonify.mood.mood import EMOTIONS, Mood
from sonify.output.page import Page
from sonify.reading.book import Chapter, Sentence

WORDS = ["바람이", "창을", "흔들고", "먼", "데서", "종이", "울렸다"]


def phrases(
    sentences: int, chapters: int = 3, beat: int = 512_347, words: str = "", titles: str = ""
) -> Iterator[Phrase]:
    """A phrase a sentence, two bars long, and a cadence of a bar at each chapter's end."""
    start, time = 0, 0.0
    for index in range(sentences):
        number = index * chapters // sentences
        chapter = Chapter(number, titles or f"제{number + 1}장 {WORDS[number % len(WORDS)]}")
        text = words or f"{index}번째 " + " ".join(WORDS[index % 3 : 3 + index % 5]) + "."
        valence = 1 - 2 * (index % 40) / 40
        mood = Mood(
            Sentence(text, chapter, index, index // 4),
            valence,
            "positive" if valence > 0 else "negative",
            abs(valence),
            {name: float(name == EMOTIONS[index % 8]) for name in EMOTIONS},
        )
        last = (index + 1) * chapters // sentences > number
        for moods, bars in [((mood,), 2)] + [((), 1)] * last:
            scale = (60, 62, 63 if valence < 0 else 64, 65, 67, 68 if valence < 0 else 69, 72)
            phrase = Phrase(
                chapter=chapter,
                moods=moods,
                mode="minor" if valence < 0 else "major",
                start=start,
                time=time,
                length=bars * 1920,
                tempi=(Tempo(0, beat),),
                melody=tuple(
                    Note(240 * n, 226, scale[(n + index) % 7], 60 + 5 * (n % 8))
                    for n in range(8 * bars)
                ),
                accompaniment=tuple(
                    Note(1920 * bar, 1900, pitch, 45) for bar in range(bars) for pitch in (48, 55)
                ),
            )
            yield phrase
            start, time = start + phrase.length, time + phrase.duration


def write(path: Path, *phrases: Phrase, title: str = "책", author: str = "", **more) -> Path:
    score = Score(title, author, "ko", 1, 2, {}, iter(phrases), **more)
    with Page(path, score) as page:
        for phrase in score.phrases:
            page.write(phrase)
    return path
