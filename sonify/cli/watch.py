"""`sonify watch`: a folder, kept sonified."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sonify.cli.arguments import Number, add_hearing, add_music, add_sound, settings
from sonify.errors import SonifyError

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands
    from sonify.watch.options import Options

_WORKERS = min(2, os.cpu_count() or 1)
_PATHS = ("style", "major", "minor", "soundfont")


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("watch", help="keep a folder sonified")
    parser.add_argument("inbox", type=Path, metavar="DIR", help="where texts land")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where their soundtracks go"
    )
    parser.add_argument("--once", action="store_true", help="do what is there and leave (for cron)")
    parser.add_argument(
        "--workers", type=Number(int, 1, 64), default=_WORKERS, metavar="N",
        help=f"how many texts may be composed at once (default: {_WORKERS})",
    )  # fmt: skip
    parser.add_argument(
        "--poll", type=Number(float, 0.1, 86400), nargs="?", const=10.0, metavar="SECONDS",
        help="look that often instead of being told of changes (network shares; default: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--prune", action="store_true", help="remove the soundtracks of texts that are gone"
    )
    parser.add_argument("--log-json", action="store_true", help="log a JSON object a line")
    _add_options(parser)
    parser.set_defaults(run=run)


def _add_options(parser: argparse.ArgumentParser) -> None:
    """What may stand in a `sonify.toml` too."""
    add_hearing(parser)
    add_music(parser)
    add_sound(parser)
    parser.add_argument(
        "--format", default="mid", metavar="mid,ogg,…",
        help="the files to make of each text; the report, .json, is always there",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Keeps the folder sonified until a signal says otherwise."""
    from sonify.watch.log import Log
    from sonify.watch.watcher import Watcher

    _made_of(options).key("", "")  # what is wrong with the command line is said at once
    watcher = Watcher(
        options.inbox,
        options.out,
        lambda: _FolderOptions(options.inbox, options),
        Log(sys.stdout, as_json=options.log_json),
        workers=options.workers,
        poll=options.poll,
        once=options.once,
        prune=options.prune,
    )
    interrupted = False

    def interrupt(signal_number: int, frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        watcher.stop()

    handlers: dict[str, Any] = {
        "SIGINT": interrupt,
        "SIGTERM": lambda number, frame: watcher.stop(),
        "SIGHUP": lambda number, frame: watcher.reread(),
        # Somebody opens a file for writing in the moment in which it is seen that nobody has.
        "SIGIO": signal.SIG_IGN,
    }
    with contextlib.ExitStack() as stack:
        for name, handler in handlers.items():
            if number := getattr(signal, name, None):
                stack.callback(signal.signal, number, signal.signal(number, handler))
        failed = watcher.run()
    if interrupted:
        raise KeyboardInterrupt
    if options.once and failed:
        count = "one text" if failed == 1 else f"{failed} texts"
        raise SonifyError(f"{count} couldn't be done: see sonify status --out {options.out}")


class _FolderOptions:
    """The options for the texts in each folder: the command line's, and those in `sonify.toml`.

    A folder's file overrides, option by option, its parent folder's, and that of the inbox
    overrides the command line. Paths in it are relative to its folder.

    Args:
        inbox: the watched folder.
        options: what the command line says.
    """

    def __init__(self, inbox: Path, options: argparse.Namespace) -> None:
        self._inbox = inbox
        self._options = options
        self._parsed: dict[Path, argparse.Namespace | SonifyError] = {}
        self._made: dict[Path, Options] = {}

    def __call__(self, folder: Path) -> Options:
        """The options for a folder, given relative to the inbox.

        Raises:
            SonifyError: they are wrong.
        """
        if folder not in self._made:
            self._made[folder] = _made_of(self._namespace(folder))
        return self._made[folder]

    def _namespace(self, folder: Path) -> argparse.Namespace:
        if folder not in self._parsed:
            inherited = self._options if folder == Path() else self._namespace(folder.parent)
            try:
                self._parsed[folder] = _overridden(inherited, self._inbox / folder)
            except SonifyError as error:
                self._parsed[folder] = error
        parsed = self._parsed[folder]
        if isinstance(parsed, SonifyError):
            raise parsed
        return parsed


def _overridden(options: argparse.Namespace, folder: Path) -> argparse.Namespace:
    from sonify.watch.inbox import SETTINGS

    file = folder / SETTINGS
    if file.is_symlink() or not file.is_file():
        return options
    arguments = []
    try:
        for name, value in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if isinstance(value, bool):
                arguments.append(f"--{name}" if value else f"--no-{name}")
            elif isinstance(value, list):
                arguments.append(f"--{name}={','.join(map(str, value))}")
            else:
                arguments.append(f"--{name}={value}")
        if "\0" in "".join(arguments):
            raise SonifyError("a null character stands in it, and no file's name has one")
        parser = _Parser(add_help=False, allow_abbrev=False)
        _add_options(parser)
        own = parser.parse_args(arguments, argparse.Namespace(**vars(options)))
    except OSError as error:
        raise SonifyError(f"can't read {file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # bad syntax or bytes, too long, too deep
        raise SonifyError(f"{file} isn't TOML: {error}") from error
    except SonifyError as error:
        raise SonifyError(f"{file}: {error}") from error
    for name in _PATHS:
        path = getattr(own, name)
        if path is not getattr(options, name):  # it stands here
            setattr(own, name, folder / path)
    return own


class _Parser(argparse.ArgumentParser):
    """Raises SonifyError instead of leaving."""

    def error(self, message: str) -> NoReturn:
        raise SonifyError(message)


def _made_of(options: argparse.Namespace) -> Options:
    from sonify.mood import models as mood_models
    from sonify.output.formats import SUFFIXES
    from sonify.watch.options import REPORT, Options

    suffixes = [f".{name.strip().lower()}" for name in options.format.split(",")]
    for suffix in suffixes:
        if suffix not in SUFFIXES:
            known = ", ".join(known.removeprefix(".") for known in SUFFIXES)
            raise SonifyError(f"there's no format {suffix.removeprefix('.')!r}; there are: {known}")
    if ".epub" in suffixes and options.inbox.resolve().is_relative_to(options.out.resolve()):
        raise SonifyError(
            "no .epub can be made among the texts, where it would replace one or be taken for one: "
            "choose another --out"
        )
    return Options(
        settings=settings(options),
        mood=options.mood or mood_models.DEFAULT,
        major=options.major,
        minor=options.minor,
        program=options.program,
        soundfont=options.soundfont,
        suffixes=tuple(dict.fromkeys([*suffixes, REPORT])),
    )
