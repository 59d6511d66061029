"""What every place that music can go to has in common."""

import contextlib
import os
import secrets
import weakref
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from sonify.errors import SonifyError, UnwritableError
from sonify.melody.score import Phrase


def encodable(text: str) -> str:
    """The text with "?" for what UTF-8 can't hold, as a title from an ill-encoded name may."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Output(ABC):
    """A place that a score's phrases go to, one after the other, inside a `with` block."""

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def write(self, phrase: Phrase) -> None:
        """Takes the next phrase."""

    @abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class WholeFile:
    """A file that is there whole or not at all.

    It is written beside its place and renamed into it when the `with` block ends well; when the
    block ends with an exception, what was there before stays.

    Args:
        path: where the file goes; a file that is there is replaced.

    Raises:
        SonifyError: on entering, `path` is a folder or something else that is no ordinary file.
        UnwritableError: on entering, its folder isn't there or can't be written to; while writing
            or finishing, the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial: Path
        self._file: BinaryIO

    def put(self, data: bytes) -> None:
        """Writes what comes next."""
        try:
            self._file.write(data)
        except OSError as error:
            raise self._unwritable(error) from error

    def _begin(self) -> None:
        """Starts what is to be written to `_file`."""

    def _finish(self) -> None:
        """Writes what is left to `_file`."""

    def _discard(self) -> None:
        """Lets go of what was opened besides `_file`, whichever way the block ended."""

    def __enter__(self) -> Self:
        try:
            self._check_place()
        except OSError as error:
            raise self._unwritable(error) from error
        self._partial = self.path.with_name(f".sonify-{secrets.token_hex(6)}.part")
        # A signal may end us at any line, on the way into the `with` block too.
        self._remove = weakref.finalize(self, self._partial.unlink, missing_ok=True)
        try:
            self._file = self._partial.open("xb")
        except OSError as error:
            self._remove.detach()
            raise self._unwritable(error) from error
        try:
            self._begin()
        except BaseException:
            self._abandon()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._abandon()
            return
        try:
            self._finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self.path)
            self._remove.detach()
            self._discard()
        except OSError as failure:
            self._abandon()
            raise self._unwritable(failure) from failure
        except BaseException:
            self._abandon()
            raise

    def _check_place(self) -> None:
        if self.path.is_dir():
            raise SonifyError(f"can't write {self.path}: it is a folder; name a file in it")
        # A device, a FIFO or a link such as /dev/stdout has other users.
        is_ordinary = self.path.is_file() and self.path.parent.resolve() != Path("/dev")
        if self.path.exists() and not is_ordinary:
            raise SonifyError(
                f"can't write {self.path}: it isn't an ordinary file; choose another name"
            )
        if not self.path.parent.is_dir():
            raise UnwritableError(
                f"can't write {self.path}: the folder {self.path.parent} isn't there; make it first"
            )

    def _abandon(self) -> None:
        self._discard()
        with contextlib.suppress(OSError):  # flushing to a full disk fails again
            self._file.close()
        self._remove()

    def _unwritable(self, error: OSError) -> UnwritableError:
        return UnwritableError(f"can't write {self.path}: {error.strerror or error}")


class FileOutput(WholeFile, Output):
    """A file, there whole or not at all, that a score's phrases are written to."""

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _write(self, phrase: Phrase) -> None:
        """Writes what the phrase adds."""

    @abstractmethod
    def _finish(self) -> None: ...

    def write(self, phrase: Phrase) -> None:
        """Takes the next phrase."""
        try:
            self._write(phrase)
        except OSError as error:
            raise self._unwritable(error) from error
