"""A folder has one watcher."""

import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_FAR = 1 << 30  # Windows keeps readers from bytes that are locked, so one is that nobody reads
_REFUSALS = (BlockingIOError, PermissionError)  # of a lock: by POSIX, by Windows


@dataclass(frozen=True, slots=True)
class Holder:
    """Who watches: its process, its machine, and since when (ISO 8601)."""

    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since.replace('T', ' ')}"


class LockedError(Exception):
    """Somebody else has the lock; `holder` says who, as far as can be read."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(str(holder or "another process"))
        self.holder = holder


class Lock:
    """A lock that lasts as long as its process, however that ends.

    The system takes it back when the process dies, so it is never stale. It is held across
    machines too where a network share's server knows of locks.

    Args:
        file: what is locked; says who holds the lock. It stays when the lock is released, since
            removing it could let two others each lock a file of that name.
    """

    def __init__(self, file: Path) -> None:
        self._path = file

    def __enter__(self) -> Self:
        """Takes the lock.

        Raises:
            LockedError: somebody else has it.
            OSError: the file can't be made, or its file system has no locks.
        """
        self._file = self._path.open("a+b")
        try:
            _lock(self._file.fileno())
        except BaseException as error:
            holder = _holder(self._path)
            self._file.close()
            if isinstance(error, _REFUSALS):
                raise LockedError(holder) from error
            raise
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        self._file.truncate(0)
        holder = Holder(os.getpid(), socket.gethostname(), since)
        self._file.write(json.dumps(asdict(holder)).encode())
        self._file.flush()
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def is_in_place(self) -> bool:
        """Whether the file that is locked is still the one of that name."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        except OSError:
            return False


def holder_of(file: Path) -> Holder | None:
    """Who holds the lock now; None if nobody does.

    Raises:
        OSError: the file can't be read, or its file system has no locks.
    """
    try:
        probe = file.open("rb")  # who asks may be somebody who can't write it
    except FileNotFoundError:
        return None
    with probe:
        try:
            _lock(probe.fileno(), shared=True)
        except _REFUSALS:
            return _holder(file)
    return None


def _lock(descriptor: int, *, shared: bool = False) -> None:
    """Locks the file; `shared`, as one that may only be read has to be on a network share."""
    if sys.platform == "win32":
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def _holder(file: Path) -> Holder | None:
    try:
        return Holder(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
