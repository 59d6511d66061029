import os
import time

import pytest

from sonify.watch.inbox import BusyError, Inbox, Signature


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "in").mkdir()
    return Inbox(tmp_path / "in", tmp_path / "out")


def texts(inbox):
    return {path.as_posix() for path, _ in inbox.walk() if path.suffix}


def never():
    return False


def test_texts_are_told_from_what_editors_and_browsers_leave_behind(inbox):
    taken = ["a.txt", "B.EPUB", "sub/c.txt", "#1.txt", "4913.txt"]
    left = [
        "a.txt~", "a.txt.part", "a.txt.crdownload", ".a.txt.swp", ".a.txt", "#a.txt#", "4913",
        "._a.txt", "~$a.txt", "a.mid", "a.error.txt", "a.txt.download/a.txt", ".git/a.txt",
        "@eaDir/a.txt", "#recycle/a.txt", "__MACOSX/a.txt",
    ]  # fmt: skip
    for name in taken + left:
        (inbox.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox.folder / name).write_text("시")
    assert texts(inbox) == set(taken)


def test_links_fifos_and_devices_are_left_alone(inbox, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("비밀")
    (inbox.folder / "real.txt").write_text("시")
    (inbox.folder / "loop").symlink_to(inbox.folder)
    (inbox.folder / "out.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (inbox.folder / "outside").symlink_to(tmp_path / "outside")
    os.mkfifo(inbox.folder / "pipe.txt")
    (inbox.folder / "device.txt").symlink_to("/dev/zero")
    assert texts(inbox) == {"real.txt"}


def test_soundtracks_within_the_inbox_are_left_alone(tmp_path):
    inbox = Inbox(tmp_path, tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("시")
    (tmp_path / "b.txt").write_text("시")
    assert texts(inbox) == {"b.txt"}
    assert tmp_path / "b.txt" in [tmp_path / path for path, _ in inbox.walk()]


def test_a_file_that_is_open_for_writing_is_busy(inbox):
    path = inbox.folder / "a.txt"
    with path.open("w") as file:
        file.write("시")
        file.flush()
        with pytest.raises(BusyError):
            inbox.digest(path.relative_to(inbox.folder), never)
    _, content = inbox.digest(path.relative_to(inbox.folder), never)
    assert len(content) == 64


def test_a_file_that_becomes_a_link_or_a_fifo_isnt_read(inbox, tmp_path):
    (tmp_path / "secret.txt").write_text("비밀")
    (inbox.folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(OSError):
        inbox.digest((inbox.folder / "a.txt").relative_to(inbox.folder), never)
    os.mkfifo(inbox.folder / "b.txt")
    with pytest.raises(BusyError):
        inbox.digest((inbox.folder / "b.txt").relative_to(inbox.folder), never)


def test_reading_a_large_file_can_be_given_up(inbox):
    with (inbox.folder / "a.txt").open("wb") as file:
        file.truncate(1 << 30)
    began = time.monotonic()
    with pytest.raises(BusyError):
        inbox.digest((inbox.folder / "a.txt").relative_to(inbox.folder), lambda: True)
    assert time.monotonic() - began < 1


def test_a_signature_tells_the_same_size_and_time_apart(inbox):
    path = inbox.folder / "a.txt"
    path.write_text("하나")
    before = path.stat()
    path.write_text("두울")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Signature.of(path.stat()) != Signature.of(before)
    assert Signature.of(path.stat()).mtime == before.st_mtime_ns


def test_a_signature_settles_when_the_clock_has_ticked(inbox):
    path = inbox.folder / "a.txt"
    path.write_text("시")
    signature = Signature.of(path.stat())
    assert not signature.settled
    until = time.monotonic() + 5
    while not signature.settled and time.monotonic() < until:
        time.sleep(0.01)
    assert signature.settled
