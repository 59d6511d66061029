"""The command line: parses, calls, prints. A module a command.

What a command needs is imported when it runs, so that `sonify --help` answers at once.
"""

import argparse
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sonify import __version__
from sonify.cli import analyze, arc, compose, models, page, panic, play, ports, status, watch
from sonify.errors import SonifyError

_COMMANDS = (compose, page, analyze, arc, play, ports, panic, watch, status, models)


_ENDINGS = [s for s in signal.Signals if s.name in ("SIGTERM", "SIGHUP")]
"""What a process is asked to end with, besides Ctrl-C; Windows has no SIGHUP."""


class _Terminated(BaseException):
    """One of `_ENDINGS` came; its name is the argument."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `sonify`.

    Args:
        arguments: the command line without the command's name; by default the process's own.

    Returns:
        0 when done; 1 when this input or device can't be used; 130 after Ctrl-C. Wrong usage
        leaves with 2 by itself.
    """
    # The networks' matrices are small: a second thread costs more than it brings.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _open_closed_streams()
    logging.basicConfig(format="sonify: %(message)s", level=logging.INFO, stream=sys.stderr)
    options = _parser().parse_args(arguments)
    before = {number: signal.getsignal(number) for number in _ENDINGS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _terminate)
    try:
        options.run(options)
        sys.stdout.flush()
    except SonifyError as error:
        return _say(1, str(error))
    except KeyboardInterrupt:
        return _say(130, "stopped; nothing unfinished is left behind")
    except _Terminated as ending:
        return _say(1, f"stopped by {ending}; nothing unfinished is left behind")
    except BrokenPipeError:  # the reader of standard output has gone, as `head` does
        _give_up_output()
        return 1
    except OSError as error:
        if error.filename is not None:  # files that can't be used say so themselves
            raise
        _give_up_output()
        return _say(1, f"can't write to standard output: {error.strerror}")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _open_closed_streams() -> None:
    """Opens those that are closed, as by >&-, on nothing: so they need no thought elsewhere."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r+", encoding="utf-8"))  # noqa: SIM115


def _give_up_output() -> None:
    """Lets what can't be written to standard output go, without a word when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(signal_number: int, frame: object) -> None:
    raise _Terminated(signal.Signals(signal_number).name)


def _say(code: int, message: str) -> int:
    with contextlib.suppress(OSError):  # the terminal may have been closed
        print(f"sonify: {' '.join(message.split())}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sonify",
        description="Reads a novel or a poem and plays it: one melody that follows the story.",
        epilog="INPUT is a .txt or .epub file, or - for standard input.",
    )
    parser.add_argument("--version", action="version", version=f"sonify {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_to(commands)
    return parser
