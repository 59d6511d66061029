"""How punctual, how quick and how well-mannered `sonify play` is, heard from outside.

    python -m benchmarks.live [idle] [busy] [hour] [starts] [ends]

Each part that is named (all, if none is) is measured and written down for itself. A recorder on a
JACK server of its own (dummy driver, 32 frames a period: 0.7 ms, which is part of what is measured)
hears what the command, run as a person runs it, sends.
"""

import argparse
import contextlib
import os
import pty
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import mido

from benchmarks import results
from tests.recorder import CONTROL, NOTE_ON, Heard, Jack, Recorder

ROOT = Path(__file__).resolve().parents[1]
NOVEL = ROOT / "samples" / "maengnori.epub"
WAIT = 0.1  # seconds: what is later than the note before it by more has been waited for
TIMES = 10  # that each way out is taken
BACK = "q, after the port has vanished and come back"
ACCIDENT = """
import signal

def fail(*_):
    raise RuntimeError("an accident")

signal.signal(signal.SIGUSR1, fail)
"""
LINES = ("봄바람이 창을 두드렸다", "아무도 울지 않았다", "문 앞에 꽃이 놓여 있었다")


def main() -> None:
    """Measures, prints and writes it down, part by part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=" · ".join(PARTS))
    for part in parser.parse_args().parts or PARTS:
        heading, measure = PARTS[part]
        with Jack(f"sonify-{part}", frames=32) as jack, tempfile.TemporaryDirectory() as folder:
            os.environ["JACK_DEFAULT_SERVER"] = jack.name
            with Recorder("bench") as recorder, results.meanwhile() as load:
                table = measure(recorder, Path(folder) / "text.txt")
        results.write(
            "live", "Playing live", f"python -m benchmarks.live {part}",
            [table, [["meanwhile"], load]], heading,
        )  # fmt: skip


def punctuality(
    recorder: Recorder, text: Path, minutes: float, beside: int = 0
) -> list[list[object]]:
    """How late note-ons are, against the earliest of the run; and how far the last one has drifted.

    The earliest one in a hundred stands for the schedule's own place: what is common to all (the
    port, the driver) is nobody's lateness. Where the music had to wait for composing, another
    stretch begins.
    """
    text.write_text("\n".join(LINES * round(minutes * 9)), encoding="utf-8")
    written = schedule(text)
    with busy(beside), play(text, "--port", recorder.name) as command:
        command.wait()
    heard = recorder.notes()
    # A JACK client that is kept from running in time misses what its period brought.
    same = SequenceMatcher(
        None, [h.message for h in heard], [message for _, message in written], autojunk=False
    )
    late = [
        heard[block.a + n].time - written[block.b + n][0]
        for block in same.get_matching_blocks()
        for n in range(block.size)
    ]
    starts = [0, *(n for n in range(1, len(late)) if late[n] - late[n - 1] > WAIT), len(late)]
    stretches = [late[a:b] for a, b in pairwise(starts)]
    own = [sorted(stretch)[len(stretch) // 100] for stretch in stretches]
    lateness = sorted(
        max(0.0, each - place)
        for stretch, place in zip(stretches, own, strict=True)
        for each in stretch
    )
    first, last = (statistics.median(part) for part in (stretches[-1][:50], late[-50:]))
    length = (heard[-1].time - heard[0].time) / 60
    return [
        ["note-ons", "measured"],
        ["sent · of them not recorded", f"{len(written)} · {len(written) - len(late)}"],
        ["waits for composing · in all", f"{len(own) - 1} · {ms(own[-1] - own[0])}"],
        ["lateness: median", ms(statistics.median(lateness))],
        ["lateness: 99th percentile", ms(lateness[len(lateness) * 99 // 100])],
        ["lateness: most", ms(lateness[-1])],
        [f"the last ones' place, after {length:.1f} min", f"{ms(last - first)} off"],
    ]


def quickness(recorder: Recorder, text: Path) -> list[list[object]]:
    """From Enter to the first note, and from a line's end to its first note."""
    text.write_text("\n".join(LINES), encoding="utf-8")
    starts = []
    for _ in range(6):
        recorder.clear()
        began = time.monotonic()
        with play(text, "--port", recorder.name):
            recorder.wait(recorder.notes, 120)
        starts.append(recorder.notes()[0].time - began)
        recorder.wait(lambda: silent(recorder.heard()))
    lines = []
    with play("-", "--port", recorder.name, "--pace", 3000, stdin=subprocess.PIPE) as command:
        assert command.stdin
        for number in range(13):
            recorder.clear()
            began = time.monotonic()
            command.stdin.write(f"{LINES[number % 3]}, {number}번째\n".encode())
            command.stdin.flush()
            recorder.wait(recorder.notes, 120)
            lines.append(recorder.notes()[0].time - began)
            time.sleep(5)  # until it rests
    return [
        ["waiting for the first note", "times", "median", "longest"],
        ["of a text, from starting the command (warm)", *summary(starts[1:])],
        ["of a line on standard input, at rest (warm)", *summary(lines[3:])],
    ]


