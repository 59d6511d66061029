"""The process that sends MIDI messages in time, and lets every note end, whatever happens.

`python -m sonify.output.live.sender` is started by the player and reads what it is to do from
standard input. It does little, so that nothing keeps it from being in time: it composes nothing,
draws nothing, and never waits for anybody.
"""

import contextlib
import gc
import math
import os
import pickle
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import mido

from sonify.errors import SonifyError
from sonify.output.live.destinations import Destination
from sonify.output.live.messages import (
    Alive,
    Cut,
    End,
    Ended,
    Failed,
    Lose,
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
from sonify.output.live.port import Port
from sonify.output.live.transport import Transport

AHEAD = 4.0
"""Seconds of music in hand below which the sender asks for more."""

_LEAD = 0.01  # seconds from a passage's arrival to its first note, where nothing sounds before
_STALL = 0.2  # seconds: whoever is later than that was stopped, and goes on from where it was
_HOLD = 4.0  # seconds that a last note is held, at most, where no passage follows
_SPIN = 0.0003  # seconds before an event that are spent awake
_ALIVE = 1.0  # seconds between signs of life
_NOTE_OFF = 0x80

_SONG_POSITIONS = 1 << 14  # MIDI has no more; a longer book begins again, in step with the bars


class Sender:
    """Plays passages on a port.

    Args:
        setup: which port.
        say: takes what the player is to know.
        clock: the present time in seconds; monotonic.
    """

    def __init__(
        self, setup: Setup, say: Callable[[object], None], clock: Callable[[], float]
    ) -> None:
        self._setup = setup
        self._say = say
        self._clock = clock
        self._transport = Transport(clock)
        self._port: Port | None = None
        self._left: frozenset[tuple[int, int]] = frozenset()  # what may sound since the port went
        self._events: deque[tuple[float, bytes | Started]] = deque()  # by place
        self._end = 0.0  # place where what is in hand ends
        self._last_note_on = 0.0  # place
        self._held: list[bytes] = []  # note-offs that wait for the next passage
        self._take = 0
        self._asked = False  # for more
        self._complete = False  # nothing more will come
        self._paused = False
        self._resting: float | None = None  # since when there's nothing to play
        self._ran_out = False  # whether that is since all had been played
        self._rolling = False  # what follows our MIDI clock

    def run(self, orders: "SimpleQueue[object]") -> None:
        """Opens the port and obeys until None is ordered; then lets every note end."""
        try:
            self._open(self._setup.destination)
            self._rest()
            said = self._clock()
            while (order := self._wait(orders)) is not None:
                self._obey(order)
                self._play()
                if self._clock() - said > _ALIVE:
                    said = self._clock()
                    self._say(Alive())
        finally:
            if self._port is not None:
                self._roll(None)
                self._port.close()

    def _wait(self, orders: "SimpleQueue[object]") -> object:
        """The next order; an empty one when something is due, or nothing has been for a while."""
        due = self._due()
        now = self._clock()
        until = min(now + _ALIVE, now + _ALIVE if due is None else due)
        if until - now > _SPIN:
            with contextlib.suppress(Empty):
                return orders.get(timeout=until - now - _SPIN)
        while self._clock() < until:
            pass
        return ()

    def _next(self) -> tuple[float, float]:
        """Places: of the next event, or the end; and where to ask for more."""
        return (
            self._events[0][0] if self._events else self._end,
            math.inf if self._asked else self._end - AHEAD * self._transport.rate,
        )

    def _due(self) -> float | None:
        """When there's something to do next."""
        if self._resting is not None:
            return self._resting + _HOLD if self._held else None
        return self._transport.time_of(min(self._next())) if self._transport.running else None

    def _play(self) -> None:
        """Does all that is due."""
        while (due := self._due()) is not None and due <= (now := self._clock()):
            event, ask = self._next()
            if self._resting is not None:
                self._release()
            elif ask <= event:
                self._asked = True
                self._say(More(self._take))
            elif now - due > _STALL:
                self._transport.start(event)
            elif self._events:
                self._meet(*self._events.popleft())
            else:
                self._rest(ran_out=True)

    def _meet(self, place: float, event: bytes | Started) -> None:
        if isinstance(event, Started):
            self._say(event)
        elif event[0] & 0xF0 == _NOTE_OFF and place > self._last_note_on and not self._complete:
            self._held.append(event)  # a last note lasts until it's known how the music goes on
        else:
            self._send(mido.Message.from_bytes(event))

    def _obey(self, order: Any) -> None:
        match order:
            case Passage(take=self._take):
                self._add(order)
            case End(take=self._take):
                self._complete = True
                self._release()
                if self._resting is not None:
                    self._say(Ended())
            case Cut():
                self._take = order.take
                self._hush()
                self._events.clear()
                self._held.clear()
                self._asked = self._complete = False
                self._end = self._transport.place
                self._roll(None)
                self._rest()
            case Pause():
                self._paused = True
                self._stop()
            case Resume():
                self._paused = False
                self._go_on()
            case Rate():
                self._transport.rate = order.rate
            case Lose():
                self._lose()
            case Reopen() if self._port is None:
                try:
                    self._open(order.destination)
                except SonifyError as error:
                    self._say(Lost(str(error)))
                else:
                    self._go_on()

    def _add(self, passage: Passage) -> None:
        """Puts a passage behind what is in hand; where there's nothing, it begins now."""
        late = 0.0
        if self._resting is not None:
            late = self._clock() - self._resting if self._ran_out else 0.0
            self._resting = None
            self._transport.start(self._end, self._clock() + _LEAD)
            if self._paused or self._port is None:
                self._transport.stop()
            else:
                self._roll(passage.sixteenths)
            self._events.extend((self._end, event) for event in self._held)
            self._held.clear()
        else:
            self._release()
        start = self._end
        self._events.append((start, Started(passage.number, late)))
        for seconds, event in passage.events:
            self._events.append((start + seconds, event))
            if event[0] & 0xF0 == _NOTE_OFF | 0x10:
                self._last_note_on = start + seconds
        self._end = start + passage.seconds
        self._asked = False

    def _rest(self, ran_out: bool = False) -> None:
        """Nothing is in hand: stand still until there is, and ask for it."""
        self._ran_out = ran_out
        self._transport.start(self._end)
        self._transport.stop()
        self._resting = self._clock()
        self._roll(None)
        if self._complete:
            self._release()
            self._say(Ended())
        elif not self._asked:
            self._asked = True
            self._say(More(self._take))

    def _stop(self) -> None:
        self._transport.stop()
        self._hush()
        self._roll(None)

    def _go_on(self) -> None:
        if self._resting is None and not self._paused and self._port is not None:
            self._transport.start()
            self._roll(-1)

    def _release(self) -> None:
        """Sends the note-offs that were held."""
        for event in self._held:
            self._send(mido.Message.from_bytes(event))
        self._held.clear()

    def _roll(self, sixteenths: int | None) -> None:
        """Lets what follows our MIDI clock begin at a place, go on (-1) or stop (None)."""
        if not self._setup.clock or self._rolling == (sixteenths is not None):
            return
        self._rolling = sixteenths is not None
        if sixteenths is None:
            self._send(mido.Message("stop"))
        elif sixteenths == 0:
            self._send(mido.Message("start"))
        else:
            if sixteenths > 0:
                self._send(mido.Message("songpos", pos=sixteenths % _SONG_POSITIONS))
            self._send(mido.Message("continue"))

    def _open(self, destination: Destination) -> None:
        self._port = Port(destination.open(), self._left)
        self._hush()  # a synthesizer whose cable was pulled sounds on
        for message in self._setup.greeting:
            self._send(mido.Message.from_bytes(message))
        if self._port is not None:  # it may go while it is greeted
            self._say(Opened())

    def _send(self, message: mido.Message) -> None:
        if self._port is not None:
            try:
                self._port.send(message)
            except Exception as error:  # each system's library has its own
                self._lose()
                self._say(Lost(str(error)))

    def _hush(self) -> None:
        if self._port is not None:
            with contextlib.suppress(Exception):
                self._port.hush()

    def _lose(self) -> None:
        port, self._port = self._port, None
        self._transport.stop()
        self._rolling = False
        if port is not None:
            self._left = port.played
            port.close()


def main() -> None:
    """Runs a sender on standard input and output."""
    source, target = sys.stdin.buffer, os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # some libraries print
    with contextlib.suppress(AttributeError, OSError):  # Windows
        os.set_blocking(target, False)

    def say(report: object) -> None:
        with contextlib.suppress(OSError):  # the player has gone, or has been stopped for long
            os.write(target, pickle.dumps(report))

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                orders.put(pickle.load(source))
        orders.put(None)

    _hurry()
    orders: SimpleQueue[object] = SimpleQueue()
    try:
        sender = Sender(pickle.load(source), say, time.monotonic)
        threading.Thread(target=listen, daemon=True).start()
        sender.run(orders)
    except SonifyError as error:
        say(Failed(str(error)))
    except Exception as error:
        say(Failed(f"sending failed ({type(error).__name__}: {error})"))
    os._exit(0)  # the thread may be waiting in the middle of a read


def _hurry() -> None:
    """Goes before other processes where the system allows it, and never stops to collect."""
    gc.disable()  # nothing here makes cycles
    sys.setswitchinterval(0.0005)
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))


if __name__ == "__main__":
    main()
