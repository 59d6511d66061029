"""The player's end of the pipes to a process that works for it."""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self, cast

from sonify.output.live.messages import Failed


class Link:
    """Starts a process, and sees to it that it ends.

    Args:
        module: what it runs; it is to end when its standard input does.
        setup: the first thing that is said to it.
        hear: takes what it says, in a thread of the link's; a last `Failed` when it is gone.
        patience: seconds that it may take to end.
    """

    def __init__(
        self, module: str, setup: object, hear: Callable[[object], None], patience: float
    ) -> None:
        self._module = module
        self._setup = setup
        self._hear = hear
        self._patience = patience

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # JACK's library prints to it
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C and a closing terminal are the player's
        )
        self._orders = cast(IO[bytes], self._process.stdin)
        threading.Thread(target=self._listen, daemon=True).start()
        self.send(self._setup)
        return self

    @property
    def process(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, order: object) -> None:
        """Says something to the process; when it has gone, `hear` is told."""
        with contextlib.suppress(OSError):
            pickle.dump(order, self._orders)
            self._orders.flush()

    def close(self) -> None:
        """Lets the process end, and waits for it."""
        with contextlib.suppress(OSError):
            self._orders.close()
        try:
            self._process.wait(self._patience)
        except subprocess.TimeoutExpired:  # its port blocks
            self._process.kill()
            self._process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _listen(self) -> None:
        reports = cast(IO[bytes], self._process.stdout)
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                self._hear(pickle.load(reports))
        self._hear(Failed("the process that sends the notes has ended"))
