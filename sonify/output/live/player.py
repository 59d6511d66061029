"""Plays a text: has it composed ahead, hands it to the sender, and does what the keys ask."""

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Literal

from sonify import reading
from sonify.errors import SonifyError
from sonify.melody.score import Mode, Phrase
from sonify.mood.mood import Mood
from sonify.output.live.destinations import Destination
from sonify.output.live.keys import Keys
from sonify.output.live.link import Link
from sonify.output.live.messages import (
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
    Seen,
    Setup,
    Started,
)
from sonify.output.live.passages import Voicing
from sonify.output.live.screen import Now, Screen
from sonify.output.live.singer import Broken, Composed, Prepared, Singer
from sonify.output.live.transport import Transport
from sonify.pipeline import Models
from sonify.settings import Settings

_REMEMBERED = 256  # phrases that ← can go back by
_TEMPO_STEP = 1.05
_SLOWEST, _FASTEST = 0.25, 4.0
_TICK = 0.1  # seconds between looks at the screen
_DEAF = 60  # ticks without a sign of life after which the port is taken to block
_PATIENCE = 3.0  # seconds that the sender has to let every note end


@dataclass(frozen=True, slots=True)
class Performance:
    """How a text is to be played.

    Attributes:
        source: the text.
        settings: what the music is made with.
        destination: the port.
        voicing: how it is put on the synthesizer.
        rate: how many times faster than written it is played, 0.25 to 4.
        from_chapter: the chapter it begins with, from 1.
        loop: whether it begins again at its end.
        on_disconnect: what is done when the port vanishes: wait until it is back, or leave.
    """

    source: reading.Source
    settings: Settings
    destination: Destination
    voicing: Voicing
    rate: float = 1.0
    from_chapter: int = 1
    loop: bool = False
    on_disconnect: Literal["wait", "exit"] = "wait"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key."""

    key: str


class Player:
    """Plays one text.

    Args:
        performance: what, where and how.
        load: loads the models; called in the background.
        screen: shows what goes on.
    """

    def __init__(
        self, performance: Performance, load: Callable[[], Models], screen: Screen
    ) -> None:
        self._performance = performance
        self._screen = screen
        self._events: SimpleQueue[object] = SimpleQueue()
        self._singer = Singer(
            performance.source, load, performance.settings, self._events.put, performance.loop
        )
        self._link = Link(
            "sonify.output.live.sender",
            Setup(
                performance.destination,
                performance.voicing.greeting(),
                performance.voicing.clock,
            ),
            self._events.put,
            _PATIENCE,
        )
        self._watcher = Link(
            "sonify.output.live.watcher",
            performance.destination,
            lambda said: self._events.put(said) if isinstance(said, Seen) else None,
            patience=0.1,
        )
        self._keys = Keys(
            lambda key: self._events.put(Pressed(key)),
            terminal=isinstance(performance.source, Path),
        )
        self._transport = Transport(time.monotonic)  # mirrors the sender's, for the screen
        self._composed: deque[Composed] = deque(maxlen=_REMEMBERED)
        self._first = 0  # number of the oldest phrase in `_composed`
        self._next = 0  # number of the next phrase to hand over
        self._sounding: int | None = None  # number of the phrase that sounds
        self._aim: int | None = None  # of the one that a key has asked for, until that sounds
        self._take = 0
        self._wanted = False  # the sender has asked for more
        self._asked = 0  # phrases that the singer owes
        self._paused = False
        self._lost = False
        self._notice = ""
        self._notice_until = 0.0
        self._quit = False
        self.waits = 0
        """How often the music had to stand still because the next phrase wasn't ready."""
        self.waited = 0.0
        """Seconds that it stood still in all."""

    def play(self) -> None:
        """Plays until the text ends or `q` is pressed; every note has ended when it returns.

        Raises:
            SonifyError: the text or the port can't be used.
        """
        chapter = self._performance.from_chapter
        self._singer.start()
        self._ask(chapter - 1 if chapter > 1 else None)
        with self._watcher, self._link, self._screen, self._keys, _suspending(self._suspend):
            if self._performance.rate != 1:
                self._set_rate(self._performance.rate)
            silent = 0
            while not self._quit:
                try:
                    event = self._events.get(timeout=_TICK)
                except Empty:
                    silent += 1
                    if silent > _DEAF:
                        raise SonifyError(
                            f"{self._performance.destination} takes no more notes: it blocks"
                        ) from None
                else:
                    if not isinstance(event, Pressed | Seen | Composed | Prepared):
                        silent = 0
                    if isinstance(event, Ended):
                        return
                    self._heed(event)
                self._show()

    def _heed(self, event: object) -> None:
        match event:
            case Prepared():
                self._screen.title(event.score, str(self._performance.destination))
            case Composed():
                self._keep(event)
            case Broken():
                raise event.error
            case More(take=self._take):
                self._wanted = True
                self._supply()
            case Started():
                self._start(event)
            case Failed():
                raise SonifyError(event.reason)
            case Lost():
                if not self._waits():
                    raise SonifyError(f"{self._performance.destination} has gone: {event.reason}")
                self._disconnect()
            case Opened():
                self._reconnect()
            case Seen():
                self._see(event.destination)
            case Pressed():
                self._press(event.key)

    # What is composed, and what is handed over.

    def _ask(self, chapter: int | None = None) -> None:
        self._asked += 1
        self._singer.ask(chapter)

    def _keep(self, composed: Composed) -> None:
        self._asked -= 1
        chapter = self._performance.from_chapter
        if not self._composed and chapter > 1 and not composed.jumped:
            raise SonifyError(f"there is no chapter {chapter}: the last is {self._singer.chapters}")
        if composed.phrase is None:
            if self._wanted and self._next >= self._first + len(self._composed):
                self._link.send(End(self._take))
            return
        if composed.jumped and self._composed:
            self._first += len(self._composed)
            self._composed.clear()
            self._next = self._first
            self._aim = None
        if len(self._composed) == _REMEMBERED:
            self._first += 1
        self._composed.append(composed)
        if composed.jumped and self._sounding is not None:
            self._cut()
        self._supply()

    def _supply(self) -> None:
        """Hands over the next phrase, if the sender wants it; composes it, if need be."""
        if not self._wanted:
            return
        if self._next < self._first + len(self._composed):
            phrase = self._composed[self._next - self._first].phrase
            assert phrase is not None
            voicing = self._performance.voicing
            self._link.send(
                Passage(
                    take=self._take,
                    number=self._next,
                    seconds=phrase.duration,
                    events=voicing.events(phrase),
                    sixteenths=voicing.sixteenths(phrase),
                )
            )
            self._next += 1
            self._wanted = False
        elif not self._asked:
            self._ask()

    def _cut(self) -> None:
        """Silences what sounds and goes on with `_next`."""
        self._take += 1
        self._wanted = False
        self._link.send(Cut(self._take))

    # What the sender tells.

    def _start(self, started: Started) -> None:
        if started.late > 0 and not self._live:
            self.waits += 1
            self.waited += started.late
        self._sounding = started.number
        if started.number == self._aim:
            self._aim = None
        self._transport.start(0)
        if self._paused or self._lost:
            self._transport.stop()

    def _disconnect(self) -> None:
        if not self._lost:
            self._lost = True
            self._transport.stop()
            self._screen.say(f"{self._performance.destination} has gone; waiting for it")

    def _reconnect(self) -> None:
        if self._lost:
            self._lost = False
            self._screen.say(f"{self._performance.destination} is back")
            if not self._paused:
                self._transport.start()

    def _waits(self) -> bool:
        return self._performance.on_disconnect == "wait"

    def _see(self, destination: Destination | None) -> None:
        if destination is not None:
            if self._lost:
                self._link.send(Reopen(destination))
        elif not self._waits():
            raise SonifyError(f"{self._performance.destination} has gone")
        else:
            self._link.send(Lose())
            self._disconnect()

    # Keys.

    def _press(self, key: str) -> None:
        match key:
            case "q":
                self._quit = True
            case "space":
                self._paused = not self._paused
                self._link.send(Pause() if self._paused else Resume())
                if self._paused:
                    self._transport.stop()
                elif not self._lost:
                    self._transport.start()
            case "+" | "-" | "−":
                step = _TEMPO_STEP if key == "+" else 1 / _TEMPO_STEP
                self._set_rate(min(max(self._transport.rate * step, _SLOWEST), _FASTEST))
                self._note(f"tempo × {self._transport.rate:.2f}")
            case "m":
                modes: dict[Mode | None, Mode | None] = {None: "major", "major": "minor"}
                self._singer.mode = modes.get(self._singer.mode)
                self._note(f"from the next sentence on: {self._singer.mode or 'as the text asks'}")
            case "right" | "left" | "page up" | "page down":
                if self._sounding is not None and self._sounding >= self._first:
                    self._move(key, self._sounding)

    def _move(self, key: str, sounding: int) -> None:
        if key in ("right", "left"):
            aim = sounding if self._aim is None else self._aim
            aim += 1 if key == "right" else -1
            end = self._first + len(self._composed)
            while key == "left" and self._first < aim < end and not self._phrase(aim).moods:
                aim -= 1
            if self._live:
                aim = min(aim, end)  # what is yet to be written isn't skipped
            self._next = self._aim = max(aim, self._first)
            self._cut()
        else:
            chapter = self._phrase(sounding).chapter.index
            if key == "page down":
                chapter += 1
            elif self._composed[sounding - self._first].opening:
                chapter = max(0, chapter - 1)
            self._ask(chapter)

    def _set_rate(self, rate: float) -> None:
        self._transport.rate = rate
        self._link.send(Rate(rate))

    def _suspend(self) -> None:
        """Ctrl-Z: silence, until the shell lets the process go on."""
        self._link.send(Pause())
        self._keys.rest()
        self._screen.__exit__(None, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._screen.__enter__()
        self._keys.listen()
        if not self._paused:
            self._link.send(Resume())

    # What is shown.

    @property
    def _live(self) -> bool:
        """Whether the text is being written while it is played."""
        return not isinstance(self._performance.source, Path)

    def _phrase(self, number: int) -> Phrase:
        phrase = self._composed[number - self._first].phrase
        assert phrase is not None
        return phrase

    def _note(self, notice: str) -> None:
        self._notice = notice
        self._notice_until = time.monotonic() + 2.0

    def _show(self) -> None:
        if self._sounding is None or self._sounding < self._first:
            return
        number = self._sounding - self._first
        before = [m for c in list(self._composed)[max(0, number - 2) : number] for m in _moods(c)]
        notice = self._notice if time.monotonic() < self._notice_until else ""
        if self._lost:
            notice = f"waiting for {self._performance.destination}"
        elif self._paused:
            notice = "paused · space goes on"
        self._screen.show(
            Now(
                phrase=self._phrase(self._sounding),
                place=self._transport.place,
                before=before[-1].sentence.text if before else "",
                after=self._composed[number].upcoming,
                rate=self._transport.rate,
                notice=notice,
            )
        )


def _moods(composed: Composed) -> tuple[Mood, ...]:
    return composed.phrase.moods if composed.phrase else ()


@contextlib.contextmanager
def _suspending(suspend: Callable[[], None]) -> Iterator[None]:
    """Calls `suspend` when the terminal asks the process to stop (Ctrl-Z)."""
    if not hasattr(signal, "SIGTSTP"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGTSTP, lambda *_: suspend())
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)
