"""The watched folder: which of its files are texts, and whether they are whole."""

import errno
import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

if sys.platform == "linux":
    import fcntl

SUFFIXES = (".txt", ".epub")
"""Of the files that are taken, in either case."""

SETTINGS = "sonify.toml"
"""The file in a folder that says how its texts are to be composed."""

_ERROR = ".error.txt"  # what a watcher writes itself, if it writes into the folder it watches
_NOT_TEXTS = (".", "~$")  # hidden files, AppleDouble halves, Emacs' locks; Office's locks
_NOT_FOLDERS = {"#recycle", "@eadir", "$recycle.bin", "system volume information", "__macosx"}
_UNFINISHED = ".download"  # the folder in which Safari keeps a download

_CHUNK = 1 << 20
_RACY = 100_000_000  # ns; a kernel's clock ticks every 1 to 10 ms, file systems' up to 2 s


class Signature(NamedTuple):
    """What a file's directory entry says of it. Another one: the content may have changed.

    Attributes:
        size: bytes.
        mtime: when the content was changed, as anybody may say, in ns.
        ctime: when anything about the file was changed, as the kernel says, in ns.
        inode: stays with a file when it is renamed.
    """

    size: int
    mtime: int
    ctime: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The signature in what `os.stat` returned."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    @property
    def settled(self) -> bool:
        """Whether a further change would show: the clock has ticked since the last one."""
        return not 0 <= time.time_ns() - self.ctime < _RACY


class BusyError(Exception):
    """A file is still being written, or was while it was read."""


class Inbox:
    """The texts in a folder and its subfolders, each named by its path relative to the folder.

    Symbolic links aren't followed, neither to files nor to folders: what they point to is either
    in the folder anyway or outside of it. Files that aren't regular (FIFOs, devices) aren't texts.

    Args:
        folder: the folder, absolute.
        out: the folder of soundtracks, absolute, which is left out if it lies within.
    """

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder = folder
        self._out = out

    def __contains__(self, path: Path) -> bool:
        """Whether a file with that relative path would be a text by its name."""
        return _is_text(path.name) and self.searches(path.parent)

    def searches(self, path: Path) -> bool:
        """Whether a folder with that relative path would be searched."""
        return all(map(_is_searched, path.parts)) and not (
            self.folder != self._out and (self.folder / path).is_relative_to(self._out)
        )

    def signature(self, path: Path) -> Signature | None:
        """A text's signature; None if it is no regular file.

        Raises:
            OSError: it isn't there, or can't be looked at.
        """
        status = (self.folder / path).lstat()
        return Signature.of(status) if stat.S_ISREG(status.st_mode) else None

    def walk(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Yields folders that are searched, their texts and settings, each with its `os.lstat`.

        They come in no order. A folder that can't be read is left out, as is what vanishes in the
        meantime.

        Raises:
            OSError: the inbox itself can't be read.
        """
        yield Path(), self.folder.stat()
        folders = [Path()]
        while folders:
            folder = folders.pop()
            try:
                entries = os.scandir(self.folder / folder)
            except OSError:
                if folder == Path():
                    raise
                continue
            with entries:  # never all in memory: there may be very many
                for entry in entries:
                    name, path = entry.name, folder / entry.name
                    if not (_is_taken(name) or _is_searched(name)):
                        continue
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if stat.S_ISDIR(status.st_mode):
                        if _is_searched(name) and self.folder / path != self._out:
                            folders.append(path)
                            yield path, status
                    elif stat.S_ISREG(status.st_mode) and _is_taken(name):
                        yield path, status

    def digest(self, path: Path, stopping: Callable[[], bool]) -> tuple[Signature, str]:
        """Reads a text and returns its signature and the SHA-256 of its content.

        Args:
            path: the text.
            stopping: asked now and then whether to give up, as busy.

        Raises:
            BusyError: somebody has it open for writing, or it changed meanwhile.
            OSError: it can't be read.
        """
        # Not through a link, and without waiting for a FIFO's writer, if it became one just now.
        flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        flags |= getattr(os, "O_BINARY", 0)
        digest = hashlib.sha256()
        descriptor = os.open(self.folder / path, os.O_RDONLY | flags)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode) or _is_being_written(descriptor):
                raise BusyError
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                if stopping():
                    raise BusyError
            signature = Signature.of(os.fstat(descriptor))
        if signature != Signature.of(before):
            raise BusyError
        return signature, digest.hexdigest()


def _is_text(name: str) -> bool:
    """Other programs' temporary and backup files (x.txt.part, x.txt~, #x.txt#, 4913, …) end in
    something else or are hidden."""
    lower = name.lower()
    return (
        lower.endswith(SUFFIXES) and not lower.endswith(_ERROR) and not name.startswith(_NOT_TEXTS)
    )


def _is_taken(name: str) -> bool:
    return _is_text(name) or name == SETTINGS


def _is_searched(name: str) -> bool:
    lower = name.lower()
    return not (name.startswith(".") or lower in _NOT_FOLDERS or lower.endswith(_UNFINISHED))


def _is_being_written(descriptor: int) -> bool:
    """Whether a process on this machine has the file open for writing, where that can be known.

    Linux grants a read lease only on a file that nobody has open for writing. It wants to be asked
    by the file's owner (or root), and on a local file system; elsewhere it says so, and what tells
    that a file is whole is that it no longer changes.
    """
    if sys.platform != "linux":
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
