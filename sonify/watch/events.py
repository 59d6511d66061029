"""What the system says has changed, so that the scanner looks at once."""

import os
import sys
from pathlib import Path
from typing import Self

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from sonify.watch.inbox import SETTINGS, Inbox
from sonify.watch.scanner import Scanner

_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent,
    FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileMovedEvent,
]  # fmt: skip
if sys.platform != "linux":  # where closing is seen, every single write need not be
    _EVENTS.append(FileModifiedEvent)


class Events:
    """Lets the scanner know of what changes in the inbox, inside a `with` block.

    Events get lost, and on network shares there are none: they make a scan sooner, and never
    replace it.

    Args:
        inbox: what is watched.
        scanner: is asked to look.
    """

    def __init__(self, inbox: Inbox, scanner: Scanner) -> None:
        self._inbox = inbox
        self._scanner = scanner

    def __enter__(self) -> Self:
        """Begins.

        Raises:
            OSError: the system can't watch any more (inotify's limits), or never could.
        """
        self._observer = Observer()
        try:
            self._observer.schedule(
                _Handler(self._inbox, self._scanner),
                str(self._inbox.folder),
                recursive=True,
                event_filter=_EVENTS,
            )
            self._observer.start()
        except BaseException:
            self._observer.unschedule_all()
            self._observer.on_thread_stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._observer.stop()
        self._observer.join(timeout=1)


class _Handler(FileSystemEventHandler):
    def __init__(self, inbox: Inbox, scanner: Scanner) -> None:
        self._inbox = inbox
        self._scanner = scanner

    def on_any_event(self, event: FileSystemEvent) -> None:
        closed = event.event_type == "closed"
        # The new name first: then it is known that the old one isn't simply gone.
        for path, is_whole in ((event.dest_path, True), (event.src_path, closed)):
            if not path:
                continue
            relative = Path(os.fsdecode(path)).relative_to(self._inbox.folder)
            if event.is_directory:
                if self._inbox.searches(relative):
                    self._scanner.scan()
            elif relative in self._inbox:
                self._scanner.look(relative, closed=is_whole)
            elif relative.name == SETTINGS:
                self._scanner.scan()


def unwatched(folders: frozenset[int]) -> int:
    """How many of the folders with these inodes the system doesn't watch for us.

    watchdog goes on without a word when inotify's limit is reached below the folder it was asked
    to watch, so we count for ourselves: Linux lists the watches of a process under /proc. Where
    it lists other inodes than files have (overlays do), nothing can be said to be missing.
    """
    watched = set()
    try:
        for info in Path("/proc/self/fdinfo").iterdir():
            for line in _lines(info):
                if line.startswith("inotify"):
                    watched.add(int(line.split("ino:")[1].split()[0], 16))
    except OSError:
        return 0
    return len(folders - watched) if folders & watched else 0


def _lines(info: Path) -> list[str]:
    try:
        return info.read_text(encoding="ascii").splitlines()
    except OSError:  # closed in the meantime
        return []
