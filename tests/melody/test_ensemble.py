import multiprocessing
import os
import signal

import pytest

from sonify.errors import SonifyError
from sonify.melody import ensemble
from sonify.melody.attention_rnn import AttentionRNN
from sonify.melody.composer import Composer
from sonify.melody.ensemble import compose_together
from sonify.melody.plan import Planner
from sonify.melody.style import Style
from sonify.mood.models import FOLDER
from sonify.mood.mood import EMOTIONS, Mood
from sonify.reading.book import Chapter, Sentence


@pytest.fixture(scope="module")
def composer() -> Composer:
    networks = {mode: AttentionRNN.load(FOLDER / mode) for mode in ("major", "minor")}
    return Composer(networks, 7, Style())


@pytest.fixture
def plans():
    emotions = {name: 1 / len(EMOTIONS) for name in EMOTIONS}
    moods = (
        Mood(
            Sentence("가나다라마바사.", Chapter(index // 50, ""), index, index),
            valence=0.5,
            polarity=("positive", "negative")[index % 7 // 4],
            intensity=index % 9 / 8,
            emotions=emotions,
        )
        for index in range(120)
    )
    return list(Planner(Style()).plan(moods))


def members():
    return [p for p in multiprocessing.active_children() if p.name.startswith("SpawnProcess")]


@pytest.mark.parametrize("alone", [0, 10_000])
def test_together_they_compose_what_one_composes(composer, plans, monkeypatch, alone):
    monkeypatch.setattr(ensemble, "_ALONE", alone)
    together = compose_together(composer, plans, 2)
    first = next(together)
    assert len(members()) == (0 if alone else 2)
    assert [first, *together] == list(composer.compose(plans))
    assert not members()


def test_nobody_goes_on_for_a_listener_who_has_left(composer, plans, monkeypatch):
    monkeypatch.setattr(ensemble, "_ALONE", 0)
    together = compose_together(composer, plans, 2)
    next(together)
    together.close()
    assert not members()


def test_a_member_that_was_ended_is_told(composer, plans, monkeypatch):
    monkeypatch.setattr(ensemble, "_ALONE", 0)
    together = compose_together(composer, plans * 20, 2)
    next(together)
    for member in members():
        os.kill(member.pid, signal.SIGKILL)
    with pytest.raises(SonifyError, match="a process that composes was ended"):
        list(together)
    assert not members()
