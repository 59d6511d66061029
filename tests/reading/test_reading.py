import errno
import io
import os
import threading
from pathlib import Path

import pytest

from sonify.errors import SonifyError
from sonify.reading import read


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SonifyError, match="isn't there"):
        read(tmp_path / "밤길.txt")


@pytest.mark.parametrize("name", ["밤길", "밤길.epub"])
def test_a_folder(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(SonifyError, match="is a folder"):
        read(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "밤길.txt"
    path.write_text("그는 갔다.", encoding="utf-8")
    path.chmod(0)
    with pytest.raises(SonifyError, match="can't be opened"):
        read(path)


@pytest.mark.parametrize("name", [f"{'a' * 300}.txt", f"{'a' * 300}/밤길.epub"])
def test_a_name_that_no_file_can_have(tmp_path, name):
    with pytest.raises(SonifyError, match=r"can't be opened \(File name too long\)"):
        read(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux' /proc")
def test_a_file_that_opens_and_cant_be_read():
    with pytest.raises(SonifyError, match=r"/proc/self/mem can't be opened \(Input/output error"):
        read(Path("/proc/self/mem"))


@pytest.mark.parametrize("whole", [0, 1 << 21])
def test_a_stream_that_breaks_off(whole):
    class Damaged(io.BytesIO):
        def read1(self, size=-1):
            if self.tell() < whole:
                return super().read1(size)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    stream = Damaged("그는 갔다.\n".encode() * (whole // 15 + 2))
    with pytest.raises(SonifyError, match=r"standard input can't be read \(Input/output error"):
        list(read(stream).sentences)


@pytest.mark.parametrize("name", ["밤길.epub", "밤길.txt"])
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(SonifyError, match=r"밤길.*is empty"):
        read(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=["그는 갔다. 밤이었다.".encode()])
    writer.start()
    assert [sentence.text for sentence in read(path).sentences] == ["그는 갔다.", "밤이었다."]
    writer.join()
