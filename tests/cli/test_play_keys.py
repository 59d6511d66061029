"""`sonify play` on a terminal, with tmux at the keys and at the screen."""

import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recorder import CONTROL, Recorder

ROOT = Path(__file__).parents[2]
NOVEL = ROOT / "samples" / "maengnori.epub"

PROMPT = r"\n[#$]\s*\Z"

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")


class Terminal:
    """A shell in tmux, 100 by 30, on a server of its own: the one before may be ending still."""

    def __init__(self) -> None:
        self._server = f"sonify-test-{uuid.uuid4().hex}"
        self._tmux("new-session", "-d", "-x", "100", "-y", "30", "sh")

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Presses keys, as tmux names them."""
        self._tmux("send-keys", *keys)

    @property
    def text(self) -> str:
        return self._tmux("capture-pane", "-p").stdout

    def wait(self, pattern: str, seconds: float = 45) -> str:
        """Waits until the screen has it, and returns what it is."""
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < until, f"no {pattern!r} on the screen:\n{self.text}"
            time.sleep(0.05)
        return found.group()

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["tmux", "-L", self._server, "-f", "/dev/null", "-u", *arguments],
            text=True,
            capture_output=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        )


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def sung(terminal: Terminal) -> str:
    """The sentence that is being sung: it stands between two empty lines of the panel."""
    lines = [line.strip("│ ") for line in terminal.text.splitlines() if line.startswith("│")]
    return lines[3] if len(lines) > 3 else ""


def changes(terminal: Terminal, before: str, seconds: float = 45) -> str:
    """Waits until another sentence is sung, and returns it."""
    until = time.monotonic() + seconds
    while (now := sung(terminal)) in ("", before):
        assert time.monotonic() < until, f"still {before!r}:\n{terminal.text}"
        time.sleep(0.05)
    return now


def reaches(terminal: Terminal, sentence: str, seconds: float = 45) -> None:
    """Waits until a sentence is sung."""
    until = time.monotonic() + seconds
    while sung(terminal) != sentence:
        assert time.monotonic() < until, f"not yet {sentence!r}:\n{terminal.text}"
        time.sleep(0.05)


def play(terminal: Terminal, recorder: Recorder) -> None:
    # So slowly that no sentence ends, or is composed, by itself before a key is pressed.
    terminal.type(f"{sys.executable} -m sonify play {NOVEL} --port {recorder.name} --pace 60")
    recorder.wait(recorder.notes, 90)
    changes(terminal, "")


def test_the_keys_do_what_the_screen_says(terminal: Terminal, recorder: Recorder):
    play(terminal, recorder)
    for key in ("space", "← →", "PgUp PgDn", r"\+ −", "m mode", "q quit"):
        terminal.wait(key)
    terminal.wait(r"(major|minor)   ♩ = \d+")
    terminal.wait(r"mood [─┼●]{9} [+-]\d\.\d\d   intensity [█░]{8}")
    first = sung(terminal)

    terminal.press("Space")
    terminal.wait("paused")
    recorder.wait(lambda: not recorder.sounding())
    heard = len(recorder.notes())
    time.sleep(1)
    assert len(recorder.notes()) == heard
    terminal.press("Space")
    recorder.wait(lambda: len(recorder.notes()) > heard)

    terminal.press("Right")
    second = changes(terminal, first)
    terminal.press("Right")
    third = changes(terminal, second)
    terminal.press("Left")
    assert changes(terminal, third) == second
    terminal.press("Left")
    assert changes(terminal, second) == first
    terminal.press("Right", "Right")
    reaches(terminal, third)
    terminal.press("Left", "Left")
    reaches(terminal, first)

    chapter = terminal.text.rstrip().splitlines()[-1]
    terminal.press("PageDown")
    changes(terminal, first)
    assert terminal.text.rstrip().splitlines()[-1] != chapter
    terminal.press("PageUp")
    reaches(terminal, first)

    terminal.press("+", "+")
    terminal.wait(r"\(× 1\.10\)")
    terminal.press("-")
    terminal.wait(r"\(× 1\.05\)")
    terminal.press("m")
    terminal.wait("from the next sentence on: major")
    terminal.press("m")
    terminal.wait("from the next sentence on: minor")
    terminal.press("Right", "Right", "Right")
    terminal.wait(r"minor   ♩")

    terminal.press("q")
    recorder.wait(lambda: recorder.heard()[-1].message == (CONTROL | 1, 123, 0), 5)
    assert not recorder.sounding()
    terminal.wait(PROMPT)
    terminal.type("echo as$((1 + 1))before")
    terminal.wait("as2before")
    assert "came too late" not in terminal.text
    assert "echo as" in terminal.text  # the terminal shows again what is typed


def test_ctrl_z_is_a_pause_and_a_closed_terminal_the_end(terminal: Terminal, recorder: Recorder):
    play(terminal, recorder)
    terminal.press("C-z")
    recorder.wait(lambda: not recorder.sounding(), 3)
    heard = len(recorder.notes())
    terminal.wait(PROMPT)
    terminal.type("echo still $((3 * 3))")
    terminal.wait("still 9")
    assert len(recorder.notes()) == heard
    terminal.type("fg")
    recorder.wait(lambda: len(recorder.notes()) > heard)
    recorder.wait(recorder.sounding)
    terminal.close()
    recorder.wait(lambda: recorder.heard()[-1].message == (CONTROL | 1, 123, 0), 5)
    assert not recorder.sounding()


def test_a_poem_can_be_typed_on_the_terminal(terminal: Terminal, recorder: Recorder):
    options = f"--port {recorder.name} --pace 3000 --tempo 4"
    terminal.type(f"{sys.executable} -m sonify play - {options}")
    terminal.wait("-m sonify play")
    terminal.type("q 봄바람이 창을 두드렸다")
    recorder.wait(recorder.notes, 90)
    terminal.wait(r"(major|minor)  [+-]\d.\d\d  q 봄바람이 창을 두드렸다")
    terminal.press("C-d")
    recorder.wait(lambda: recorder.heard()[-1].message == (CONTROL | 1, 123, 0), 20)
    assert not recorder.sounding()
    terminal.wait(PROMPT)