def manners(recorder: Recorder, text: Path) -> list[list[object]]:
    """Whether every note ends, whichever way the music does."""
    short = text.with_name("short.txt")
    short.write_text(LINES[0], encoding="utf-8")
    text.write_text("\n".join(LINES * 100), encoding="utf-8")
    text.with_name("sitecustomize.py").write_text(ACCIDENT)  # found by PYTHONPATH
    os.environ["PYTHONPATH"] = str(text.parent)
    Way = Callable[["Played"], object]
    ways: list[tuple[str, Path | str, Way]] = [
        ("end of the text", short, lambda played: None),
        ("q", text, lambda played: os.write(played.terminal, b"q")),
        ("Ctrl-C", text, lambda played: os.write(played.terminal, b"\x03")),
        ("SIGTERM", text, lambda played: played.command.terminate()),
        ("SIGHUP", text, lambda played: played.command.send_signal(signal.SIGHUP)),
        ("the terminal closes", text, lambda played: played.close()),
        ("kill -9", text, lambda played: played.command.kill()),
        ("a text that breaks off", "-", lambda played: played.spoil()),
        ("an exception", text, lambda played: played.command.send_signal(signal.SIGUSR1)),
        (BACK, text, lambda played: os.write(played.terminal, b"q")),
    ]
    rows: list[list[object]] = [["way out", "times", "every note ended", "longest wait for it"]]
    for name, source, way in ways:
        ended, waits = 0, []
        for _ in range(TIMES):
            recorder.clear()
            with Played(source, recorder.name) as played:
                recorder.wait(lambda: len(recorder.notes()) > 3, 120)
                if source != short:
                    recorder.wait(recorder.sounding)
                if name == BACK:
                    reconnect(recorder)
                began = time.monotonic()
                way(played)
                limit = began + (60 if source == short else 5)
                while not silent(recorder.heard()) and time.monotonic() < limit:
                    time.sleep(0.005)
                ended += silent(recorder.heard())
                waits.append(recorder.heard()[-1].time - began)
        wait = "" if source == short else ms(max(waits))
        rows.append([name, TIMES, f"{ended} of {TIMES}", wait])
    return [*rows, leaving(recorder, text)]


def reconnect(recorder: Recorder) -> None:
    """Takes the port away while a note sounds, and lets it be back and played to."""
    recorder.stop()
    heard = len(recorder.notes())
    time.sleep(2.5)
    recorder.start()
    recorder.wait(lambda: len(recorder.notes()) > heard + 3)


def leaving(recorder: Recorder, text: Path) -> list[object]:
    """How soon the command leaves when the port vanishes for good."""
    left, waits = 0, []
    for _ in range(TIMES):
        recorder.clear()
        with Played(text, recorder.name, "--on-disconnect", "exit") as played:
            recorder.wait(recorder.sounding, 120)
            recorder.stop()
            began = time.monotonic()
            left += played.command.wait(20) == 1
            waits.append(time.monotonic() - began)
        recorder.start()
    name = "the port vanishes, --on-disconnect exit"
    return [name, TIMES, f"there is none to end it on; left with a line {left} of {TIMES}",
            ms(max(waits))]  # fmt: skip


