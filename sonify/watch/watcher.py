"""Keeps a folder sonified: hears what the scanner finds, lets the crew compose, publishes.

Whatever happens, the order of things is the same: a soundtrack is made aside, the database stops
believing in the old one, the new one is renamed into place, the database believes in it, the log
says so. A kill between any two of them costs at most that the text is composed again.
"""

import errno
import os
import queue
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from sonify.errors import SonifyError
from sonify.watch import systemd
from sonify.watch.crew import Crashed, Crew, Ended, Finished, Heard
from sonify.watch.events import Events, unwatched
from sonify.watch.home import Home
from sonify.watch.inbox import Inbox, Signature
from sonify.watch.log import Log, one_line
from sonify.watch.options import OptionsOf, reread_models
from sonify.watch.scanner import (
    Busy,
    Finding,
    Found,
    Gone,
    Lost,
    Scanned,
    Scanner,
    Settled,
    Unreadable,
)
from sonify.watch.state import LONG, Record
from sonify.watch.worker import Changed, Composed, Failed, Job, Unwritable

POLL = 10.0
"""Seconds between scans where the system doesn't tell of changes."""

_SCAN = 60.0  # seconds between scans where it does
_SCAN_SHARE = 1 / 300  # of a core, at most, that these scans may take
_POLL_SHARE = 1 / 20
_TICK = 5.0  # seconds between looks at whether all is well
_HEARTBEAT = 600.0  # seconds between lines that say that it is
_PAUSE = 5.0  # seconds to wait when nothing can be written
_BATCH = 200  # findings that are taken in before anything else is done
_CRASHES = 3  # of the process that composes a text, before the text is given up

# What is wrong with a name, rather than with the disk.
_ILL_NAMED = {
    errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG, errno.EINVAL,
    errno.EILSEQ,
}  # fmt: skip


class _TroubleError(Exception):
    """The inbox or the folder of soundtracks isn't there, or not what it was."""


