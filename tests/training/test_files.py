import pytest

from training.files import whole


def test_what_was_there_stays_when_writing_is_interrupted(tmp_path):
    path = tmp_path / "kept.pt"
    with whole(path) as file:
        file.write(b"first")
    with pytest.raises(KeyboardInterrupt), whole(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"first"
    with whole(path) as file:
        file.write(b"second")
    assert path.read_bytes() == b"second"
