from pathlib import Path

import pytest

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
