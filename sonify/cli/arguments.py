"""Arguments that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.errors import SonifyError

if TYPE_CHECKING:
    from sonify import reading
    from sonify.pipeline import Models
    from sonify.settings import Settings

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


class Number:
    """An argument type: a number from `low` to `high`."""

    def __init__(self, kind: type[int] | type[float], low: float, high: float) -> None:
        self._kind, self._low, self._high = kind, low, high

    def __call__(self, text: str) -> int | float:
        """Parses `text`; argparse says so if it is no such number."""
        number = math.nan  # in no range
        with contextlib.suppress(ValueError):
            number = self._kind(text)
        if not self._low <= number <= self._high:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number from {self._low:g} to {self._high:g}"
            )
        return number


def add_input(parser: argparse.ArgumentParser) -> None:
    """What is read, and how it is cut and heard."""
    parser.add_argument("input", metavar="INPUT", help="a .txt or .epub file, or -")
    add_hearing(parser)


def add_hearing(parser: argparse.ArgumentParser) -> None:
    """How what is read is cut and heard."""
    parser.add_argument(
        "--split", choices=("auto", "sentences", "lines"), default="auto",
        help="cut the text by sentence (prose) or by line (verse)",
    )  # fmt: skip
    parser.add_argument("--mood", metavar="MODEL", help="the model that hears (see: sonify models)")


def add_music(parser: argparse.ArgumentParser) -> None:
    """What the music is made with: see `settings` and `load_models`."""
    parser.add_argument(
        "--seed", type=Number(int, 0, 2**63 - 1), metavar="N",
        help="another seed, another music (default: the book's own)",
    )  # fmt: skip
    parser.add_argument(
        "--pace", type=Number(float, 30, 6000), metavar="N",
        help="syllables read in a minute (default: 590, silent reading)",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=Number(float, 0.1, 100_000), metavar="N",
        help="fit the soundtrack into N minutes",
    )  # fmt: skip
    parser.add_argument(
        "--style", type=Path, metavar="FILE.toml", help="how moods sound (see docs/music.md)"
    )
    parser.add_argument(
        "--accompaniment", action=argparse.BooleanOptionalAction, default=True,
        help="chords under the melody",
    )  # fmt: skip
    parser.add_argument("--major", type=Path, metavar="DIR", help="melody model for major")
    parser.add_argument("--minor", type=Path, metavar="DIR", help="melody model for minor")


def add_sound(parser: argparse.ArgumentParser) -> None:
    """What the files that are written sound like."""
    parser.add_argument(
        "--program", type=Number(int, 0, 127), default=0, metavar="N",
        help="General MIDI instrument, 0-127 (default: 0, grand piano)",
    )  # fmt: skip
    parser.add_argument(
        "--soundfont", type=Path, metavar="FILE.sf2", help="what audio is rendered with"
    )


def source(options: argparse.Namespace) -> reading.Source:
    """The text that INPUT names."""
    return sys.stdin.buffer if options.input == "-" else Path(options.input)


def spare_input(options: argparse.Namespace, *outputs: Path | None) -> None:
    """Sees to it that no output takes the place of the text.

    Raises:
        SonifyError: one is the file that INPUT names, or that standard input comes from.
    """
    for output in filter(None, outputs):
        with contextlib.suppress(OSError):  # one of them isn't there
            text = (
                os.fstat(sys.stdin.fileno()) if options.input == "-" else Path(options.input).stat()
            )
            if os.path.samestat(text, output.stat()):
                raise SonifyError(
                    f"can't write {output}: it is the text itself; choose another name"
                )


def settings(options: argparse.Namespace) -> Settings:
    """The settings that the arguments of `add_music` ask for."""
    from sonify.melody.style import Style
    from sonify.settings import Settings

    given = {
        "seed": options.seed,
        "split": options.split,
        "pace": options.pace,
        "minutes": options.minutes,
        "style": Style.load(options.style) if options.style else None,
        "accompaniment": options.accompaniment,
    }
    return Settings(**{name: value for name, value in given.items() if value is not None})


def load_models(options: argparse.Namespace) -> Models:
    """The models that the arguments of `add_music` and `add_input` name."""
    from sonify.mood import models as mood_models
    from sonify.pipeline import Models

    return Models.load(options.mood or mood_models.DEFAULT, options.major, options.minor)
