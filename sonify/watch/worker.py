"""Composes, in a process of its own: what takes it down (no memory left, a crash of the JVM)
doesn't take the watcher down.

The watcher imports this too, but nothing that composes: it runs for months and is to stay small.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.errors import SonifyError, UnwritableError
from sonify.melody.score import Phrase
from sonify.watch.home import staged_file
from sonify.watch.inbox import Signature
from sonify.watch.options import Options

if TYPE_CHECKING:
    from sonify.pipeline import Models

_MODEL_SETS = 2  # that a worker keeps loaded; few folders ask for others than the shipped ones


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to do.

    Attributes:
        path: the text, relative to the inbox.
        source: the same, absolute.
        signature: the text's, so that nothing else is composed under its key.
        key: what the soundtrack will be known by.
        staged: the folder where it is made.
        options: how.
    """

    path: Path
    source: Path
    signature: Signature
    key: str
    staged: Path
    options: Options


@dataclass(frozen=True, slots=True)
class Composed:
    """It is made: composed in so many seconds, and lasting `duration` seconds."""

    sentences: int
    duration: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The text can't be done."""

    message: str


@dataclass(frozen=True, slots=True)
class Unwritable:
    """There is no writing at present."""

    message: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The text isn't what it was."""


Outcome = Composed | Failed | Unwritable | Changed


class _ChangedError(Exception):
    pass


def work(jobs: Connection, warm: Options | None) -> None:
    """Composes until its watcher goes: receives a `Job`, sends an `Outcome`.

    Sends None when it is ready for the first one.

    Args:
        jobs: to the watcher.
        warm: options whose models are loaded before the first job.
    """
    for number in ("SIGINT", "SIGTERM", "SIGHUP"):  # the watcher hears them too, and decides
        if hasattr(signal, number):
            signal.signal(getattr(signal, number), signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_watcher, daemon=True).start()
    with contextlib.suppress(OSError):  # where memory runs out, Linux is to end a worker first
        Path("/proc/self/oom_score_adj").write_text("500")
    from sonify.pipeline import Models

    load = lru_cache(maxsize=_MODEL_SETS)(Models.load)
    if warm:
        with contextlib.suppress(SonifyError):  # each job will say so
            load(warm.mood, warm.major, warm.minor)
    jobs.send(None)
    while True:
        try:
            job = jobs.recv()
        except EOFError:
            return
        try:
            options = job.options
            outcome = _compose(job, load(options.mood, options.major, options.minor))
        except _ChangedError:
            outcome = Changed()
        except UnwritableError as error:
            outcome = Unwritable(_message(job, error))
        except SonifyError as error:
            outcome = Failed(_message(job, error)) if _is_unchanged(job) else Changed()
        except MemoryError:
            raise  # this process is best replaced by a fresh one
        except Exception as error:  # a text may be one that nobody has thought of
            outcome = Failed(
                f"sonify stumbled over this text ({type(error).__name__}: {error}): "
                "please report it, with the text"
            )
        try:
            jobs.send(outcome)
        except BrokenPipeError:
            return


def _compose(job: Job, models: Models) -> Outcome:
    from sonify.output.formats import output_for
    from sonify.pipeline import compose, perform

    began = time.monotonic()
    options = job.options
    score = compose(job.source, lambda: models, options.settings)
    score = dataclasses.replace(score, phrases=_unchanged(job, score.phrases))
    outputs = [
        output_for(
            staged_file(job.staged, suffix),
            score,
            source=job.source,
            program=options.program,
            soundfont=options.soundfont,
        )
        for suffix in options.suffixes
    ]
    sentences = 0
    duration = 0.0

    def count(phrase: Phrase) -> None:
        nonlocal sentences, duration
        sentences += len(phrase.moods)
        duration += phrase.duration

    perform(score, outputs, count)
    return Composed(sentences, duration, time.monotonic() - began)


def _unchanged(job: Job, phrases: Iterator[Phrase]) -> Iterator[Phrase]:
    """The phrases, as long as the text stays as it is."""
    for phrase in phrases:
        if not _is_unchanged(job):
            raise _ChangedError
        yield phrase
    if not _is_unchanged(job):
        raise _ChangedError


def _is_unchanged(job: Job) -> bool:
    try:
        return Signature.of(job.source.lstat()) == job.signature
    except OSError:
        return False


def _message(job: Job, error: SonifyError) -> str:
    """What is wrong, without the folder that only we know of."""
    return str(error).replace(f"{job.staged}{os.sep}", "")


def _leave_with_the_watcher() -> None:
    """Nobody else would end a worker whose watcher was killed."""
    watcher = parent_process()
    assert watcher is not None
    connection.wait([watcher.sentinel])
    os._exit(1)
