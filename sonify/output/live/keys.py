"""Single keys from the terminal, while something else is going on."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

_SEQUENCES = {
    "\x1b[C": "right", "\x1bOC": "right",
    "\x1b[D": "left", "\x1bOD": "left",
    "\x1b[6~": "page down", "\x1b[5~": "page up",
    " ": "space", "=": "+",
}  # fmt: skip
_WINDOWS = {"M": "right", "K": "left", "Q": "page down", "I": "page up"}


class Keys:
    """Reads keys while its `with` block lasts, and leaves the terminal as it was.

    Args:
        press: takes each key, in a thread of its own: a character, or "space", "left", "right",
            "page up", "page down".
        terminal: whether a terminal on standard input is for keys; if not, it is for the text,
            and there are keys only where the text comes from elsewhere.
    """

    def __init__(self, press: Callable[[str], None], terminal: bool) -> None:
        self._press = press
        self._terminal = terminal
        self._file: int | None = None
        self._before: list[Any] = []

    def __enter__(self) -> "Keys":
        if sys.platform == "win32":
            threading.Thread(target=self._watch_windows, daemon=True).start()
            return self
        with contextlib.suppress(OSError):  # no terminal, no keys
            if self._terminal == sys.stdin.isatty():  # or else the text is being typed on it
                file = os.open("/dev/tty", os.O_RDONLY)
                if os.tcgetpgrp(file) == os.getpgrp():  # in the background keys aren't ours
                    self._file = file
        if self._file is not None:
            self.listen()
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def listen(self) -> None:
        """Has the terminal give keys one by one, unechoed; Ctrl-C and Ctrl-Z stay what they are."""
        import termios
        import tty

        if self._file is not None:
            self._before = termios.tcgetattr(self._file)
            tty.setcbreak(self._file)
            ours = termios.tcgetattr(self._file)
            ours[0] &= ~termios.IXON  # Ctrl-S would hold the screen, and the music with it
            termios.tcsetattr(self._file, termios.TCSANOW, ours)

    def __exit__(self, *exception: object) -> None:
        self.rest()

    def rest(self) -> None:
        """Gives the terminal back, until `listen` is called again."""
        if self._file is not None:
            import termios

            with contextlib.suppress(termios.error):  # it may be closed
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def _watch(self) -> None:
        assert self._file is not None
        with contextlib.suppress(OSError):
            while typed := os.read(self._file, 64):
                for key in _split(typed.decode("utf-8", "ignore")):
                    self._press(key)

    def _watch_windows(self) -> None:
        import msvcrt

        read: Callable[[], str] = getattr(msvcrt, "getwch")  # noqa: B009 - not on other systems
        while True:
            key = read()
            self._press(_WINDOWS.get(read(), "") if key in "\x00\xe0" else _SEQUENCES.get(key, key))


def _split(typed: str) -> Iterator[str]:
    """The names of the keys that were typed at once."""
    while typed:
        sequence = next((s for s in _SEQUENCES if typed.startswith(s)), typed[0])
        yield _SEQUENCES.get(sequence, sequence)
        typed = typed[len(sequence) :]
