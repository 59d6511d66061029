"""Keeps a folder sonified: starts and ends everything, and lets it hear of each other."""

import ctypes
import os
import queue
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from sonify.errors import SonifyError
from sonify.watch import systemd
from sonify.watch.crew import Crashed, Crew, Ended, Finished, Heard
from sonify.watch.events import Events, unwatched
from sonify.watch.home import Home
from sonify.watch.inbox import Inbox, Signature
from sonify.watch.keeper import PAUSE, Keeper, TroubleError, reason_of
from sonify.watch.log import Log
from sonify.watch.options import OptionsOf, reread_models
from sonify.watch.scanner import (
    Busy,
    Finding,
    Found,
    Gone,
    Lost,
    Scanned,
    Scanner,
    Settled,
    Unreadable,
)

POLL = 10.0
"""Seconds between scans where the system doesn't tell of changes."""

_SCAN = 60.0  # seconds between scans where it does
_SCAN_SHARE = 1 / 300  # of a core, at most, that these scans may take
_POLL_SHARE = 1 / 20
_TICK = 5.0  # seconds between looks at whether all is well
_HEARTBEAT = 600.0  # seconds between lines that say that it is
_BATCH = 200  # findings that are taken in before anything else is done
_ARENA_MAX, _MMAP_THRESHOLD, _TRIM = -8, -3, -1  # as <malloc.h> has them
_LARGE = 1 << 16  # bytes


