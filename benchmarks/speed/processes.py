"""Whole processes, timed and weighed."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import psutil

_LOOK = 0.02  # of the time so far goes by before the memory is looked at again: it costs some


class Run(NamedTuple):
    """A process that has ended.

    Attributes:
        seconds: from start to end.
        megabytes: the most that it and the processes it started held at a time; what several share
            counts once (Linux' proportional set size).
        said: the JSON object in its last line, if there is one.
    """

    seconds: float
    megabytes: float
    said: dict[str, Any]


def run(*command: object, weigh: bool = True) -> Run:
    """Runs `python COMMAND …` to its end, one BLAS thread.

    Args:
        command: arguments of Python.
        weigh: whether to look at the memory; looking takes some of the processor.
    """
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    most = 0.0
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *map(str, command)], stdout=out, stderr=errors, env=environment
        )
        if weigh:
            while process.poll() is None:
                most = max(most, _megabytes(process.pid))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(_LOOK, _LOOK * (time.perf_counter() - began)))
        code = process.wait()
        seconds = time.perf_counter() - began
        if code:
            errors.seek(0)
            raise SystemExit(f"{errors.read()}{' '.join(map(str, command))} ended with {code}")
        out.seek(0)
        last = out.read().strip().rpartition("\n")[2]
    return Run(seconds, most, json.loads(last) if last.startswith("{") else {})


def in_turn(contestants: dict[str, Callable[[], float]], rounds: int = 5) -> dict[str, list[float]]:
    """Each contestant's figure in every round; within a round they take turns."""
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            figures[name].append(measure())
            print(f"  {name}: {figures[name][-1]:.4g}", file=sys.stderr, flush=True)
    return figures


def median(figures: list[float]) -> float:
    """Their median."""
    return statistics.median(figures)


def _megabytes(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_full_info().pss for member in family) / 1e6
    except psutil.Error:  # one of them has just ended
        return 0.0
