"""`sonify compose`: a text in, a soundtrack file out."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.cli.arguments import (
    add_input,
    add_music,
    add_sound,
    load_models,
    settings,
    source,
    spare_input,
)
from sonify.errors import SonifyError

if TYPE_CHECKING:
    from sonify import reading
    from sonify.cli.arguments import Commands
    from sonify.melody.score import Phrase, Score
    from sonify.output.output import Output


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("compose", help="make a soundtrack file of a text")
    add_input(parser)
    add_music(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT",
        help="a .mid, .ogg, .flac, .wav, .mp3, .epub, .html or .json file "
        "(default: INPUT's name with .mid, in this folder)",
    )  # fmt: skip
    parser.add_argument(
        "--audio", type=Path, metavar="OUT.ogg",
        help="audio, besides: a .ogg, .flac, .wav or .mp3 file",
    )  # fmt: skip
    parser.add_argument(
        "--report", type=Path, metavar="OUT.json", help="what was done with every sentence"
    )
    parser.add_argument(
        "--split-chapters", type=Path, metavar="DIR", help="write a file a chapter there, besides"
    )
    add_sound(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Composes, and says what was made."""
    from sonify.output.formats import output_for
    from sonify.output.midi_file import ChapterFiles
    from sonify.output.report import Report

    path = options.output or default_path(options, ".mid")
    spare_input(options, path, options.audio, options.report)

    def outputs(score: Score) -> Iterator[Output]:
        for file in filter(None, (path, options.audio)):
            yield output_for(
                file, score,
                source=None if options.input == "-" else Path(options.input),
                program=options.program, soundfont=options.soundfont,
            )  # fmt: skip
        if options.report:
            yield Report(options.report, score)
        if options.split_chapters:
            yield ChapterFiles(options.split_chapters, score, options.program)

    make(options, path, outputs)


def default_path(options: argparse.Namespace, suffix: str) -> Path:
    """INPUT's name with another suffix, in this folder."""
    return Path(("sonify" if options.input == "-" else Path(options.input).stem) + suffix)


def make(
    options: argparse.Namespace, path: Path, outputs: Callable[[Score], Iterable[Output]]
) -> None:
    """Composes INPUT for outputs, the first of which makes `path`, and says what was made."""
    from sonify.pipeline import compose, perform

    began = time.monotonic()
    text, wanted = source(options), settings(options)
    score = compose(text, partial(load_models, options), wanted, processes=os.cpu_count() or 1)
    summary = _Summary(score)
    if options.quiet:
        perform(score, list(outputs(score)), summary.heed)
        return
    with _Progress(text, wanted.split) as progress:
        perform(score, list(outputs(score)), summary.heed, progress.show)
    print(f"{path}: {summary}, in {time.monotonic() - began:.1f} s", file=sys.stderr)


class _Summary:
    """Counts what went by, for a line at the end."""

    def __init__(self, score: Score) -> None:
        self._title = f"“{score.title}”, " if score.title else ""  # standard input has none
        self._chapters = self._sentences = 0
        self._seconds = self._major = 0.0

    def heed(self, phrase: Phrase) -> None:
        self._chapters = phrase.chapter.index + 1
        self._sentences += len(phrase.moods)
        self._seconds += phrase.duration
        if phrase.mode == "major":
            self._major += phrase.duration

    def __str__(self) -> str:
        major = round(100 * self._major / self._seconds) if self._seconds else 0
        return (
            f"{self._title}{_count(self._chapters, 'chapter')}, "
            f"{_count(self._sentences, 'sentence')}, {_clock(self._seconds)}, "
            f"{major} % major and {100 - major} % minor"
        )


class _Progress:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, source: reading.Source, split: reading.Split) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._source, self._split = source, split
        self._bar = Progress(
            TextColumn("{task.fields[chapter]}"),
            BarColumn(),
            TextColumn("{task.fields[sentence]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("", total=None, chapter="", sentence="")
        self._sentences = 0
        self._total: int | None = None

    def __enter__(self) -> _Progress:
        if not self._bar.disable:
            self._bar.start()
            if isinstance(self._source, Path):
                threading.Thread(target=self._count, args=[self._source], daemon=True).start()
        return self

    def _count(self, path: Path) -> None:
        from sonify import reading

        with contextlib.suppress(SonifyError):  # whoever composes says it
            self._total = sum(1 for _ in reading.read(path, split=self._split).sentences)

    def show(self, phrase: Phrase) -> None:
        self._sentences += len(phrase.moods)
        of = f"/{self._total}" if self._total else ""
        self._bar.update(
            self._task,
            total=self._total,
            completed=self._sentences,
            chapter=phrase.chapter.title[:30],
            sentence=f"{self._sentences}{of}",
        )

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
