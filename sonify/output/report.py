"""The report: what a soundtrack did with every sentence, as JSON, written as it streams in."""

import json
from pathlib import Path

from sonify.melody.score import TICKS_PER_BAR, Phrase, Score
from sonify.output.output import FileOutput


class Report(FileOutput):
    """Writes a JSON object: the score's particulars, then chapters with their sentences.

    Times are in seconds from the beginning of the book, `bars` may be a fraction, `tonic` is a
    pitch class (0 for C), `notes` counts the melody's notes.

    Args:
        path: where the file goes.
        score: names the book, its key, its seed and its models.
    """

    def __init__(self, path: Path, score: Score) -> None:
        super().__init__(path)
        self._score = score
        self._chapter: int | None = None
        self._sentences = 0  # in this chapter

    def _begin(self) -> None:
        particulars = {
            "title": self._score.title,
            "author": self._score.author,
            "language": self._score.language,
            "seed": self._score.seed,
            "tonic": self._score.tonic,
            "models": dict(self._score.models),
        }
        self._put(_json(particulars)[:-1] + ',\n"chapters": [')

    def _write(self, phrase: Phrase) -> None:
        if phrase.chapter.index != self._chapter:
            self._end_chapter()
            self._chapter, self._sentences = phrase.chapter.index, 0
            opening = {"title": phrase.chapter.title, "start": _seconds(phrase.time)}
            self._put(_json(opening)[:-1] + ', "sentences": [')
        for start, end, mood in phrase.sung():
            entry = {
                "index": mood.sentence.index,
                "text": mood.sentence.text,
                "start": _seconds(phrase.time + phrase.seconds(start)),
                "end": _seconds(phrase.time + phrase.seconds(end)),
                "bars": round((end - start) / TICKS_PER_BAR, 3),
                "mode": phrase.mode,
                "polarity": mood.polarity,
                "valence": round(mood.valence, 4),
                "intensity": round(mood.intensity, 4),
                "notes": sum(start <= note.start < end for note in phrase.melody),
            }
            self._put((",\n  " if self._sentences else "\n  ") + _json(entry))
            self._sentences += 1

    def _finish(self) -> None:
        self._end_chapter(last=True)
        self._put("\n]}\n")

    def _end_chapter(self, last: bool = False) -> None:
        if self._chapter is not None:
            self._put("\n ]}")
        if not last:
            self._put(",\n " if self._chapter is not None else "\n ")

    def _put(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "replace"))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _seconds(value: float) -> float:
    return round(value, 6)