class Played:
    """The command on a terminal of its own, gone when the `with` block ends."""

    def __init__(self, source: Path | str, port: str, *options: str) -> None:
        self._arguments = (source, "--port", port, "--pace", 1000, *options)
        self._piped = source == "-"

    def __enter__(self) -> "Played":
        self.terminal, inner = pty.openpty()
        self.command = subprocess.Popen(
            command_line(*self._arguments),
            stdin=subprocess.PIPE if self._piped else inner,
            stdout=inner,
            stderr=inner,
            cwd=ROOT,
            preexec_fn=lambda: controlling(1),
        )
        os.close(inner)
        self._printed = b""
        threading.Thread(target=self._watch, args=[self.terminal], daemon=True).start()
        if self._piped:
            self._write(f"{LINES[0]}\n".encode())
        return self

    def __exit__(self, *exception: object) -> None:
        if exception[0]:
            print(self._printed[-1000:].decode(errors="replace"), file=sys.stderr)
        self.command.kill()
        self.command.wait()
        self.close()

    def close(self) -> None:
        """Closes the terminal's window."""
        with contextlib.suppress(OSError):
            os.close(self.terminal)
        self.terminal = -1

    def _watch(self, terminal: int) -> None:
        with contextlib.suppress(OSError):
            while printed := os.read(terminal, 4096):
                self._printed = (self._printed + printed)[-4096:]

    def spoil(self) -> None:
        """Goes on with what is no text."""
        self._write(b"\x00\x01\x02\xff\xfe\x00" * 5000 + b"\n")

    def _write(self, words: bytes) -> None:
        assert self.command.stdin
        self.command.stdin.write(words)
        self.command.stdin.flush()


def controlling(terminal: int) -> None:
    """Makes a terminal that of a new session, as a terminal's window does."""
    import fcntl
    import termios

    for ending in (signal.SIGINT, signal.SIGHUP):  # ignored, if so is what measures, as by nohup
        signal.signal(ending, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def command_line(*arguments: object) -> list[str]:
    """How a person starts it."""
    return [sys.executable, "-m", "sonify", "play", *map(str, arguments)]


@contextlib.contextmanager
def play(*arguments: object, **options) -> Iterator["subprocess.Popen[bytes]"]:
    """The command, without a terminal, as long as the `with` block lasts."""
    command = subprocess.Popen(
        command_line(*arguments), cwd=ROOT, stdout=subprocess.DEVNULL, **options
    )
    try:
        yield command
    finally:
        command.terminate()
        command.wait()


@contextlib.contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keeps some cores busy."""
    spinning = [  # from another session, as another program is
        subprocess.Popen([sys.executable, "-c", "while 1: 0"], start_new_session=True)
        for _ in range(cores)
    ]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def schedule(text: Path) -> list[tuple[float, tuple[int, ...]]]:
    """The note-ons of the file that `compose` writes, with their time, in the order of sending."""
    path = text.with_suffix(".mid")
    subprocess.run(
        [sys.executable, "-m", "sonify", "compose", text, "-o", path, "-q"], cwd=ROOT, check=True
    )
    begun, now = [], 0.0
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on":
            begun.append((now, tuple(message.bytes())))
    return begun


def silent(heard: Sequence[Heard]) -> bool:
    """Whether every note has ended, and the last words are those of a port that is closed."""
    sounding = set()
    for each in heard:
        if each.kind in (0x80, NOTE_ON):
            note = (each.channel, each.message[1])
            (sounding.add if each.kind == NOTE_ON else sounding.discard)(note)
    last = [(h.kind, *h.message[1:]) for h in heard[-4:]]
    return not sounding and last == [(CONTROL, 64, 0), (CONTROL, 123, 0)] * 2


def summary(seconds: list[float]) -> list[object]:
    """How many, their median, the longest."""
    return [len(seconds), ms(statistics.median(seconds)), ms(max(seconds))]


def ms(seconds: float) -> str:
    """Milliseconds, for a table."""
    return f"{seconds * 1000:.2f} ms" if abs(seconds) < 0.1 else f"{seconds * 1000:,.0f} ms"


PARTS: dict[str, tuple[str, Callable[[Recorder, Path], list[list[object]]]]] = {
    "idle": ("Timing, idle", lambda recorder, text: punctuality(recorder, text, 5)),
    "busy": (
        "Timing, with one core busy beside it",
        lambda recorder, text: punctuality(recorder, text, 5, beside=1),
    ),
    "hour": ("Timing over an hour", lambda recorder, text: punctuality(recorder, text, 60)),
    "starts": ("The first note", quickness),
    "ends": ("Ways out", manners),
}


if __name__ == "__main__":
    main()
