"""The folder of soundtracks: what it holds, and how that is changed so that nothing is spoilt."""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from sonify.errors import SonifyError
from sonify.watch.lock import Lock, LockedError
from sonify.watch.state import Record, State

HIDDEN = ".sonify"
STATE = f"{HIDDEN}/state.db"
LOCK = f"{HIDDEN}/lock"

ERROR = ".error.txt"

_STAGING = f"{HIDDEN}/unfinished"
_LONGEST_NAME = 255 - len(ERROR)  # bytes that a name may have so that any suffix fits behind
_STEM = "soundtrack"


class Home:
    """The folder of soundtracks, held by one watcher inside a `with` block.

    What is made is made in a hidden folder within it, and renamed into its place when it is whole.
    So a kill, at whatever moment, leaves something unfinished in that hidden folder only, which is
    emptied when the next watcher begins.

    Args:
        folder: the folder, absolute; made if it isn't there, but not its parents.

    Attributes:
        state: the database within it.
        damage: why the database was begun anew; None if it wasn't.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state: State
        self.damage: str | None = None

    def __enter__(self) -> Self:
        """Takes hold of the folder.

        Raises:
            SonifyError: another watcher has it.
            OSError: it can't be made or written to.
            sqlite3.Error: its database can't be opened.
        """
        with ExitStack() as stack:
            self.folder.mkdir(exist_ok=True)
            (self.folder / HIDDEN).mkdir(exist_ok=True)
            self._lock = Lock(self.folder / LOCK)
            try:
                stack.enter_context(self._lock)
            except LockedError as error:
                raise SonifyError(
                    f"{self.folder} is being written by another watcher: {error}; "
                    "stop that one, or choose another --out"
                ) from error
            shutil.rmtree(self.folder / _STAGING, ignore_errors=True)
            (self.folder / _STAGING).mkdir(exist_ok=True)
            self.state = stack.enter_context(self._open_state())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self.folder / _STAGING, ignore_errors=True)
        self._stack.close()

    def _open_state(self) -> State:
        file = self.folder / STATE
        try:
            state = State(file)
            state.check()
        except sqlite3.OperationalError:  # can't be opened; nothing is wrong with what it holds
            raise
        except sqlite3.DatabaseError as error:
            self.damage = str(error)
            file.replace(file.with_suffix(".damaged"))
            state = State(file)
        return state

    def is_in_place(self) -> bool:
        """Whether the folder is still the one that was taken hold of."""
        return self._lock.is_in_place()

    def name(self, path: Path) -> Path:
        """A name for a new text's soundtrack, without a suffix.

        It is the text's own name without its suffix; with its suffix if that is taken already (by
        poem.txt from poem.epub); with something that no other text has if that is taken too.
        A name too long for a file system with our suffixes is cut, its end replaced by a hash.
        """
        unique = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
        for name in (path.stem, path.name, f"{path.name}-{unique}"):
            output = path.with_name(_cut(name))
            if not self.state.is_claimed(output):
                return output
        raise AssertionError(f"two texts of one name: {path}")  # or a collision in SHA-256

    def has(self, record: Record) -> bool:
        """Whether a text's soundtrack, once made, is there."""
        return all(self._file(record.output, suffix).is_file() for suffix in record.suffixes)

    def prepare(self, output: Path) -> None:
        """Makes the folder that a soundtrack goes to.

        Raises:
            OSError: it can't be made or written to.
        """
        folder = self.folder / output.parent
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied", str(folder))

    def stage(self) -> Path:
        """Makes a folder in which to make something.

        Raises:
            OSError: it can't be made.
        """
        return Path(tempfile.mkdtemp(dir=self.folder / _STAGING))

    def discard(self, staged: Path) -> None:
        """Removes such a folder, with what is left in it."""
        shutil.rmtree(staged, ignore_errors=True)

    def publish(self, staged: Path, record: Record, suffixes: Sequence[str]) -> None:
        """Renames what was made into its place, and removes what isn't made any more.

        Args:
            staged: the folder where it was made.
            record: the text's.
            suffixes: of what was made.

        Raises:
            OSError: it can't be; part of it may have been.
        """
        self.prepare(record.output)
        for suffix in suffixes:
            staged_file(staged, suffix).replace(self._file(record.output, suffix))
        for suffix in {*record.suffixes, ERROR} - {*suffixes}:
            self._remove(record.output, suffix)

    def copy(self, record: Record, staged: Path) -> None:
        """Copies a text's soundtrack to where it can be published from for another text.

        Raises:
            OSError: it isn't there, or there is no room for a copy.
        """
        for suffix in record.suffixes:
            shutil.copyfile(self._file(record.output, suffix), staged_file(staged, suffix))

    def write_error(self, output: Path, message: str) -> None:
        """Leaves a note for the user where the soundtrack would be.

        Raises:
            OSError: it can't be written.
        """
        self.prepare(output)
        staged = self.stage()
        try:
            note = staged_file(staged, ERROR)
            note.write_text(f"{message}\n", encoding="utf-8", errors="replace")
            note.replace(self._file(output, ERROR))
        finally:
            self.discard(staged)

    def rename(self, record: Record) -> None:
        """Renames a text's soundtrack from the name that it had, and what was said of a failure.

        Files that aren't there are left out: they have been renamed before.

        Raises:
            OSError: it can't be renamed.
        """
        assert record.was is not None
        self.prepare(record.output)
        for suffix in (*record.suffixes, ERROR):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                self._file(record.was, suffix).replace(self._file(record.output, suffix))
        self._remove_empty(record.was)

    def remove(self, record: Record) -> None:
        """Removes a text's soundtrack, what was said of a failure, and empty folders.

        Raises:
            OSError: it can't be removed.
        """
        for suffix in record.suffixes:
            self._remove(record.output, suffix)
        self.remove_error(record)
        self._remove_empty(record.output)

    def remove_error(self, record: Record) -> None:
        """Removes what was said of a failure.

        Raises:
            OSError: it can't be removed.
        """
        self._remove(record.output, ERROR)

    def _remove(self, output: Path, suffix: str) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            self._file(output, suffix).unlink()

    def _remove_empty(self, output: Path) -> None:
        """Removes the folders that hold nothing any more now that a soundtrack has left them."""
        for folder in output.parents[:-1]:
            with contextlib.suppress(OSError):
                (self.folder / folder).rmdir()

    def _file(self, output: Path, suffix: str) -> Path:
        return self.folder / output.with_name(output.name + suffix)


def staged_file(staged: Path, suffix: str) -> Path:
    """Where a soundtrack's file is made."""
    return staged / f"{_STEM}{suffix}"


def _cut(name: str) -> str:
    name_bytes = os.fsencode(name)
    if len(name_bytes) <= _LONGEST_NAME:
        return name
    mark = "~" + hashlib.sha256(name_bytes).hexdigest()[:8]
    kept = name_bytes[: _LONGEST_NAME - len(mark)]
    return kept.decode("utf-8", "ignore") + mark
