import sqlite3
from pathlib import Path

import pytest

from sonify.watch.inbox import Signature
from sonify.watch.state import LONG, State


@pytest.fixture
def state(tmp_path):
    with State(tmp_path / "state.db") as state:
        yield state


def wait(state, path, size=1000, key=None):
    path = Path(path)
    state.add(path, path.with_suffix(""))
    state.see(path, Signature(size, 1, 2, 3), "content")
    state.wait(path, key or f"key {hash(path)}")


def order(state, **which):
    while record := state.next(**which):
        state.stand(record.path, "done")
        yield record.path.name


def test_short_texts_go_first_and_patience_helps_long_ones(state, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("time.time", lambda: now)
    wait(state, "novel.txt", 600 * 1024)
    wait(state, "poem.txt", 2 * 1024)
    now += 599
    wait(state, "later.txt", 2 * 1024)
    wait(state, "last.txt", 3 * 1024)
    assert list(order(state)) == ["poem.txt", "novel.txt", "later.txt", "last.txt"]


def test_long_texts_can_be_left_waiting(state):
    wait(state, "novel.txt", LONG)
    wait(state, "poem.txt", LONG - 1)
    assert list(order(state, short=True)) == ["poem.txt"]
    assert list(order(state)) == ["novel.txt"]


def test_a_twin_waits_for_what_is_being_composed(state):
    wait(state, "one.txt", key="same")
    wait(state, "two.txt", key="same")
    first = state.next()
    state.stand(first.path, "composing")
    assert state.next() is None
    state.done(first.path, "same", (".mid",))
    (twin,) = state.waiting_for("same")
    assert state.made("same", besides=twin.path)[0].path == first.path


def test_what_is_known_comes_back_as_it_went_in(state, tmp_path):
    path = Path("a\nb") / "caf\udce9 달.txt"
    wait(state, path, 2**40)
    state.fail(path, "key", "because")
    state.commit()
    with State(state.file) as other:
        record = other.get(path)
        assert record == state.get(path)
        assert (record.path, record.output) == (path, path.with_suffix(""))
        assert record.signature == Signature(2**40, 1, 2, 3) and record.settled
        assert (record.standing, record.error) == ("failed", "because")
        assert [r for page in other.pages() for r in page] == [record]


def test_all_texts_come_by_however_many(state):
    for number in range(1201):
        state.add(Path(f"{number}.txt"), Path(str(number)))
    paths = [record.path.name for page in state.pages() for record in page]
    assert len(paths) == len(set(paths)) == 1201
    assert state.counts() == {"looking": 1201}


def test_what_isnt_a_database_is_no_state(tmp_path):
    (tmp_path / "state.db").write_bytes(b"something else" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        State(tmp_path / "state.db")


def test_the_database_of_a_later_version_is_left_alone(state):
    state.commit()
    with sqlite3.connect(state.file) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(sqlite3.DatabaseError, match="version 99"):
        State(state.file)
