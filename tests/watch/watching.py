"""A watcher to test, and poems to give it."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sonify.cli import main
from sonify.watch.home import HIDDEN

LONGEST = 120.0
"""Seconds to wait for something that must happen."""


IMPATIENT = """
import sys
from sonify.cli import main
from sonify.watch import keeper, scanner, watcher
scanner.SETTLE = 0.2
keeper.PAUSE = watcher.PAUSE = watcher._TICK = 0.5
sys.exit(main())
"""
"""The command with shorter pauses between looks at what is to be waited for."""


class Watch:
    """A `sonify watch` in a process of its own, and what it logs."""

    def __init__(
        self,
        inbox: Path,
        out: Path,
        *options: str,
        command: tuple[str, str] = ("-m", "sonify"),
        prefix: tuple[str, ...] = (),
        env=None,
    ):
        self.inbox, self.out = inbox, out
        self.events: list[dict] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._heeded = 0
        watch = ("watch", str(inbox), "--out", str(out), "--log-json")
        self.process = subprocess.Popen(
            [*prefix, sys.executable, *command, *watch, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)

    def expect(self, event: str, **values: object) -> dict:
        """Waits until an event is logged that hasn't been returned before."""
        until = time.monotonic() + LONGEST
        while True:
            for entry in self.events[self._heeded :]:
                self._heeded += 1
                if entry["event"] == event and values.items() <= entry.items():
                    return entry
            try:
                line = self._lines.get(timeout=max(0.0, min(until - time.monotonic(), 1.0)))
                self.events.append(json.loads(line))
            except queue.Empty:
                if self.process.poll() is not None and self._lines.empty():
                    errors = self.process.stderr.read()
                    pytest.fail(f"left without {event} {values}: {self.events[-3:]} {errors}")
                if time.monotonic() > until:
                    pytest.fail(f"no {event} {values} in {LONGEST} s: {self.events[-3:]}")

    def expect_all(self, event: str, paths: set[str]) -> None:
        """Waits until the event is logged for each of the paths, in whatever order."""
        while paths:
            paths = paths - {self.expect(event)["path"]}

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Asks it to leave, and returns its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(LONGEST)
        self.log()
        return code

    def log(self) -> list[dict]:
        """All that was logged, once it has left."""
        while True:
            try:
                self.events.append(json.loads(self._lines.get(timeout=0.2)))
            except queue.Empty:
                return self.events

    def kill(self) -> None:
        """Kills it and its workers, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def once(inbox: Path, out: Path, *options: str) -> int:
    """`sonify watch --once` in this process; returns its exit code."""
    return main(["watch", str(inbox), "--out", str(out), "--once", *options])


def composed(text: Path, *options: str) -> bytes:
    """What `sonify compose` makes of a text."""
    made = text.parent.parent / f"{text.name}.composed.mid"
    assert main(["compose", str(text), "-o", str(made), "--quiet", *options]) == 0
    return made.read_bytes()


def poem(number: int, lines: int = 4) -> str:
    """A poem of a few lines, another one for every number."""
    words = ("달이", "별이", "눈물이", "바람이", "꽃잎이", "어둠이", "노래가", "그늘이")
    deeds = ("진다", "웃는다", "운다", "흐른다", "빛난다", "사라진다", "돌아온다", "멀어진다")
    return "".join(
        f"{words[(number + line) % 8]} {number}번 {deeds[(number // 8 + 3 * line) % 8]}\n"
        for line in range(lines)
    )


def wait_until(condition: Callable[[], object]) -> None:
    """Waits until a condition holds that must hold some time."""
    until = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < until, f"not within {LONGEST} s"
        time.sleep(0.02)


def children(pid: int) -> set[int]:
    """The workers of a watcher (and what Python keeps beside them)."""
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def workers(pid: int) -> set[int]:
    """The workers of a watcher that composes."""
    return {
        child
        for child in children(pid)
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()
    }


def hidden(out: Path) -> set[str]:
    """What lies in the hidden folder among the soundtracks."""
    return {file.relative_to(out / HIDDEN).as_posix() for file in (out / HIDDEN).rglob("*")}
