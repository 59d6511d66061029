"""`sonify status`: how a folder that is kept sonified stands."""

from __future__ import annotations

import argparse
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.errors import SonifyError

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands
    from sonify.watch.state import Record, Standing, State

_SHOWN = 10


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("status", help="show what sonify watch has done")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where the soundtracks go"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prints who watches, what is done, what waits, and what failed and why."""
    from sonify.watch.home import LOCK, STATE
    from sonify.watch.lock import holder_of
    from sonify.watch.state import State

    file = options.out / STATE
    try:
        if not file.is_file():
            raise SonifyError(f"{options.out} holds no soundtracks of sonify watch")
        holder = holder_of(options.out / LOCK)
    except OSError as error:
        raise SonifyError(f"can't look at {options.out}: {error.strerror}") from error
    print(f"watched by {holder}" if holder else "nobody is watching")
    try:
        with State(file) as state:
            _print(state)
    except sqlite3.Error as error:
        raise SonifyError(f"can't read {file}: {error}") from error


def _print(state: State) -> None:
    counts = state.counts()
    waiting = sum(counts.get(name, 0) for name in ("waiting", "held", "looking"))
    print(
        f"{counts.get('done', 0)} done, {counts.get('composing', 0)} composing, "
        f"{waiting} waiting, {counts.get('failed', 0)} failed, "
        f"{counts.get('gone', 0)} gone from the inbox"
    )
    sections: dict[str, tuple[Standing, ...]] = {
        "composing": ("composing",),
        "waiting": ("waiting", "held", "looking"),
        "failed": ("failed",),
        "done last": ("done",),
    }
    for title, standings in sections.items():
        records = [record for name in standings for record in state.latest(name, _SHOWN)]
        if records:
            print(f"\n{title}")
        for record in records:
            print(f"  {_time(record.since)}  {_line(record)}")
        left = sum(counts.get(name, 0) for name in standings) - len(records)
        if left and title != "done last":
            print(f"  … and {left} more")


def _line(record: Record) -> str:
    from sonify.watch.log import one_line

    path = one_line(str(record.path))
    if record.standing == "failed":
        return f"{path}: {one_line(record.error or '')}"
    if record.standing == "composing":
        return f"{path}, for {time.time() - record.since:.0f} s"
    if record.standing == "done" and record.seconds is not None:
        return f"{path}, in {record.seconds:.1f} s"
    return path


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S")
