"""What is known of every text: a database among the soundtracks.

The journal is SQLite's own rollback journal: a write-ahead log needs memory that is shared with
every reader, which a folder on a network share can't give.
"""

import os
import sqlite3
import time
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from sonify.watch.inbox import Signature

Standing = Literal["waiting", "held", "composing", "looking", "done", "failed", "gone", "leaving"]

_VERSION = 1
_SCHEMA = """
CREATE TABLE texts (
  path BLOB PRIMARY KEY,         -- relative to the inbox
  output BLOB NOT NULL,          -- relative to the soundtracks, without a suffix
  claim TEXT NOT NULL UNIQUE,    -- `output`, as file systems that fold names would see it
  standing TEXT NOT NULL,
  was BLOB,                      -- its former output, as long as that is being renamed
  signature TEXT NOT NULL,       -- when its content was read; empty if it never was
  inode TEXT NOT NULL DEFAULT '',
  settled INTEGER NOT NULL,      -- whether the same signature means the same content
  content TEXT,                  -- SHA-256
  key TEXT,                      -- of what its soundtrack is to be
  made TEXT,                     -- of what its soundtrack is
  suffixes TEXT NOT NULL DEFAULT '',  -- of the soundtrack's files
  error TEXT,
  size INTEGER NOT NULL DEFAULT 0,
  since REAL NOT NULL,           -- Unix time since which it has stood so
  due REAL NOT NULL,             -- waiting: the lowest is composed first
  seconds REAL                   -- that composing took
) WITHOUT ROWID;
CREATE INDEX by_standing ON texts (standing, due);
CREATE INDEX by_content ON texts (content, inode);
CREATE INDEX by_key ON texts (key);
CREATE INDEX by_made ON texts (made);
"""
_COLUMNS = (
    "path, output, was, standing, signature, settled, content, key, made, suffixes, error, since, "
    "seconds"
)

LONG = 128 * 1024
"""Bytes from which on a text is a long one."""

