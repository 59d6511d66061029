"""The player's end of the pipes to the sender."""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import IO, Self, cast

from sonify.output.live.messages import Failed, Setup

_PATIENCE = 3.0  # seconds that the sender has to let every note end


class Link:
    """Starts a sender, and sees to it that it ends.

    Args:
        setup: which port it opens.
        hear: takes what it says, in a thread of the link's; a last `Failed` when it is gone.
    """

    def __init__(self, setup: Setup, hear: Callable[[object], None]) -> None:
        self._setup = setup
        self._hear = hear

    def __enter__(self) -> Self:
        self._sender = subprocess.Popen(
            [sys.executable, "-m", "sonify.output.live.sender"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # JACK's library prints to it
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C and a closing terminal are the player's
        )
        self._orders = cast(IO[bytes], self._sender.stdin)
        threading.Thread(target=self._listen, daemon=True).start()
        self.send(self._setup)
        return self

    @property
    def process(self) -> int:
        """The sender's process number."""
        return self._sender.pid

    def send(self, order: object) -> None:
        """Says something to the sender; when it has gone, `hear` is told."""
        with contextlib.suppress(OSError):
            pickle.dump(order, self._orders)
            self._orders.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            with contextlib.suppress(OSError):
                self._orders.close()
            self._sender.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # its port blocks
            self._sender.kill()
            self._sender.wait()

    def _listen(self) -> None:
        reports = cast(IO[bytes], self._sender.stdout)
        try:
            while True:
                self._hear(pickle.load(reports))
        except (EOFError, OSError, pickle.UnpicklingError):
            self._hear(Failed("the process that sends the notes has ended"))
