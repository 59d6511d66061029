"""What is to be done about each text, and doing it.

Whatever happens, the order of things is the same: a soundtrack is made aside, the database stops
believing in the old one, the new one is renamed into place, the database believes in it, the log
says so. A kill between any two of them costs at most that the text is composed again.
"""

import errno
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sonify.errors import SonifyError
from sonify.watch.crew import Crew
from sonify.watch.home import Home
from sonify.watch.inbox import Inbox
from sonify.watch.log import Log, one_line
from sonify.watch.options import OptionsOf
from sonify.watch.scanner import Found, Unreadable
from sonify.watch.state import LONG, Record
from sonify.watch.worker import Changed, Composed, Failed, Job, Outcome, Unwritable

PAUSE = 5.0
"""Seconds to wait when nothing can be written."""

_CRASHES = 3  # of the process that composes a text, before the text is given up
_VANISHED = 5.0  # seconds for which a text must be gone before its soundtrack goes too

# What is wrong with a name, rather than with the disk.
_ILL_NAMED = {
    errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG, errno.EINVAL,
    errno.EILSEQ,
}  # fmt: skip


class TroubleError(Exception):
    """The inbox or the folder of soundtracks isn't there, not what it was, or not to be written."""


class Keeper:
    """Keeps soundtracks in step with texts, as long as the folder of soundtracks is held.

    Args:
        inbox: where the texts are.
        home: where the soundtracks are; what a former watcher left undone there is done at once.
        crew: composes.
        options_of: how.
        log: is told.
        look: asks the scanner for a look at a text.
        once: whether this is to come to an end: nothing is waited for.
        prune: whether soundtracks of texts that are gone are removed.

    Methods raise TroubleError, OSError and sqlite3.Error where the folder of soundtracks can't be
    used at present.
    """

    def __init__(
        self,
        inbox: Inbox,
        home: Home,
        crew: Crew,
        options_of: OptionsOf,
        log: Log,
        look: Callable[[Path], None],
        *,
        once: bool,
        prune: bool,
    ) -> None:
        self._inbox = inbox
        self._home = home
        self._state = home.state
        self._crew = crew
        self._options_of = options_of
        self._log = log
        self._look = look
        self._once = once
        self._prune = prune
        self._crashes: Counter[Path] = Counter()
        self._paused_until = 0.0
        for standing in ("composing", "looking", "held"):
            self._state.restand(standing, "waiting")
        self._state.commit()
        for record in self._state.renaming():
            self._rename_soundtrack(record)
        self._remove_leaving()

    # What the scanner finds.

    def found(self, found: Found) -> None:
        """A text was found, and read."""
        state = self._state
        self._heed_renaming(found)
        if state.get(found.path) is None:
            state.add(found.path, self._home.name(found.path))
        state.see(found.path, found.signature, found.content)
        record = state.get(found.path)
        assert record is not None
        self._want(record)

    def _heed_renaming(self, found: Found) -> None:
        """If a text that has a soundtrack is found by a new name, its soundtrack is renamed too."""
        state = self._state
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
            self._log.complain(f"can't rename {record.was} to {record.output}: {reason_of(error)}")
            return
        self._state.renamed(record.path)
        self._state.commit()

    def unreadable(self, unreadable: Unreadable) -> None:
        """A text was found that can't be read."""
        state = self._state
        if state.get(unreadable.path) is None:
            state.add(unreadable.path, self._home.name(unreadable.path))
        record = state.get(unreadable.path)
        assert record is not None
        self._fail(record, None, f"can't read {unreadable.path}: {unreadable.reason}")

    def busy(self, path: Path) -> None:
        """A text is left alone for good, since it is still being written."""
        text = f"{path} is left for another time: it is still being written"
        self._log("busy", text, path=path)
        record = self._state.get(path)
        if record and record.standing == "looking":
            self._state.stand(path, "held")

    def gone(self, path: Path) -> None:
        """A text isn't there any more."""
        state = self._state
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

    def want_all(self, options_of: OptionsOf) -> None:
        """Takes other options: every text may now be wanted differently."""
        self._options_of = options_of
        for page in self._state.pages():
            for record in page:
                # A text without a key couldn't be read when last tried.
                if record.key and record.standing not in ("gone", "leaving", "looking"):
                    self._want(record)

    # What is to be done.

    def _want(self, record: Record) -> None:
        """Settles whether there is something to do about a text whose content is known."""
        assert record.content is not None
        state = self._state
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
        state = self._state
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

    def retry(self) -> None:
        """Lets what was held back be tried again."""
        if not self._state.counts().get("held"):
            self._log.recovered()
        self._state.restand("held", "waiting")

    def dispatch(self) -> None:
        """Gives texts to workers that have none."""
        if time.monotonic() < self._paused_until:
            return
        while len(self._crew.jobs) < self._crew.size:
            long = sum(job.signature.size >= LONG for job in self._crew.jobs)
            # One worker, where there are several, is kept for short texts.
            short = self._crew.size > 1 and long >= self._crew.size - 1
            record = self._state.next(short=short)
            if record is None:
                return
            self._start(record)

    def _start(self, record: Record) -> None:
        assert record.content is not None and record.signature is not None
        state = self._state
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

    def finish(self, job: Job, outcome: Outcome) -> None:
        """A worker has finished with a text."""
        self._crashes.pop(job.path, None)
        record = self._state.get(job.path)
        try:
            if record and record.standing == "composing" and record.key == job.key:
                self._settle(record, job, outcome)
        finally:
            self._home.discard(job.staged)

    def _settle(self, record: Record, job: Job, outcome: Outcome) -> None:
        state = self._state
        match outcome:
            case Composed():
                suffixes = job.options.suffixes
                try:
                    self._publish(record, job.staged, job.key, suffixes, outcome.seconds)
                except OSError as error:
                    self._cant_write(record, job.key, error)
                    return
                self._log.recovered()
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
                self._look(record.path)

    def crashed(self, job: Job, reason: str) -> None:
        """A worker has crashed over a text."""
        self._home.discard(job.staged)
        record = self._state.get(job.path)
        if not (record and record.standing == "composing" and record.key == job.key):
            return
        self._crashes[job.path] += 1
        if self._crashes[job.path] < _CRASHES:
            self._state.stand(job.path, "waiting")
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
        state = self._state
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
        self._state.fail(record.path, key, message)
        self._state.commit()
        self._log(
            "failed",
            f"{record.path} can't be done: {message}",
            path=record.path,
            content=record.content,
            error=message,
        )

    def _cant_write(self, record: Record, key: str, error: OSError) -> None:
        """Either the text's name is at fault, or something that a user may put right."""
        reason = reason_of(error)
        if error.errno in _ILL_NAMED:
            message = f"there can be no soundtrack of this name ({reason}): rename the text"
            partial = self._state.get(record.path)
            assert partial is not None
            self._home.remove(partial)
            self._fail(record, key, message)
        elif isinstance(error, PermissionError):  # of its own folder, maybe
            self._state.wait(record.path, key)
            self._state.stand(record.path, "held")
            self._log.complain(
                f"can't write to {self._home.folder / record.output.parent}: {reason}"
            )
        else:
            self._state.wait(record.path, key)
            self._pause(reason)

    def _pause(self, reason: str) -> None:
        """Nothing can be written: wait before anything else is composed in vain."""
        if self._once or not self._home.is_in_place():
            raise TroubleError(reason)
        self._log.complain(reason)
        self._paused_until = time.monotonic() + PAUSE

    def remove_gone(self) -> None:
        """Lets the soundtracks of texts that are gone go too.

        An inbox that is all empty is more likely one whose disk isn't mounted.
        """
        if not any(self._inbox.folder.iterdir()):
            return
        state = self._state
        now = time.time()
        for page in state.pages("gone"):
            for record in page:
                has_been_long = self._once or abs(now - record.since) > _VANISHED
                if has_been_long and self._is_missing(record.path):
                    self._remove(record)

    def _remove_leaving(self) -> None:
        state = self._state
        for page in state.pages("leaving"):
            for record in page:
                self._remove(record)

    def _remove(self, record: Record) -> None:
        state = self._state
        state.stand(record.path, "leaving")
        state.commit()
        try:
            self._home.remove(record)
        except PermissionError as error:  # the next start tries again
            self._log.complain(f"can't remove the soundtrack of {record.path}: {reason_of(error)}")
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


def reason_of(error: Exception) -> str:
    """What is wrong, without numbers."""
    return getattr(error, "strerror", None) or str(error)
