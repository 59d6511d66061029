"""How a watcher begins and ends, and what it lives through in between."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sonify.cli import main
from tests.watch.watching import (
    composed,
    hidden,
    once,
    poem,
    wait_until,
    workers,
)

NOVEL = Path(__file__).parents[2] / "samples" / "maengnori.epub"

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux' /proc")
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def drop_novel(inbox: Path, out: Path) -> None:
    """Drops a text that takes long, and waits until it is being composed."""
    shutil.copy(NOVEL, inbox / "novel.epub")
    wait_until(lambda: is_composing(out))


def test_a_stop_drops_what_is_unfinished_and_the_next_start_does_it(folders, start):
    inbox, out = folders
    watch = start("--workers", "1")
    watch.expect("started")
    drop_novel(inbox, out)
    assert watch.stop(signal.SIGTERM) == 0
    assert hidden(out) == {"lock", "state.db"}
    assert [file.name for file in out.iterdir()] == [".sonify"]
    assert once(inbox, out) == 0
    assert (out / "novel.mid").read_bytes() == composed(inbox / "novel.epub")


@linux
def test_a_kill_leaves_nothing_that_the_next_start_doesnt_clear_up(folders, start):
    inbox, out = folders
    watch = start("--workers", "1")
    watch.expect("started")
    drop_novel(inbox, out)
    (worker,) = workers(watch.process.pid)
    watch.process.kill()  # the watcher alone: its worker has to leave by itself
    watch.process.wait()
    wait_until(lambda: not Path(f"/proc/{worker}").exists())
    (inbox / "novel.epub").unlink()
    (inbox / "poem.txt").write_text(poem(1))
    assert once(inbox, out) == 0
    assert hidden(out) == {"lock", "state.db"}
    assert {file.name for file in out.iterdir()} == {".sonify", "poem.mid", "poem.json"}


def test_ctrl_c_is_told_by_the_exit_code(start):
    watch = start()
    watch.expect("started")
    assert watch.stop(signal.SIGINT) == 130


@linux
def test_a_crash_is_survived_and_a_text_that_always_crashes_is_given_up(folders, start):
    inbox, out = folders
    watch = start("--workers", "1")
    watch.expect("started")
    drop_novel(inbox, out)
    for attempt in range(3):
        wait_until(lambda: is_composing(out))
        (worker,) = workers(watch.process.pid)
        os.kill(worker, signal.SIGSEGV)
        if attempt < 2:
            assert "SIGSEGV" in watch.expect("crashed", path="novel.epub")["reason"]
    assert "crashed 3 times" in watch.expect("failed", path="novel.epub")["error"]
    (inbox / "poem.txt").write_text(poem(2))
    watch.expect("done", path="poem.txt")


def is_composing(out: Path) -> bool:
    """Whether a worker has begun to write a soundtrack."""
    try:
        return any(name.endswith(".part") for name in hidden(out))
    except FileNotFoundError:  # one that has just been finished
        return False


def test_a_second_watcher_is_refused_and_told_of_the_first(folders, start, capsys):
    watch = start()
    watch.expect("started")
    assert once(*folders) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"process {watch.process.pid} on {socket.gethostname()}" in error


def test_of_one_name_the_first_text_by_name_has_the_plain_one(folders):
    inbox, out = folders
    for suffix in ("txt", "TXT", "Txt", "tXt"):  # made in no order
        (inbox / f"poem.{suffix}").write_text(poem(ord(suffix[1])))
    assert once(inbox, out) == 0
    assert (out / "poem.mid").read_bytes() == composed(inbox / "poem.TXT")


def test_once_does_what_is_there_and_says_what_it_couldnt(folders, capsys):
    inbox, out = folders
    (inbox / "poem.txt").write_text(poem(3))
    assert once(inbox, out) == 0
    assert " poem.txt → poem.mid, .json: 4 sentences" in capsys.readouterr().out
    made = (out / "poem.mid").stat()
    (inbox / "empty.txt").touch()
    assert once(inbox, out) == 1
    assert (out / "poem.mid").stat() == made
    logged = capsys.readouterr()
    assert "empty.txt can't be done" in logged.out and "poem.txt" not in logged.out
    assert logged.err.startswith("sonify: one text couldn't be done")
    assert once(inbox, out) == 1  # it stands so, and isn't tried again
    assert "empty.txt" not in capsys.readouterr().out

    assert main(["status", "--out", str(out)]) == 0
    status = capsys.readouterr().out
    assert "nobody is watching" in status
    assert "1 done, 0 composing, 0 waiting, 1 failed" in status
    assert "poem.txt, in " in status and f"empty.txt: {inbox / 'empty.txt'} is empty" in status


def test_with_prune_soundtracks_go_with_their_texts(folders):
    inbox, out = folders
    (inbox / "sub").mkdir()
    for path in ("sub/one.txt", "two.txt"):
        (inbox / path).write_text(poem(len(path)))
    assert once(inbox, out, "--prune") == 0
    shutil.rmtree(inbox / "sub")
    assert once(inbox, out, "--prune") == 0
    assert {file.name for file in out.iterdir()} == {".sonify", "two.mid", "two.json"}
    (inbox / "two.txt").unlink()
    assert once(inbox, out, "--prune") == 0  # an empty inbox may be one that isn't mounted
    assert (out / "two.mid").is_file()


def test_a_rename_is_noticed_after_a_restart_too(folders, capsys):
    inbox, out = folders
    (inbox / "one.txt").write_text(poem(4))
    assert once(inbox, out) == 0
    (inbox / "one.txt").rename(inbox / "two.txt")
    assert once(inbox, out) == 0
    assert "one.txt is two.txt now" in capsys.readouterr().out
    assert {file.name for file in out.iterdir()} == {".sonify", "two.mid", "two.json"}


def test_other_options_make_another_soundtrack(folders):
    inbox, out = folders
    (inbox / "poem.txt").write_text(poem(5))
    assert once(inbox, out) == 0
    before = (out / "poem.mid").read_bytes()
    assert once(inbox, out, "--seed", "5") == 0
    assert (out / "poem.mid").read_bytes() == composed(inbox / "poem.txt", "--seed", "5") != before


def test_the_folder_of_soundtracks_is_waited_for_and_filled_again(folders, start):
    inbox, out = folders
    watch = start("--workers", "1")
    (inbox / "poem.txt").write_text(poem(6))
    watch.expect("done", path="poem.txt")
    gone = out.rename(out.with_name("gone"))  # at once: something may still be cleared up in it
    shutil.rmtree(gone, ignore_errors=True)
    watch.expect("trouble", reason=f"{out} can't be reached (No such file or directory)")
    assert not out.exists()
    out.mkdir()
    watch.expect("done", path="poem.txt")
    assert (out / "poem.mid").is_file()


def test_the_inbox_is_waited_for(folders, start):
    inbox, out = folders
    watch = start("--workers", "1")
    (inbox / "poem.txt").write_text(poem(7))
    watch.expect("done", path="poem.txt")
    shutil.rmtree(inbox)
    watch.expect("trouble")
    assert (out / "poem.mid").is_file()
    inbox.mkdir()
    watch.expect("started")
    (inbox / "empty.txt").touch()
    watch.expect("failed", path="empty.txt")


@root
def test_a_full_disk_is_waited_out(folders, start):
    inbox, out = folders
    out.mkdir()
    size = "size=100k"
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", out], check=False)
    if mount.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        watch = start("--workers", "1")
        watch.expect("started")
        (out / "ballast").write_bytes(bytes(os.statvfs(out).f_bavail * os.statvfs(out).f_bsize))
        (inbox / "poem.txt").write_text(poem(8))
        watch.expect("trouble")
        (out / "ballast").unlink()
        watch.expect("done", path="poem.txt")
        assert (out / "poem.mid").read_bytes() == composed(inbox / "poem.txt")
        assert not (out / "poem.error.txt").exists()
        assert watch.stop() == 0
    finally:
        subprocess.run(["umount", out], check=True)


def test_a_folder_that_cant_be_written_to_doesnt_hold_up_the_others(folders, start):
    inbox, out = folders
    watch = start("--poll", "0.2", "--workers", "1")
    watch.expect("started")
    (out / "closed").mkdir()
    (inbox / "closed").mkdir()
    change = (["chattr", "+i"], ["chattr", "-i"])  # root heeds no permission but this
    if os.geteuid() != 0:
        change = (["chmod", "a-w"], ["chmod", "u+w"])
    if subprocess.run([*change[0], out / "closed"], check=False).returncode:
        pytest.skip("no permission can be taken away here")
    try:
        (inbox / "closed" / "one.txt").write_text(poem(9))
        watch.expect("trouble")
        (inbox / "two.txt").write_text(poem(10))
        watch.expect("done", path="two.txt")
    finally:
        subprocess.run([*change[1], out / "closed"], check=True)
    watch.expect("done", path="closed/one.txt")


def test_a_damaged_database_is_begun_anew(folders, capsys):
    inbox, out = folders
    (inbox / "poem.txt").write_text(poem(11))
    assert once(inbox, out) == 0
    (out / ".sonify" / "state.db").write_bytes(b"no database" * 100)
    capsys.readouterr()
    assert once(inbox, out) == 0
    log = capsys.readouterr().out
    assert "the database is damaged" in log and "poem.txt → poem.mid" in log


def test_a_name_that_is_taken_by_a_folder(folders):
    inbox, out = folders
    (out / "poem.mid").mkdir(parents=True)
    (inbox / "poem.txt").write_text(poem(12))
    assert once(inbox, out) == 1
    assert "rename the text" in (out / "poem.error.txt").read_text()


def test_polling_finds_what_nobody_tells_of(folders, start):
    inbox, _ = folders
    watch = start("--poll", "0.2", "--workers", "1")
    watch.expect("started")
    (inbox / "empty.txt").touch()
    watch.expect("failed", path="empty.txt")


@linux
def test_inotifys_limit_makes_it_poll(folders, start):
    limited = 'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"'
    prefix = ("unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh")
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespace can be made here")
    inbox, _ = folders
    for number in range(4):
        (inbox / str(number)).mkdir()
    watch = start("--workers", "1", prefix=prefix)
    assert "inotify" in watch.expect("polling")["reason"]
    (inbox / "3" / "empty.txt").touch()
    watch.expect("failed", path="3/empty.txt")


@linux
def test_systemd_is_told(tmp_path, start):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        watch = start(env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert systemd.recv(1000) == b"READY=1"
        assert systemd.recv(1000) == b"WATCHDOG=1"
        assert systemd.recv(1000).startswith(b"STATUS=0 done")
        assert watch.stop() == 0
        assert systemd.recv(1000) == b"STOPPING=1"


@linux
def test_sighup_reads_options_again_with_other_workers(folders, start):
    inbox, _ = folders
    watch = start("--workers", "1")
    watch.expect("started")
    (before,) = workers(watch.process.pid)
    watch.process.send_signal(signal.SIGHUP)
    watch.expect("settings")
    (inbox / "empty.txt").touch()
    watch.expect("failed", path="empty.txt")
    assert before not in workers(watch.process.pid)


def test_what_is_wrong_with_the_command_line_is_said_at_once(folders, tmp_path, capsys):
    inbox, out = folders
    for arguments, complaint in [
        ((tmp_path / "nowhere", out), "it isn't a folder"),
        ((inbox, tmp_path / "no" / "out"), "isn't there"),
        ((tmp_path / ("a" * 300), out), "File name too long"),
        ((inbox, tmp_path / ("a" * 300) / "out"), "File name too long"),
        ((inbox, out, "--format", "mid,xyz"), "no format 'xyz'"),
        ((inbox, inbox, "--format", "epub"), "among the texts"),
        ((inbox, out, "--major", str(tmp_path / "nowhere")), "there's no model"),
    ]:
        assert once(*arguments) == 1
        error = capsys.readouterr().err
        assert complaint in error and error.count("\n") == 1
    assert main(["status", "--out", str(tmp_path)]) == 1
    assert "holds no soundtracks" in capsys.readouterr().err


def test_soundtracks_may_lie_beside_their_texts(folders):
    inbox, _ = folders
    (inbox / "poem.txt").write_text(poem(13))
    (inbox / "empty.txt").touch()
    for _ in range(2):
        assert once(inbox, inbox) == 1
        assert {file.name for file in inbox.iterdir()} == {
            ".sonify", "poem.txt", "poem.mid", "poem.json", "empty.txt", "empty.error.txt",
        }  # fmt: skip


def test_a_soundtrack_beside_its_text_never_takes_its_place(folders):
    inbox, _ = folders
    shutil.copy(NOVEL, inbox / "novel.epub")
    (inbox / "sonify.toml").write_text('format = "epub"')
    assert once(inbox, inbox) == 1
    assert (inbox / "novel.epub").read_bytes() == NOVEL.read_bytes()
    assert "among the texts" in (inbox / "novel.error.txt").read_text()
