"""Processes beside this one, which work while it does something else."""

import contextlib
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any


def spawn(work: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, Connection]:
    """Starts a process that runs `work(pipe, *arguments)`, and returns it with our end of the pipe.

    It is ended when this one ends, however that is, if it takes the end of the pipe for its own.
    Ctrl-C, which reaches every process of a terminal, is for this one alone to answer.

    Args:
        work: a function of a module.
        arguments: what can be pickled.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(work, theirs, *arguments), daemon=True)
    with _without_ctrl_c():
        process.start()
    theirs.close()
    return process, ours


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """What is started in the block must not hear Ctrl-C even before it can say so; we hear it then.

    To start a process can take long: it is given its arguments then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
    elif sys.platform == "win32":
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
    else:
        resource_tracker.ensure_running()  # it would let Ctrl-C through when it is started
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _run(work: Callable[..., None], *arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(*arguments)
