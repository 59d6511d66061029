"""Composes in the background, a phrase at a time, when it is asked to."""

import os
import pickle
import tempfile
import threading
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from sonify import reading
from sonify.melody.plan import Plan
from sonify.melody.score import Mode, Phrase, Score
from sonify.pipeline import Models, compose
from sonify.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """The text can be sung: what is known before the first phrase."""

    score: Score


@dataclass(frozen=True, slots=True)
class Composed:
    """What was asked for.

    Attributes:
        phrase: None at the end of the text.
        opening: whether it opens a chapter.
        jumped: whether it opens the chapter that was asked for, rather than following the phrase
            before it.
        upcoming: the sentence after it, where that is known.
    """

    phrase: Phrase | None
    opening: bool = False
    jumped: bool = False
    upcoming: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """Reading, hearing or composing has failed."""

    error: BaseException


class Singer:
    """Composes what is asked for, in a thread of its own.

    The plans gone by wait in a temporary file, so that the music can go back to any chapter
    without hearing the book again, and without holding it.

    Args:
        source: the text.
        load: loads the models.
        settings: as for `compose`.
        say: takes `Prepared`, then a `Composed` for each `ask`; or `Broken`.
        loop: whether the text begins again at its end.
    """

    def __init__(
        self,
        source: reading.Source,
        load: Callable[[], Models],
        settings: Settings,
        say: Callable[[object], None],
        loop: bool = False,
    ) -> None:
        self._source = source
        self._load = load
        self._settings = settings
        self._say = say
        self._loop = loop
        self._wishes: SimpleQueue[int | None] = SimpleQueue()
        self._plans: Iterator[Plan]
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the singer
        self._places = array("Q")  # in that file
        self._openings: dict[int, int] = {}  # chapter → plan
        self._composed = Composed(None)
        self.mode: Mode | None = None
        """What phrases are composed in from now on; None for what the text asks for."""

    @property
    def chapters(self) -> int:
        """How many chapters have been read so far."""
        return len(self._openings)

    def start(self) -> None:
        """Begins to load the models and to read."""
        threading.Thread(target=self._run, daemon=True).start()

    def ask(self, chapter: int | None = None) -> None:
        """Asks for the next phrase, or for the first one of a chapter (0 for the first).

        Where there's no such chapter, the next phrase comes.
        """
        self._wishes.put(chapter)

    def _run(self) -> None:
        try:
            models = self._load()  # while the first line is still being typed
            score = compose(self._source, lambda: models, self._settings, self._direct)
            self._say(Prepared(score))
            for phrase in score.phrases:
                self._say(replace(self._composed, phrase=phrase))
        except BaseException as error:
            self._say(Broken(error))

    def _direct(self, plans: Iterator[Plan]) -> Iterator[Plan]:
        """Yields the plan of each phrase that is asked for."""
        self._plans = plans
        number, beginning = 0, None
        while True:
            chapter = self._wishes.get()
            opening = None if chapter is None else self._opening(chapter)
            if opening is not None:
                number = opening
            if beginning is None:
                beginning = number
            plan = self._plan(number)
            if plan is None and self._loop:
                number, plan = beginning, self._plan(beginning)
            if plan is None:
                self._say(Composed(None))
                continue
            following = self._plan(number + 1) if isinstance(self._source, Path) else None
            self._composed = Composed(
                None,
                opening=plan.opening,
                jumped=opening is not None,
                upcoming=following.moods[0].sentence.text if following and following.moods else "",
            )
            yield replace(plan, mode=self.mode or plan.mode)
            number += 1

    def _opening(self, chapter: int) -> int | None:
        """The number of the plan that opens a chapter."""
        while chapter not in self._openings:
            if self._plan(len(self._places)) is None:
                return None
        return self._openings[chapter]

    def _plan(self, number: int) -> Plan | None:
        """A plan that has gone by, or the one after those; None at the end of the text."""
        if number < len(self._places):
            self._kept.seek(self._places[number])
            plan: Plan = pickle.load(self._kept)
            return plan
        new = next(self._plans, None)
        if new is not None:
            if new.opening:
                self._openings[new.chapter.index] = number
            self._kept.seek(0, os.SEEK_END)
            self._places.append(self._kept.tell())
            pickle.dump(new, self._kept)
        return new
