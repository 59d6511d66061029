"""The workers: started when there is work, given it, and replaced when they crash."""

import contextlib
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Self

from sonify.errors import SonifyError
from sonify.processes import spawn
from sonify.watch.options import Options
from sonify.watch.worker import Job, Outcome, work

_STILLBORN = 3  # workers in a row that end before they are ready: more won't help


@dataclass(frozen=True, slots=True)
class Finished:
    """A worker has finished a job."""

    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Crashed:
    """A worker has crashed over a job; `reason` is for a person."""

    job: Job
    reason: str


class _Worker:
    def __init__(self, process: BaseProcess, jobs: Connection) -> None:
        self.process = process
        self.jobs = jobs
        self.job: Job | None = None
        self.ready = False
        self.last = False  # whether its job is its last one
        self.listener: threading.Thread


@dataclass(frozen=True, slots=True)
class Heard:
    """A worker said something: an outcome, or None that it is ready."""

    worker: _Worker
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker's process has ended."""

    worker: _Worker


class Crew:
    """Up to so many workers, inside a `with` block.

    Args:
        size: how many there may be at once.
        tell: called, by any thread, with each `Heard` and `Ended`, which are to be given to
            `follow` by the thread that the crew belongs to.
        warm: what every worker prepares for; if given, they all start at once.
    """

    def __init__(
        self, size: int, tell: Callable[[Heard | Ended], None], warm: Options | None
    ) -> None:
        self._size = size
        self._tell = tell
        self._warm = warm
        self._workers: list[_Worker] = []
        self._stillborn = 0

    def __enter__(self) -> Self:
        if self._warm:
            for _ in range(self._size):
                self._hire()
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            self._bury(worker)
        self._workers.clear()

    @property
    def size(self) -> int:
        """How many workers there may be at once."""
        return self._size

    @property
    def jobs(self) -> list[Job]:
        """What is being done."""
        return [worker.job for worker in self._workers if worker.job]

    def start(self, job: Job) -> None:
        """Gives a job to a worker who has none; there must be fewer jobs than workers."""
        idle = [worker for worker in self._workers if not worker.job]
        worker = idle[0] if idle else self._hire()
        worker.job = job
        with contextlib.suppress(OSError):  # it has just crashed: its listener tells
            worker.jobs.send(job)

    def renew(self) -> None:
        """Replaces the workers, those that have a job when it is done."""
        for worker in list(self._workers):
            if worker.job:
                worker.last = True
            else:
                self._dismiss(worker)

    def follow(self, event: Heard | Ended) -> Finished | Crashed | None:
        """What an event means for a job, if anything.

        Raises:
            SonifyError: workers end before they are ready, one after the other.
        """
        worker = event.worker
        if worker not in self._workers:
            return None
        job = worker.job
        if isinstance(event, Heard):
            if event.outcome is None:
                worker.ready = True
                self._stillborn = 0
                return None
            assert job is not None
            worker.job = None
            if worker.last:
                self._dismiss(worker)
            return Finished(job, event.outcome)
        self._workers.remove(worker)
        self._bury(worker)
        reason = _reason(worker.process.exitcode)
        if worker.ready:
            return Crashed(job, reason) if job else None
        self._stillborn += 1
        if self._stillborn == _STILLBORN:
            raise SonifyError(
                f"the processes that compose end before they have begun ({reason}); "
                "what they said is above"
            )
        replacement = self._hire()
        if job:
            replacement.job = job
            with contextlib.suppress(OSError):
                replacement.jobs.send(job)
        return None

    def _hire(self) -> _Worker:
        process, jobs = spawn(work, self._warm)
        worker = _Worker(process, jobs)
        worker.listener = threading.Thread(target=self._listen, args=(worker,), daemon=True)
        worker.listener.start()
        self._workers.append(worker)
        return worker

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        self._bury(worker)

    def _listen(self, worker: _Worker) -> None:
        try:
            while True:
                self._tell(Heard(worker, worker.jobs.recv()))
        except (EOFError, OSError):
            worker.process.join()
            self._tell(Ended(worker))

    @staticmethod
    def _bury(worker: _Worker) -> None:
        worker.process.join()
        worker.listener.join()
        worker.jobs.close()


def _reason(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"exit code {exitcode}"
    name = signal.Signals(-exitcode).name
    return f"{name}{', perhaps for want of memory' if name == 'SIGKILL' else ''}"
