import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonify.cli import main
from sonify.watch.home import Home
from sonify.watch.lock import Lock, LockedError, holder_of


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may look into, as they may not into pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def file(folder: Path) -> Path:
    return folder / "lock"


@contextlib.contextmanager
def somebody_else() -> Iterator[None]:
    """Root, who may do everything, is nobody for a while."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(own)


def test_one_holds_it_and_says_who_it_is(file: Path):
    assert holder_of(file) is None
    with Lock(file):
        holder = holder_of(file)
        assert holder and holder.pid == os.getpid()
        with pytest.raises(LockedError, match=f"process {os.getpid()} on "), Lock(file):
            pass
    assert holder_of(file) is None


def test_who_may_only_read_it_sees_whether_it_is_held(file: Path):
    with Lock(file):
        file.chmod(0o444)
        with somebody_else():
            assert holder_of(file)
    with somebody_else():
        assert holder_of(file) is None


def test_who_may_not_even_read_it_isnt_told_that_it_is_held(file: Path):
    with Lock(file):
        pass
    file.chmod(0)
    with somebody_else(), pytest.raises(PermissionError):
        holder_of(file)


def test_the_status_is_told_to_who_may_read_it(folder: Path, capsys):
    out = folder / "out"
    with Home(out):
        pass
    with somebody_else():
        assert main(["status", "--out", str(out)]) == 0
    assert "nobody is watching" in capsys.readouterr().out
    (out / ".sonify").chmod(0)
    try:
        with somebody_else():
            assert main(["status", "--out", str(out)]) == 1
    finally:
        (out / ".sonify").chmod(0o755)
    error = capsys.readouterr().err
    assert error.startswith("sonify: ") and error.count("\n") == 1
