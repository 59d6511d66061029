import os
from pathlib import Path

import pytest

from sonify.errors import SonifyError, UnwritableError
from sonify.output.output import WholeFile


def test_it_is_there_whole_when_the_block_has_ended(tmp_path: Path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with WholeFile(path) as file:
        file.put(b"new")
        assert path.read_bytes() == b"old"
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("out", b"new")]


def test_what_was_there_stays_when_the_block_fails(tmp_path: Path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), WholeFile(path) as file:
        file.put(b"new")
        raise KeyboardInterrupt
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("out", b"old")]


def test_nothing_is_left_when_a_signal_comes_before_the_block_has_begun(tmp_path: Path):
    WholeFile(tmp_path / "out").__enter__()  # and nobody to leave it
    assert not list(tmp_path.iterdir())


def test_what_isnt_an_ordinary_file_is_left_alone(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    for name in ("fifo", "link"):
        with pytest.raises(SonifyError, match="isn't an ordinary file"), WholeFile(tmp_path / name):
            pytest.fail("it was opened")
    assert {f.name for f in tmp_path.iterdir()} == {"fifo", "link"}
    assert (tmp_path / "link").is_fifo()


@pytest.mark.parametrize("name", ["null", "stdout"])
def test_what_stands_among_the_devices_is_left_alone(name: str):
    """Even a link that leads to a file at present, as /dev/stdout may."""
    with (
        pytest.raises(SonifyError, match="isn't an ordinary file"),
        WholeFile(Path("/dev") / name),
    ):
        pytest.fail("it was opened")


@pytest.mark.parametrize("target", ["old", "nowhere"])
def test_a_link_to_a_file_is_replaced_by_the_new_one(tmp_path: Path, target: str):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "out").symlink_to(target)
    with WholeFile(tmp_path / "out") as file:
        file.put(b"new")
    assert (tmp_path / "out").read_bytes() == b"new"
    assert (tmp_path / "old").read_bytes() == b"old"


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path):
    with pytest.raises(UnwritableError, match="too long"), WholeFile(tmp_path / ("a" * 300)):
        pytest.fail("it was opened")