class Watcher:
    """Keeps a folder sonified until it is told to stop.

    Args:
        inbox: the folder that is watched; it is only ever read.
        out: the folder of soundtracks; made if it isn't there.
        read_options: reads the options of all folders, at the start and when they have changed.
        log: is told what happens.
        workers: how many texts may be composed at once.
        poll: seconds between scans; None to let the system tell of changes.
        once: whether to leave when all that is there is done.
        prune: whether soundtracks of texts that are gone are removed.

    Raises:
        SonifyError: a folder isn't there or can't be used.
    """

    def __init__(
        self,
        inbox: Path,
        out: Path,
        read_options: Callable[[], OptionsOf],
        log: Log,
        *,
        workers: int = 1,
        poll: float | None = None,
        once: bool = False,
        prune: bool = False,
    ) -> None:
        try:
            if not inbox.is_dir():
                raise SonifyError(f"can't watch {inbox}: it isn't a folder")
            if not out.parent.is_dir():
                raise SonifyError(f"can't make {out}: the folder {out.parent} isn't there")
        except OSError as error:
            raise SonifyError(f"can't look at {error.filename}: {error.strerror}") from error
        out = out.resolve()
        self._inbox = Inbox(inbox.resolve(), out)
        self._out = out
        self._read_options = read_options
        self._log = log
        self._workers = workers
        self._poll = poll
        self._once = once
        self._prune = prune
        self._queue: queue.SimpleQueue[Finding | Heard | Ended | None] = queue.SimpleQueue()
        self._stopping = False
        self._rereading = False
        self._beat_at = 0.0
        # What lasts as long as the folder of soundtracks is held:
        self._home: Home
        self._crew: Crew
        self._scanner: Scanner
        self._keeper: Keeper
        self._settings: frozenset[tuple[Path, Signature]] | None
        self._events: ExitStack
        self._is_settled: bool
        self._missing: int
        self._tick_at: float

    def stop(self) -> None:
        """Asks to leave; a signal handler may."""
        self._stopping = True
        self._queue.put(None)

    def reread(self) -> None:
        """Asks to read options and models again; a signal handler may."""
        self._rereading = True
        self._queue.put(None)

    def run(self) -> int:
        """Keeps the folder sonified.

        Returns:
            how many texts stand as failed, or couldn't be written, when it leaves.

        Raises:
            SonifyError: it can't begin, or can't go on. What merely takes time to be put right (a
                full disk, a folder that is gone) is waited for, except at the start and with
                `once`.
        """
        _hoard_no_memory()
        begun = failed = 0
        while not self._stopping:
            try:
                if begun:
                    self._reach_folders()
                with Home(self._out) as self._home:
                    begun += 1
                    failed = self._keep()
            except (TroubleError, OSError, sqlite3.Error) as error:
                if self._once or not begun:
                    raise SonifyError(f"can't use {self._out}: {reason_of(error)}") from error
                self._log.complain(reason_of(error))
                self._wait(PAUSE)
            else:
                break
        systemd.notify("STOPPING=1")
        self._log("stopped", "stopped")
        return failed

    def _keep(self) -> int:
        """Keeps the folder sonified as long as all is well; returns how many texts stand failed."""
        state = self._home.state
        if self._home.damage:
            self._log("damaged", f"the database is damaged ({self._home.damage}): begun anew")
        options_of = self._read_options()
        self._settings = None
        self._is_settled = False
        self._tick_at = 0.0
        self._missing = 0
        self._queue = queue.SimpleQueue()
        warm = None
        if not self._once:
            try:
                warm = options_of(Path())
            except SonifyError as error:
                self._log("settings", str(error))
        with ExitStack() as stack:
            self._crew = stack.enter_context(Crew(self._workers, self._queue.put, warm))
            self._keeper = Keeper(
                self._inbox, self._home, self._crew, options_of, self._log,
                lambda path: self._scanner.look(path), once=self._once, prune=self._prune,
            )  # fmt: skip
            self._events = stack.enter_context(ExitStack())
            self._watch()
            self._log(
                "started",
                f"watching {self._inbox.folder} for {self._out}",
                inbox=self._inbox.folder,
                out=self._out,
                workers=self._workers,
            )
            systemd.notify("READY=1")
            self._loop()
        if self._once and self._prune:
            self._keeper.remove_gone()
        counts = state.counts()
        return counts.get("failed", 0) + counts.get("held", 0)

    def _watch(self) -> None:
        """Starts looking, again if need be: with the system's help unless that is to be had not."""
        self._events.close()
        interval, share = (self._poll, _POLL_SHARE) if self._poll else (_SCAN, _SCAN_SHARE)
        self._scanner = Scanner(
            self._inbox, self._home, self._queue.put, interval, share, once=self._once
        )
        self._events.enter_context(self._scanner)
        if self._poll or self._once:
            return
        try:
            self._events.enter_context(Events(self._inbox, self._scanner))
        except OSError as error:
            self._poll_instead(str(error))

    def _poll_instead(self, reason: str) -> None:
        self._poll = POLL
        self._log(
            "polling",
            f"the system doesn't tell of changes ({reason}): looking every {POLL:g} s instead",
            reason=reason,
        )
        self._watch()

    def _loop(self) -> None:
        while not self._stopping:
            if time.monotonic() >= self._tick_at:
                self._tick()
            if self._rereading:
                self._rereading = False
                self._log("settings", "options and models are read again")
                reread_models()
                self._crew.renew()
                self._keeper.want_all(self._read_options())
                self._scanner.scan()
            self._keeper.dispatch()
            self._home.state.commit()
            if self._once and self._is_finished():
                return
            messages = []
            with suppress(queue.Empty):
                pause = max(0.0, self._tick_at - time.monotonic())
                messages.append(self._queue.get(timeout=pause))
                while len(messages) < _BATCH:
                    messages.append(self._queue.get_nowait())
            for message in messages:
                if not self._stopping:
                    self._handle(message)

    def _tick(self) -> None:
        """What is to be seen to now and then."""
        self._tick_at = time.monotonic() + _TICK
        systemd.notify("WATCHDOG=1")
        self._reach_folders()
        if not self._home.is_in_place():
            raise TroubleError(f"{self._out} isn't the folder that it was")
        if self._prune and not self._once:
            self._keeper.remove_gone()
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + _HEARTBEAT
            counts = self._home.state.counts()
            waiting = sum(counts.get(name, 0) for name in ("waiting", "held", "looking"))
            text = (
                f"{counts.get('done', 0)} done, {counts.get('composing', 0)} composing, "
                f"{waiting} waiting, {counts.get('failed', 0)} failed"
            )
            systemd.notify(f"STATUS={text}")
            self._log("heartbeat", text, **counts)

    def _reach_folders(self) -> None:
        for folder in (self._inbox.folder, self._out):
            try:
                os.scandir(folder).close()
            except OSError as error:
                raise TroubleError(f"{folder} can't be reached ({reason_of(error)})") from error

    def _is_finished(self) -> bool:
        if not self._is_settled or self._crew.jobs:
            return False
        counts = self._home.state.counts()
        return not (counts.get("waiting") or counts.get("looking"))

    def _handle(self, message: Finding | Heard | Ended | None) -> None:
        match message:
            case Found():
                self._keeper.found(message)
            case Unreadable():
                self._keeper.unreadable(message)
            case Gone():
                self._keeper.gone(message.path)
            case Busy():
                self._keeper.busy(message.path)
            case Scanned():
                self._scanned(message)
            case Settled():
                self._is_settled = True
            case Lost():
                raise message.reason
            case Heard() | Ended():
                match self._crew.follow(message):
                    case Finished(job, outcome):
                        self._keeper.finish(job, outcome)
                    case Crashed(job, reason):
                        self._keeper.crashed(job, reason)

    def _scanned(self, scanned: Scanned) -> None:
        if self._settings != scanned.settings:
            if self._settings is not None:
                self._log("settings", "settings have changed")
            self._settings = scanned.settings
            self._keeper.want_all(self._read_options())
        self._keeper.retry()
        _give_back_memory()
        if not (self._poll or self._once):
            missing = unwatched(scanned.folders)
            if missing and missing == self._missing:
                self._poll_instead(f"inotify's limit leaves out {missing} folders")
            elif missing:
                self._scanner.scan()  # they may just have been made
            self._missing = missing

    def _wait(self, seconds: float) -> None:
        """Waits, unless told to stop."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            systemd.notify("WATCHDOG=1")
            with suppress(queue.Empty):
                self._queue.get(timeout=min(left, _TICK))


def _hoard_no_memory() -> None:
    """Has glibc share what is free among threads, and give back whatever is large at once.

    Else it raises what counts as large with whatever it meets, and its heap with that, for months.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # another library, as musl
            mallopt = ctypes.CDLL(None).mallopt
            for option, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGE), (_TRIM, _LARGE)):
                mallopt(option, value)


def _give_back_memory() -> None:
    """Has the C library give back what it holds in reserve: glibc does so only when it is told."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another library, as musl
            ctypes.CDLL(None).malloc_trim(0)