_PATIENCE = 1024  # bytes of length that make up for a second of waiting
_PAGE = 100
_FEW = 5


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a text.

    Attributes:
        path: relative to the inbox.
        output: its soundtrack's path, relative to the folder of soundtracks, without a suffix.
        was: its soundtrack's former `output`, as long as that is being renamed.
        standing: "waiting" for a worker; "held" back until something in the way is gone;
            "composing"; "looking" whether it has changed; "done"; "failed"; "gone" from the inbox;
            "leaving", its soundtrack about to be removed.
        signature: when its content was read; None if it never was.
        settled: whether a file with the same signature has the same content for sure.
        content: SHA-256 in hexadecimal; None if it couldn't be read.
        key: what its soundtrack is to be: content, options and models; None with `content`.
        made: the key of the soundtrack that is there; None if there is none, or not a whole one.
        suffixes: of the soundtrack's files.
        error: why it failed.
        since: Unix time since which it has stood so.
        seconds: how long composing took.
    """

    path: Path
    output: Path
    was: Path | None
    standing: Standing
    signature: Signature | None
    settled: bool
    content: str | None
    key: str | None
    made: str | None
    suffixes: tuple[str, ...]
    error: str | None
    since: float
    seconds: float | None


class State:
    """The database. Every connection is one thread's own; changes last from `commit` on.

    Args:
        file: the database; made if it isn't there.

    Raises:
        sqlite3.Error: it can't be opened, now or later.
        sqlite3.DatabaseError: it isn't a database, or a damaged one, or another version's.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._connection = sqlite3.connect(file, timeout=10)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        # The pages of a few hundred texts: what a watcher remembers doesn't grow over months.
        self._connection.execute("PRAGMA cache_size = -256")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._connection.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;"
            )
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"it is of version {version}, not {_VERSION}")

    def check(self) -> None:
        """Reads it through.

        Raises:
            sqlite3.DatabaseError: it is damaged.
        """
        (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def commit(self) -> None:
        """Makes what was changed last."""
        self._connection.commit()

    def get(self, path: Path) -> Record | None:
        """What is known of a text."""
        return next(self._select("path = ?", os.fsencode(path)), None)

    def pages(self, standing: Standing | None = None) -> Iterator[list[Record]]:
        """All texts, or those that stand so, by path, some at a time."""
        last = b""
        condition = "path > ?" if standing is None else f"path > ? AND standing = '{standing}'"
        while page := list(self._select(f"{condition} ORDER BY path LIMIT {_PAGE}", last)):
            yield page
            last = os.fsencode(page[-1].path)

    def next(self, *, short: bool = False) -> Record | None:
        """The text to compose next: the one that waits longest, a long text's wait counting less.

        Texts whose twin is being composed are left to wait for it.

        Args:
            short: whether long texts are to wait.
        """
        long = f"AND size < {LONG}" if short else ""
        return next(
            self._select(
                f"standing = 'waiting' {long} AND NOT EXISTS (SELECT 1 FROM texts AS twin "
                "WHERE twin.key = texts.key AND twin.standing = 'composing') "
                "ORDER BY due LIMIT 1"
            ),
            None,
        )

    def same_file(self, content: str, inode: int, besides: Path) -> list[Record]:
        """The other texts that were of this content and this inode when last read."""
        return list(
            self._select(
                "content = ? AND inode = ? AND path != ?", content, str(inode), os.fsencode(besides)
            )
        )

    def made(self, key: str, besides: Path) -> list[Record]:
        """Other texts whose soundtracks are what `key` says; a few will do."""
        return list(self._select(f"made = ? AND path != ? LIMIT {_FEW}", key, os.fsencode(besides)))

    def waiting_for(self, key: str) -> list[Record]:
        """The texts that wait to become what `key` says."""
        return list(self._select("key = ? AND standing = 'waiting'", key))

    def latest(self, standing: Standing, number: int) -> list[Record]:
        """The texts that have stood so for the shortest time, the latest first."""
        return list(self._select(f"standing = ? ORDER BY since DESC LIMIT {number}", standing))

    def counts(self) -> dict[str, int]:
        """How many texts stand how."""
        rows = self._connection.execute("SELECT standing, count(*) FROM texts GROUP BY standing")
        return dict(rows.fetchall())

    def is_claimed(self, output: Path) -> bool:
        """Whether a soundtrack's name is taken, or one that some file system takes for the same."""
        rows = self._connection.execute("SELECT 1 FROM texts WHERE claim = ?", (_claim(output),))
        return rows.fetchone() is not None

    def add(self, path: Path, output: Path) -> None:
        """Begins to know of a text; nothing is known of its content yet."""
        self._connection.execute(
            "INSERT INTO texts (path, output, claim, standing, signature, settled, since, due) "
            "VALUES (?, ?, ?, 'looking', '', 0, ?, 0)",
            (os.fsencode(path), os.fsencode(output), _claim(output), time.time()),
        )

    def see(self, path: Path, signature: Signature, content: str) -> None:
        """Notes what a text's content is."""
        written = " ".join(map(str, signature))
        self._set(
            path, signature=written, inode=str(signature.inode), settled=signature.settled,
            size=signature.size, content=content,
        )  # fmt: skip

    def wait(self, path: Path, key: str) -> None:
        """Puts a text in the queue."""
        now = time.time()
        self._set(path, standing="waiting", key=key, error=None, since=now)
        self._connection.execute(
            f"UPDATE texts SET due = since + size / {_PATIENCE}.0 WHERE path = ?",
            (os.fsencode(path),),
        )

    def rename(self, before: Record, path: Path, output: Path) -> None:
        """Knows a text by another path, in place of what was known of that.

        Its soundtrack is to be renamed before `renamed` says that it has been.
        """
        self.forget(path)
        self._connection.execute(
            "UPDATE texts SET path = ?, output = ?, claim = ?, was = ? WHERE path = ?",
            (
                os.fsencode(path),
                os.fsencode(output),
                _claim(output),
                os.fsencode(before.output),
                os.fsencode(before.path),
            ),
        )

    def renamed(self, path: Path) -> None:
        """Notes that a text's soundtrack has its new name."""
        self._set(path, was=None)

    def renaming(self) -> list[Record]:
        """The texts whose soundtracks are being renamed."""
        return list(self._select("was IS NOT NULL"))

    def stand(self, path: Path, standing: Standing) -> None:
        """Notes how a text stands from now on."""
        self._set(path, standing=standing, since=time.time())

    def restand(self, before: Standing, after: Standing) -> None:
        """Lets all that stand one way stand another; since when stays."""
        self._connection.execute(
            "UPDATE texts SET standing = ? WHERE standing = ?", (after, before)
        )

    def unmake(self, path: Path, suffixes: Iterable[str]) -> None:
        """Notes that a text's soundtrack isn't whole or soon won't be: it may have these files."""
        self._set(path, made=None, suffixes=" ".join(sorted(suffixes)))

    def done(
        self, path: Path, key: str, suffixes: Iterable[str], seconds: float | None = None
    ) -> None:
        """Notes that a text's soundtrack is what it is to be."""
        self._set(
            path, standing="done", key=key, made=key, suffixes=" ".join(suffixes), was=None,
            error=None, since=time.time(), seconds=seconds,
        )  # fmt: skip

    def fail(self, path: Path, key: str | None, error: str) -> None:
        """Notes that a text can't be done; `key` as far as it is known."""
        self._set(path, standing="failed", key=key, error=error, since=time.time())

    def forget(self, path: Path) -> None:
        """Knows no more of a text."""
        self._connection.execute("DELETE FROM texts WHERE path = ?", (os.fsencode(path),))

    def _set(self, path: Path, **values: str | float | None) -> None:
        assignments = ", ".join(f"{name} = ?" for name in values)
        self._connection.execute(
            f"UPDATE texts SET {assignments} WHERE path = ?", (*values.values(), os.fsencode(path))
        )

    def _select(self, condition: str, *values: str | bytes) -> Iterator[Record]:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM texts WHERE {condition}", values)
        return map(_record, rows.fetchall())


def _record(row: tuple[Any, ...]) -> Record:
    (
        path, output, was, standing, signature, settled, content, key, made, suffixes, error,
        since, seconds,
    ) = row  # fmt: skip
    return Record(
        path=Path(os.fsdecode(path)),
        output=Path(os.fsdecode(output)),
        was=Path(os.fsdecode(was)) if was else None,
        standing=standing,
        signature=Signature(*map(int, signature.split())) if signature else None,
        settled=bool(settled),
        content=content,
        key=key,
        made=made,
        suffixes=tuple(suffixes.split()),
        error=error,
        since=since,
        seconds=seconds,
    )


def _claim(output: Path) -> str:
    """One string for all names that some file system takes for the same."""
    name = os.fsencode(output).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
