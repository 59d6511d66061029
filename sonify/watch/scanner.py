"""Looks at the inbox again and again, and reads what may have changed."""

import math
import os
import queue
import stat
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Self

from sonify.watch.home import Home
from sonify.watch.inbox import SETTINGS, BusyError, Inbox, Signature
from sonify.watch.state import Record, State

SETTLE = 2.0
"""Seconds for which a file must stay as it is before it counts as whole, unless its writer was
seen to close it."""

_DEBOUNCE = 0.5  # seconds; a copied tree asks for a scan with every folder
_LONGEST_PAUSE = 3600.0
_BEAT = 0.25  # seconds; what was found in the same is looked at again together, by name


@dataclass(frozen=True, slots=True)
class Found:
    """A text is there, whole: its signature when it was read, and the SHA-256 of its content."""

    path: Path
    signature: Signature
    content: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text is there but can't be read."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A text isn't there any more."""

    path: Path


@dataclass(frozen=True, slots=True)
class Busy:
    """A text was left alone, since it is still being written."""

    path: Path


@dataclass(frozen=True, slots=True)
class Scanned:
    """The inbox was looked through: its folders (their inodes) and its settings files."""

    folders: frozenset[int]
    settings: frozenset[tuple[Path, Signature]]


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything that was found has been told of; sent once the first scan's texts have settled."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The inbox or the database can't be read: the scanner has stopped."""

    reason: Exception


Finding = Found | Unreadable | Gone | Busy | Scanned | Settled | Lost


@dataclass(slots=True)
class _Unsettled:
    signature: Signature
    look: float  # when to look again, on the monotonic clock


class Scanner:
    """A thread that scans at its start, at intervals and when asked, inside a `with` block.

    Args:
        inbox: what it looks at.
        home: what is known, and which soundtracks are there.
        tell: called from the thread with each finding.
        interval: seconds between scans.
        share: of a core, at most, that scanning may take; it makes intervals longer.
        once: whether to look only twice at what isn't settled, and tell `Settled` then.
    """

    def __init__(
        self,
        inbox: Inbox,
        home: Home,
        tell: Callable[[Finding], None],
        interval: float,
        share: float,
        *,
        once: bool = False,
    ) -> None:
        self._inbox = inbox
        self._home = home
        self._tell = tell
        self._interval = interval
        self._share = share
        self._once = once
        self._asked: queue.SimpleQueue[tuple[Path | None, bool] | None] = queue.SimpleQueue()
        self._unsettled: dict[Path, _Unsettled] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._asked.put(None)
        self._thread.join(timeout=1)  # a share that hangs may keep it longer

    def scan(self) -> None:
        """Asks for a scan."""
        self._asked.put((None, False))

    def look(self, path: Path, *, closed: bool = False) -> None:
        """Asks for a look at a text.

        Args:
            path: relative to the inbox.
            closed: whether its writer was seen to close it.
        """
        self._asked.put((path, closed))

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                self._state = stack.enter_context(State(self._home.state.file))
                self._keep_looking()
        except Exception as error:
            self._tell(Lost(error))

    def _keep_looking(self) -> None:
        scan_at = self._scan()
        while not self._stopping.is_set():
            looks = [unsettled.look for unsettled in self._unsettled.values()]
            if self._once:
                if not looks:
                    self._tell(Settled())
                scan_at = math.inf
                looks = [max(looks, default=math.inf)]
            pause = max(0.0, min([scan_at, *looks]) - time.monotonic())
            try:
                asked = self._asked.get(timeout=min(pause, _LONGEST_PAUSE))
            except queue.Empty:
                if time.monotonic() >= scan_at:
                    scan_at = self._scan()
                self._look_again()
                continue
            if asked is None:
                return
            path, closed = asked
            if path is None:
                scan_at = min(scan_at, time.monotonic() + _DEBOUNCE)
            else:
                self._look(path, closed=closed)

    def _scan(self) -> float:
        """Looks at everything; returns when to do so next."""
        began, busy = time.monotonic(), time.thread_time()
        folders, settings = set(), set()
        for path, status in self._inbox.walk():
            if self._stopping.is_set():
                return began
            if stat.S_ISDIR(status.st_mode):
                folders.add(status.st_ino)
            elif path.name == SETTINGS:
                settings.add((path, Signature.of(status)))
            else:
                self._consider(path, Signature.of(status))
        for page in self._state.pages():
            for record in page:
                if record.standing != "gone" and not self._stopping.is_set():
                    self._look(record.path, only_if_gone=True)
        self._tell(Scanned(frozenset(folders), frozenset(settings)))
        busy = time.thread_time() - busy
        return time.monotonic() + max(self._interval, busy / self._share)

    def _look(self, path: Path, *, closed: bool = False, only_if_gone: bool = False) -> None:
        try:
            signature = self._inbox.signature(path)
        except (FileNotFoundError, NotADirectoryError):
            signature = None
        except OSError as error:
            self._tell(Unreadable(path, _reason(error)))
            return
        if signature is None:
            self._unsettled.pop(path, None)
            self._tell(Gone(path))
        elif not only_if_gone:
            self._consider(path, signature, closed=closed)

    def _look_again(self) -> None:
        now = time.monotonic()
        # By name: which of two texts of one name has the plain one is not for chance to say.
        for path, unsettled in sorted(self._unsettled.items(), key=itemgetter(0)):
            if unsettled.look <= now and not self._stopping.is_set():
                self._look(path)
        if self._once:
            for path in self._unsettled:
                self._tell(Busy(path))
            self._unsettled.clear()

    def _consider(self, path: Path, signature: Signature, *, closed: bool = False) -> None:
        """Reads a text if it may have changed since it was read, and if it is whole."""
        record = self._state.get(path)
        if not closed:
            if record and self._is_known(record, signature):
                return
            unsettled = self._unsettled.get(path)
            if unsettled is None or unsettled.signature != signature:
                self._unsettled[path] = _Unsettled(signature, _settled_at())
                return
            if unsettled.look > time.monotonic():
                return
        try:
            signature, content = self._inbox.digest(path, self._stopping.is_set)
        except BusyError:
            self._unsettled[path] = _Unsettled(signature, _settled_at())
            return
        except FileNotFoundError:
            self._tell(Gone(path))
        except OSError as error:
            self._tell(Unreadable(path, _reason(error)))
        else:
            self._tell(Found(path, signature, content))
        self._unsettled.pop(path, None)

    def _is_known(self, record: Record, signature: Signature) -> bool:
        """Whether a text is as it was when it was read, and all is well with its soundtrack."""
        if record.signature != signature or not record.settled:
            return False
        if record.standing in ("gone", "looking"):
            return False
        return record.made is None or self._home.has(record)


def _settled_at() -> float:
    return math.ceil((time.monotonic() + SETTLE) / _BEAT) * _BEAT


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
