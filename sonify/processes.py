"""Processes beside this one, which work while it does something else."""

import multiprocessing
import signal
import threading
from collections.abc import Callable
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
    if threading.current_thread() is threading.main_thread():
        # It must not hear Ctrl-C even before it can say so.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, before)
    else:
        process.start()
    theirs.close()
    return process, ours


def _run(work: Callable[..., None], *arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(*arguments)