class Watcher:
    """Keeps a folder sonified until it is told to stop.

    Args:
        inbox: the folder that is watched; it is only ever read.
        out: the folder of soundtracks; made if it isn't there.
        read_options: reads the options of all folders, at the start and when they have changed.
        log: is told what happens.
        workers: how many texts may be composed at once.
        poll: seconds between scans; None to let the system tell of changes.
        once: whether to leave when all that is there is done.
        prune: whether soundtracks of texts that are gone are removed.

    Raises:
        SonifyError: a folder isn't there or can't be used.
    """

    def __init__(
        self,
        inbox: Path,
        out: Path,
        read_options: Callable[[], OptionsOf],
        log: Log,
        *,
        workers: int = 1,
        poll: float | None = None,
        once: bool = False,
        prune: bool = False,
    ) -> None:
        if not inbox.is_dir():
            raise SonifyError(f"can't watch {inbox}: it isn't a folder")
        if not out.parent.is_dir():
            raise SonifyError(f"can't make {out}: the folder {out.parent} isn't there")
        out = out.resolve()
        self._inbox = Inbox(inbox.resolve(), out)
        self._out = out
        self._read_options = read_options
        self._log = log
        self._workers = workers
        self._poll = poll
        self._once = once
        self._prune = prune
        self._queue: queue.SimpleQueue[Finding | Heard | Ended | None] = queue.SimpleQueue()
        self._stopping = False
        self._rereading = False
        self._crashes: Counter[Path] = Counter()
        self._trouble: str | None = None
        self._beat_at = 0.0
        self._finished = 0
        # What lasts as long as the folder of soundtracks is held:
        self._home: Home
        self._crew: Crew
        self._scanner: Scanner
        self._options_of: OptionsOf
        self._settings: frozenset[tuple[Path, Signature]] | None
        self._events: ExitStack
        self._is_settled: bool
        self._missing: int
        self._paused_until: float
        self._tick_at: float

    def stop(self) -> None:
        """Asks to leave; a signal handler may."""
        self._stopping = True
        self._queue.put(None)

    def reread(self) -> None:
        """Asks to read options and models again; a signal handler may."""
        self._rereading = True
        self._queue.put(None)

    def run(self) -> int:
        """Keeps the folder sonified.

        Returns:
            how many texts stand as failed, or couldn't be written, when it leaves.

        Raises:
            SonifyError: it can't begin, or can't go on. What merely takes time to be put right (a
                full disk, a folder that is gone) is waited for, except at the start and with
                `once`.
        """
        begun = failed = 0
        while not self._stopping:
            try:
                if begun:
                    self._reach_folders()
                with Home(self._out) as self._home:
                    begun += 1
                    failed = self._keep()
            except (_TroubleError, OSError, sqlite3.Error) as error:
                if self._once or not begun:
                    raise SonifyError(f"can't use {self._out}: {_reason(error)}") from error
                self._complain(_reason(error))
                self._wait(_PAUSE)
            else:
                break
        systemd.notify("STOPPING=1")
        self._log("stopped", "stopped", done=self._finished)
        return failed

    def _keep(self) -> int:
        """Keeps the folder sonified as long as all is well; returns how many texts stand failed."""
        state = self._home.state
        if self._home.damage:
            self._log("damaged", f"the database is damaged ({self._home.damage}): begun anew")
        self._options_of = self._read_options()
        self._settings = None
        self._is_settled = False
        self._paused_until = self._tick_at = 0.0
        self._missing = 0
        self._queue = queue.SimpleQueue()
        for standing in ("composing", "looking", "held"):
            state.restand(standing, "waiting")
        state.commit()
        for record in state.renaming():
            self._rename_soundtrack(record)
        self._remove_leaving()
        warm = None
        if not self._once:
            try:
                warm = self._options_of(Path())
            except SonifyError as error:
                self._log("settings", str(error))
        with ExitStack() as stack:
            self._crew = stack.enter_context(Crew(self._workers, self._queue.put, warm))
            self._events = stack.enter_context(ExitStack())
            self._watch()
            self._log(
                "started",
                f"watching {self._inbox.folder} for {self._out}",
                inbox=self._inbox.folder,
                out=self._out,
                workers=self._workers,
            )
            systemd.notify("READY=1")
            self._loop()
        if self._once and self._prune:
            self._remove_gone()
        counts = state.counts()
        return counts.get("failed", 0) + counts.get("held", 0)

    def _watch(self) -> None:
        """Starts looking, again if need be: with the system's help unless that is to be had not."""
        self._events.close()
        interval, share = (self._poll, _POLL_SHARE) if self._poll else (_SCAN, _SCAN_SHARE)
        self._scanner = Scanner(
            self._inbox, self._home, self._queue.put, interval, share, once=self._once
        )
        self._events.enter_context(self._scanner)
        if self._poll or self._once:
            return
        try:
            self._events.enter_context(Events(self._inbox, self._scanner))
        except OSError as error:
            self._poll_instead(str(error))

    def _poll_instead(self, reason: str) -> None:
        self._poll = POLL
        self._log(
            "polling",
            f"the system doesn't tell of changes ({reason}): looking every {POLL:g} s instead",
            reason=reason,
        )
        self._watch()

    def _loop(self) -> None:
        while not self._stopping:
            if time.monotonic() >= self._tick_at:
                self._tick()
            if self._rereading:
                self._rereading = False
                self._log("settings", "options and models are read again")
                reread_models()
                self._crew.renew()
                self._reread_options()
                self._scanner.scan()
            self._dispatch()
            self._home.state.commit()
            if self._once and self._is_finished():
                return
            messages = []
            with suppress(queue.Empty):
                pause = max(0.0, self._tick_at - time.monotonic())
                messages.append(self._queue.get(timeout=pause))
                while len(messages) < _BATCH:
                    messages.append(self._queue.get_nowait())
            for message in messages:
                if not self._stopping:
                    self._handle(message)

    def _tick(self) -> None:
        """What is to be seen to now and then."""
        self._tick_at = time.monotonic() + _TICK
        systemd.notify("WATCHDOG=1")
        self._reach_folders()
        if not self._home.is_in_place():
            raise _TroubleError(f"{self._out} isn't the folder that it was")
        if self._prune and not self._once:
            self._remove_gone()
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + _HEARTBEAT
            counts = self._home.state.counts()
            waiting = sum(counts.get(name, 0) for name in ("waiting", "held", "looking"))
            text = (
                f"{counts.get('done', 0)} done, {counts.get('composing', 0)} composing, "
                f"{waiting} waiting, {counts.get('failed', 0)} failed"
            )
            systemd.notify(f"STATUS={text}")
            self._log("heartbeat", text, **counts)

    def _reach_folders(self) -> None:
        for folder in (self._inbox.folder, self._out):
            try:
                os.scandir(folder).close()
            except OSError as error:
                raise _TroubleError(f"{folder} can't be reached ({_reason(error)})") from error

    def _is_finished(self) -> bool:
        if not self._is_settled or self._crew.jobs:
            return False
        counts = self._home.state.counts()
        return not (counts.get("waiting") or counts.get("looking"))

    def _handle(self, message: Finding | Heard | Ended | None) -> None:
        match message:
            case Found():
                self._found(message)
            case Unreadable():
                self._unreadable(message)
            case Gone():
                self._gone(message.path)
            case Busy():
                self._log(
                    "busy",
                    f"{message.path} is left for another time: it is still being written",
                    path=message.path,
                )
                record = self._home.state.get(message.path)
                if record and record.standing == "looking":
                    self._home.state.stand(message.path, "held")
            case Scanned():
                self._scanned(message)
            case Settled():
                self._is_settled = True
            case Lost():
                raise message.reason
            case Heard() | Ended():
                match self._crew.follow(message):
                    case Finished(job, outcome):
                        self._finish(job, outcome)
                    case Crashed(job, reason):
                        self._crashed(job, reason)

    # What the scanner finds.

    def _found(self, found: Found) -> None:
        state = self._home.state
        self._heed_renaming(found)
        if state.get(found.path) is None:
            state.add(found.path, self._home.name(found.path))
        state.see(found.path, found.signature, found.content)
        record = state.get(found.path)
        assert record is not None
        self._want(record)

    def _heed_renaming(self, found: Found) -> None:
        """If a text that has a soundtrack is found by a new name, its soundtrack is renamed too."""
        state = self._home.state
        inode = found.signature.inode
        for before in state.same_file(found.content, inode, besides=found.path):
            if before.made and self._is_missing(before.path):
                replaced = state.get(found.path)
                output = replaced.output if replaced else self._home.name(found.path)
                state.rename(before, found.path, output)
                state.stand(found.path, "looking")
                state.commit()
                record = state.get(found.path)
                assert record is not None
                self._rename_soundtrack(record)
                self._log(
                    "renamed",
                    f"{before.path} is {found.path} now, and so is its soundtrack",
                    path=found.path,
                    before=before.path,
                    content=found.content,
                )
                return

    def _rename_soundtrack(self, record: Record) -> None:
        try:
            self._home.rename(record)
        except PermissionError as error:  # it is composed again where it can be
            self._complain(f"can't rename {record.was} to {record.output}: {_reason(error)}")
            return
        self._home.state.renamed(record.path)
        self._home.state.commit()

    def _unreadable(self, unreadable: Unreadable) -> None:
        state = self._home.state
        if state.get(unreadable.path) is None:
            state.add(unreadable.path, self._home.name(unreadable.path))
        record = state.get(unreadable.path)
        assert record is not None
        self._fail(record, None, f"can't read {unreadable.path}: {unreadable.reason}")

    def _gone(self, path: Path) -> None:
        state = self._home.state
        record = state.get(path)
        if record is None or record.standing in ("gone", "leaving"):
            return
        if record.made is None:
            self._remove(record)  # what there may be of a soundtrack isn't whole
            return
        with suppress(PermissionError):
            self._home.remove_error(record)
        state.stand(path, "gone")
        stays = "" if self._prune else "; its soundtrack stays"
        self._log("gone", f"{path} is gone{stays}", path=path)

    def _scanned(self, scanned: Scanned) -> None:
        if self._settings != scanned.settings:
            if self._settings is not None:
                self._log("settings", "settings have changed")
            self._settings = scanned.settings
            self._reread_options()
        self._home.state.restand("held", "waiting")
        self._trouble = None
        if not (self._poll or self._once):
            missing = unwatched(scanned.folders)
            if missing and missing == self._missing:
                self._poll_instead(f"inotify's limit leaves out {missing} folders")
            elif missing:
                self._scanner.scan()  # they may just have been made
            self._missing = missing

    def _reread_options(self) -> None:
        """Every text may now be wanted differently."""
        self._options_of = self._read_options()
        for page in self._home.state.pages():
            for record in page:
                # A text without a key couldn't be read when last tried.
                if record.key and record.standing not in ("gone", "leaving", "looking"):
                    self._want(record)

    # What is to be done.

    def _want(self, record: Record) -> None:
        """Settles whether there is something to do about a text whose content is known."""
        assert record.content is not None
        state = self._home.state
        try:
            key = self._options_of(record.path.parent).key(record.content, record.path.suffix)
        except SonifyError as error:
            self._fail(record, f"{record.content} {error}", str(error))
            return
        if record.made == key:
            if self._home.has(record):
                if record.standing != "done":
                    self._home.remove_error(record)
                    state.done(record.path, key, record.suffixes, record.seconds)
                return
            state.unmake(record.path, record.suffixes)
        elif record.key == key and record.standing in ("waiting", "composing", "held", "failed"):
            return
        if not self._follow(record, key):
            state.wait(record.path, key)

    def _follow(self, record: Record, key: str) -> bool:
        """Gives a text the soundtrack that another text has, if one has what it is to have.

        Returns:
            whether it is settled so, even if only that nothing can be written.
        """
        state = self._home.state
        for other in state.made(key, besides=record.path):
            if not self._home.has(other):
                continue
            staged = self._home.stage()
            try:
                self._home.copy(other, staged)
                self._publish(record, staged, key, other.suffixes, None)
            except OSError as error:
                self._cant_write(record, key, error)
                return True
            finally:
                self._home.discard(staged)
            self._log(
                "copied",
                f"{record.path} has the soundtrack of {other.path}, which is alike",
                path=record.path,
                other=other.path,
                content=record.content,
            )
            return True
        return False

    def _dispatch(self) -> None:
        """Gives texts to workers that have none."""
        if time.monotonic() < self._paused_until:
            return
        while len(self._crew.jobs) < self._crew.size:
            long = sum(job.signature.size >= LONG for job in self._crew.jobs)
            # One worker, where there are several, is kept for short texts.
            short = self._crew.size > 1 and long >= self._crew.size - 1
            record = self._home.state.next(short=short)
            if record is None:
                return
            self._start(record)

    def _start(self, record: Record) -> None:
        assert record.content is not None and record.signature is not None
        state = self._home.state
        try:
            options = self._options_of(record.path.parent)
            key = options.key(record.content, record.path.suffix)
        except SonifyError as error:
            self._fail(record, f"{record.content} {error}", str(error))
            return
        if self._follow(record, key):
            return
        try:
            self._home.prepare(record.output)
        except OSError as error:
            self._cant_write(record, key, error)
            return
        staged = self._home.stage()
        state.wait(record.path, key)
        state.stand(record.path, "composing")
        state.commit()
        if record.signature.size >= LONG:
            self._log("composing", f"composing {record.path}", path=record.path)
        source = self._inbox.folder / record.path
        self._crew.start(Job(record.path, source, record.signature, key, staged, options))

    # What the workers say.

    def _finish(self, job: Job, outcome: object) -> None:
        self._crashes.pop(job.path, None)
        record = self._home.state.get(job.path)
        try:
            if record and record.standing == "composing" and record.key == job.key:
                self._settle(record, job, outcome)
        finally:
            self._home.discard(job.staged)

    def _settle(self, record: Record, job: Job, outcome: object) -> None:
        state = self._home.state
        match outcome:
            case Composed():
                suffixes = job.options.suffixes
                try:
                    self._publish(record, job.staged, job.key, suffixes, outcome.seconds)
                except OSError as error:
                    self._cant_write(record, job.key, error)
                    return
                self._finished += 1
                self._trouble = None
                self._log(
                    "done",
                    f"{record.path} → {record.output}{', '.join(suffixes)}: "
                    f"{outcome.sentences} sentences, {outcome.duration:.0f} s of music, "
                    f"in {outcome.seconds:.1f} s",
                    path=record.path,
                    outputs=[f"{record.output}{suffix}" for suffix in suffixes],
                    content=record.content,
                    sentences=outcome.sentences,
                    duration=round(outcome.duration, 3),
                    seconds=round(outcome.seconds, 3),
                )
                for twin in state.waiting_for(job.key):
                    self._follow(twin, job.key)
            case Failed():
                self._fail(record, job.key, outcome.message)
            case Unwritable():
                state.stand(record.path, "waiting")
                self._pause(outcome.message)
            case Changed():
                state.stand(record.path, "looking")
                state.commit()  # before the scanner reads it
                self._scanner.look(record.path)

    def _crashed(self, job: Job, reason: str) -> None:
        self._home.discard(job.staged)
        record = self._home.state.get(job.path)
        if not (record and record.standing == "composing" and record.key == job.key):
            return
        self._crashes[job.path] += 1
        if self._crashes[job.path] < _CRASHES:
            self._home.state.stand(job.path, "waiting")
            self._log(
                "crashed",
                f"composing {job.path} crashed ({reason}): once more",
                path=job.path,
                reason=reason,
            )
            return
        del self._crashes[job.path]
        self._fail(record, job.key, f"composing this text crashed {_CRASHES} times ({reason})")

    # What is done about it.

    def _publish(
        self, record: Record, staged: Path, key: str, suffixes: tuple[str, ...],
        seconds: float | None,
    ) -> None:  # fmt: skip
        state = self._home.state
        state.unmake(record.path, {*record.suffixes, *suffixes})
        state.commit()
        self._home.publish(staged, record, suffixes)
        state.done(record.path, key, suffixes, seconds)
        state.commit()

    def _fail(self, record: Record, key: str | None, message: str) -> None:
        message, key = one_line(message), key and one_line(key)
        if (record.standing, record.key, record.error) == ("failed", key, message):
            return
        try:
            self._home.write_error(record.output, message)
        except OSError as error:
            if error.errno not in _ILL_NAMED and not isinstance(error, PermissionError):
                raise
        self._home.state.fail(record.path, key, message)
        self._home.state.commit()
        self._log(
            "failed",
            f"{record.path} can't be done: {message}",
            path=record.path,
            content=record.content,
            error=message,
        )

    def _cant_write(self, record: Record, key: str, error: OSError) -> None:
        """Either the text's name is at fault, or something that a user may put right."""
        reason = _reason(error)
        if error.errno in _ILL_NAMED:
            message = f"there can be no soundtrack of this name ({reason}): rename the text"
            partial = self._home.state.get(record.path)
            assert partial is not None
            self._home.remove(partial)
            self._fail(record, key, message)
        elif isinstance(error, PermissionError):  # of its own folder, maybe
            self._home.state.wait(record.path, key)
            self._home.state.stand(record.path, "held")
            self._complain(f"can't write to {self._out / record.output.parent}: {reason}")
        else:
            self._home.state.wait(record.path, key)
            self._pause(reason)

    def _pause(self, reason: str) -> None:
        """Nothing can be written: wait before anything else is composed in vain."""
        if self._once or not self._home.is_in_place():
            raise _TroubleError(reason)
        self._complain(reason)
        self._paused_until = time.monotonic() + _PAUSE

    def _complain(self, reason: str) -> None:
        if reason != self._trouble:
            self._trouble = reason
            self._log("trouble", f"{reason}; trying again until it is put right", reason=reason)

    def _remove_gone(self) -> None:
        """Lets the soundtracks of texts that are gone go too.

        An inbox that is all empty is more likely one whose disk isn't mounted.
        """
        if not any(self._inbox.folder.iterdir()):
            return
        state = self._home.state
        now = time.time()
        for page in state.pages("gone"):
            for record in page:
                has_been_long = self._once or abs(now - record.since) > _TICK
                if has_been_long and self._is_missing(record.path):
                    self._remove(record)

    def _remove_leaving(self) -> None:
        state = self._home.state
        for page in state.pages("leaving"):
            for record in page:
                self._remove(record)

    def _remove(self, record: Record) -> None:
        state = self._home.state
        state.stand(record.path, "leaving")
        state.commit()
        try:
            self._home.remove(record)
        except PermissionError as error:  # the next start tries again
            self._complain(f"can't remove the soundtrack of {record.path}: {_reason(error)}")
            return
        state.forget(record.path)
        state.commit()
        if record.made:
            text = f"the soundtrack of {record.path} is removed"
            self._log("pruned", text, path=record.path)

    def _is_missing(self, path: Path) -> bool:
        try:
            return self._inbox.signature(path) is None
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False

    def _wait(self, seconds: float) -> None:
        """Waits, unless told to stop."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            systemd.notify("WATCHDOG=1")
            with suppress(queue.Empty):
                self._queue.get(timeout=min(left, _TICK))


def _reason(error: Exception) -> str:
    """What is wrong, without numbers."""
    return getattr(error, "strerror", None) or str(error)
