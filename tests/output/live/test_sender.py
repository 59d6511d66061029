"""The sender, as a process of its own, heard from outside."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from queue import SimpleQueue

import mido
import pytest

from sonify.output.live.destinations import Destination
from sonify.output.live.link import Link
from sonify.output.live.messages import (
    Cut,
    End,
    Ended,
    Failed,
    Lost,
    More,
    Opened,
    Passage,
    Pause,
    Rate,
    Reopen,
    Resume,
    Setup,
    Started,
)
from sonify.output.live.sender import Sender
from tests.recorder import CONTROL, NOTE_OFF, NOTE_ON, PROGRAM, Recorder

START, CONTINUE, STOP, POSITION, CLOCK = 0xFA, 0xFB, 0xFC, 0xF2, 0xF8


def passage(number: int, take: int = 0, notes: int = 10, gap: float = 0.1) -> Passage:
    """Even notes, each as long as half the gap between them."""
    events = []
    for index in range(notes):
        pitch = 40 + number * 10 + index
        events.append((index * gap, bytes([NOTE_ON, pitch, 64])))
        events.append((index * gap + gap / 2, bytes([NOTE_OFF, pitch, 0])))
    return Passage(take, number, notes * gap, tuple(events), sixteenths=number * 8)


class Band(Link):
    """A link that keeps what the sender says."""

    def __init__(self, port: str, clock: bool = False, greeting: tuple[bytes, ...] = ()) -> None:
        self.said: SimpleQueue[object] = SimpleQueue()
        setup = Setup(Destination("jack", port), greeting, clock)
        super().__init__("sonify.output.live.sender", setup, self.said.put, patience=3)

    def await_(self, kind: type) -> object:
        while not isinstance(said := self.said.get(timeout=10), kind):
            assert not isinstance(said, Failed), said
        return said


@pytest.fixture
def band(recorder: Recorder) -> Iterator[Band]:
    with Band(recorder.name) as link:
        yield link


def test_passages_follow_each_other_without_a_gap_and_all_is_released(recorder: Recorder):
    with Band(recorder.name, greeting=(bytes([PROGRAM | 2, 40]),)) as band:
        assert isinstance(band.await_(Opened), Opened)
        for number in range(3):
            assert band.await_(More) == More(0)
            band.send(passage(number))
        band.await_(More)
        band.send(End(0))
        band.await_(Ended)
    recorder.wait(lambda: recorder.heard()[-1].message == (CONTROL | 2, 123, 0))
    notes = recorder.notes()
    assert [n.message[1] for n in notes] == [*range(40, 50), *range(50, 60), *range(60, 70)]
    gaps = [after.time - before.time for before, after in pairwise(notes)]
    assert gaps == pytest.approx([0.1] * 29, abs=0.04)
    assert notes[-1].time - notes[0].time == pytest.approx(2.9, abs=0.04)
    assert recorder.heard()[0].message == (PROGRAM | 2, 40)
    assert [h.message for h in recorder.heard()[-4:]] == [
        (CONTROL | channel, control, 0) for channel in (0, 2) for control in (64, 123)
    ]
    assert not recorder.sounding()


def test_where_nothing_follows_the_last_note_lasts_and_then_ends(recorder: Recorder, band: Band):
    band.send(passage(0, notes=3))
    recorder.wait(lambda: len(recorder.notes()) == 3)
    time.sleep(0.5)
    assert recorder.sounding() == {(0, 42)}
    band.send(passage(1, notes=3))
    recorder.wait(lambda: len(recorder.notes()) == 4)
    offs = [h.message[1] for h in recorder.heard() if h.kind == NOTE_OFF]
    assert offs == [40, 41, 42]  # just before the next passage began
    assert recorder.heard()[-1].kind == NOTE_ON
    started = [band.await_(Started) for _ in range(2)]
    assert started[1].late == pytest.approx(0.5, abs=0.3)
    recorder.wait(lambda: not recorder.sounding(), 8)


def test_cutting_silences_at_once_and_drops_what_belongs_to_an_earlier_take(recorder, band):
    band.send(passage(0, gap=0.5))
    recorder.wait(recorder.notes)
    band.send(Cut(1))
    band.send(passage(1, take=0))
    band.send(passage(2, take=1, notes=2))
    recorder.wait(lambda: len(recorder.notes()) == 3)
    assert [n.message[1] for n in recorder.notes()] == [40, 60, 61]
    first, off, second = recorder.heard()[:3]
    assert (first.kind, off.kind, second.kind) == (NOTE_ON, NOTE_OFF, NOTE_ON)
    assert off.message[1] == 40


def test_pausing_silences_and_goes_on_in_the_middle(recorder: Recorder, band: Band):
    band.send(passage(0, gap=0.2))
    recorder.wait(lambda: len(recorder.notes()) == 3)
    band.send(Pause())
    recorder.wait(lambda: not recorder.sounding())
    time.sleep(0.6)
    assert len(recorder.notes()) == 3
    band.send(Resume())
    recorder.wait(lambda: len(recorder.notes()) == 10)
    times = [n.time for n in recorder.notes()]
    assert times[3] - times[2] > 0.6
    assert [b - a for a, b in pairwise(times[3:])] == pytest.approx([0.2] * 6, abs=0.05)


def test_the_tempo_changes_on_the_way(recorder: Recorder, band: Band):
    band.send(passage(0, gap=0.2))
    recorder.wait(lambda: len(recorder.notes()) == 3)
    band.send(Rate(2))
    recorder.wait(lambda: len(recorder.notes()) == 10)
    times = [n.time for n in recorder.notes()]
    assert [b - a for a, b in pairwise(times[3:])] == pytest.approx([0.1] * 6, abs=0.04)


def test_who_has_been_stopped_goes_on_in_time(recorder: Recorder, band: Band):
    band.send(passage(0, notes=20))
    recorder.wait(lambda: len(recorder.notes()) == 5)
    os.kill(band.process, signal.SIGSTOP)
    time.sleep(1)
    os.kill(band.process, signal.SIGCONT)
    recorder.wait(lambda: len(recorder.notes()) == 20)
    times = [n.time for n in recorder.notes()]
    gaps = [after - before for before, after in pairwise(times)]
    assert sum(gap > 0.9 for gap in gaps) == 1
    assert sorted(gaps)[0] > 0.05  # no burst


def test_it_survives_signals_but_not_the_end_of_its_player(recorder: Recorder):
    with Band(recorder.name) as band:
        band.send(passage(0, notes=1, gap=60))
        recorder.wait(recorder.notes)
        band._orders.close()  # as when the player is killed
        recorder.wait(lambda: not recorder.sounding(), 2)
        recorder.wait(lambda: recorder.heard()[-1].message == (CONTROL, 123, 0), 2)


def test_what_follows_its_clock_starts_stops_and_knows_where_it_is(recorder: Recorder):
    with Band(recorder.name, clock=True) as band:
        band.send(passage(0, notes=2, gap=0.3))
        recorder.wait(lambda: len(recorder.notes()) == 1)
        band.send(Pause())
        band.send(Resume())
        recorder.wait(lambda: len(recorder.notes()) == 2)
        band.send(Cut(1))
        band.send(passage(3, take=1, notes=1, gap=0.3))
        band.send(End(1))
        band.await_(Ended)
    recorder.wait(lambda: recorder.heard()[-1].kind == CONTROL)
    system = [h.message for h in recorder.heard() if h.kind >= 0xF0]
    assert system == [
        (START,), (STOP,), (CONTINUE,), (STOP,), (POSITION, 24, 0), (CONTINUE,), (STOP,),
    ]  # fmt: skip


def test_a_port_that_isnt_there_is_said(jack):
    with Band("nonsense") as band:
        assert "isn't there any more" in band.said.get(timeout=10).reason


class Reset(mido.ports.BaseOutput):
    def _send(self, message: mido.Message) -> None:
        raise OSError("reset")


class Resetting(Destination):
    """Can be opened, and lets nothing through."""

    def open(self) -> Reset:
        return Reset()


def test_a_port_that_goes_while_it_is_greeted_isnt_said_to_be_open():
    there = Resetting("tcp", "localhost:1")
    said: list[object] = []
    orders: SimpleQueue[object] = SimpleQueue()
    for order in (Reopen(there), None):
        orders.put(order)
    setup = Setup(there, (bytes([PROGRAM, 40]),), clock=False)
    Sender(setup, said.append, time.monotonic).run(orders)
    assert said == [Lost("reset"), More(0), Lost("reset")]
