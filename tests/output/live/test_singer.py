from pathlib import Path
from queue import SimpleQueue

import pytest

from sonify.melody.score import Phrase
from sonify.output.live.singer import Broken, Composed, Prepared, Singer
from sonify.pipeline import Models, compose
from sonify.settings import Settings

NOVEL = Path(__file__).parents[3] / "samples" / "maengnori.epub"
SETTINGS = Settings(pace=3000)


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture(scope="module")
def phrases(models: Models) -> list[Phrase]:
    return list(compose(NOVEL, lambda: models, SETTINGS).phrases)


class Stage:
    """Asks a singer and hears its answers."""

    def __init__(self, models: Models, source=NOVEL, loop: bool = False) -> None:
        self._said: SimpleQueue[object] = SimpleQueue()
        self.singer = Singer(source, lambda: models, SETTINGS, self._said.put, loop)
        self.singer.start()
        self.prepared = self._said.get(timeout=20)

    def ask(self, chapter: int | None = None) -> Composed:
        self.singer.ask(chapter)
        answer = self._said.get(timeout=20)
        assert isinstance(answer, Composed)
        return answer


def opening(phrases: list[Phrase], chapter: int) -> int:
    return next(i for i, phrase in enumerate(phrases) if phrase.chapter.index == chapter)


def test_it_sings_what_is_composed_one_phrase_at_a_time(models, phrases):
    stage = Stage(models)
    assert isinstance(stage.prepared, Prepared)
    sung = [stage.ask() for _ in range(opening(phrases, 1) + 5)]
    assert [composed.phrase for composed in sung] == phrases[: len(sung)]
    assert sung[0].opening and not sung[1].opening and not sung[0].jumped
    for composed, following in zip(sung, phrases[1:], strict=False):
        expected = following.moods[0].sentence.text if following.moods else ""
        assert composed.upcoming == expected


def test_it_goes_to_any_chapter_and_back_with_the_same_notes(models, phrases):
    stage = Stage(models)
    for chapter in (0, 2, 1, 5, 0):
        start = opening(phrases, chapter)
        composed = stage.ask(chapter)
        assert composed.jumped and composed.opening
        assert composed.phrase == phrases[start]
        assert stage.ask().phrase == phrases[start + 1]


def test_where_there_is_no_such_chapter_it_goes_on(models, phrases):
    stage = Stage(models)
    stage.ask()
    composed = stage.ask(99)
    assert composed.phrase == phrases[1] and not composed.jumped
    assert stage.singer.chapters == 6


def test_the_end_is_told_and_one_can_go_back_from_it(models, phrases):
    stage = Stage(models)
    start = opening(phrases, 5)
    stage.ask(5)
    for phrase in phrases[start + 1 :]:
        assert stage.ask().phrase == phrase
    assert stage.ask().phrase is None
    assert stage.ask(3).phrase == phrases[opening(phrases, 3)]


def test_a_loop_begins_again_where_it_began(models, phrases):
    stage = Stage(models, loop=True)
    start = opening(phrases, 5)
    stage.ask(5)
    for _ in phrases[start + 1 :]:
        stage.ask()
    assert stage.ask().phrase == phrases[start]


def test_a_forced_mode_holds_from_the_next_phrase_until_it_is_released(models, phrases):
    stage = Stage(models)
    stage.ask()
    for mode in ("minor", "major"):
        stage.singer.mode = mode
        assert [stage.ask().phrase.mode for _ in range(8)] == [mode] * 8
    stage.singer.mode = None
    modes = [stage.ask().phrase.mode for _ in range(8)]
    assert modes == [phrase.mode for phrase in phrases[17:25]]


def test_what_goes_wrong_is_handed_on(models, tmp_path):
    assert isinstance(Stage(models, tmp_path / "none.txt").prepared, Broken)
