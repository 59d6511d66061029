"""The command line: parses, calls, prints.

What a command needs is imported when it runs, so that `sonify --help` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sonify import __version__
from sonify.errors import SonifyError

if TYPE_CHECKING:
    from sonify import reading
    from sonify.melody.score import Phrase, Score
    from sonify.mood.mood import Mood
    from sonify.output.output import Output
    from sonify.pipeline import Models, Settings


class _Terminated(BaseException):
    """SIGTERM came."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `sonify`.

    Args:
        arguments: the command line without the command's name; by default the process's own.

    Returns:
        0 when done; 1 when this input or device can't be used; 130 after Ctrl-C. Wrong usage
        leaves with 2 by itself.
    """
    logging.basicConfig(format="sonify: %(message)s", level=logging.INFO, stream=sys.stderr)
    options = _parser().parse_args(arguments)
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        options.run(options)
        sys.stdout.flush()
    except SonifyError as error:
        return _say(1, str(error))
    except KeyboardInterrupt:
        return _say(130, "stopped; nothing unfinished is left behind")
    except _Terminated:
        return _say(1, "stopped by SIGTERM; nothing unfinished is left behind")
    except BrokenPipeError:  # the reader of standard output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _terminate(signal_number: int, frame: object) -> None:
    raise _Terminated


def _say(code: int, message: str) -> int:
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

    compose = commands.add_parser("compose", help="make a soundtrack file of a text")
    _add_input(compose)
    _add_music(compose)
    compose.add_argument(
        "-o", "--output", type=Path, metavar="OUT.mid",
        help="where the soundtrack goes (default: INPUT's name with .mid, in this folder)",
    )  # fmt: skip
    compose.add_argument(
        "--report", type=Path, metavar="OUT.json", help="what was done with every sentence"
    )
    compose.add_argument(
        "--split-chapters", type=Path, metavar="DIR", help="write a file a chapter there, besides"
    )
    compose.add_argument(
        "--program", type=_number(int, 0, 127), default=0, metavar="N",
        help="General MIDI instrument, 0-127 (default: 0, grand piano)",
    )  # fmt: skip
    compose.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    compose.set_defaults(run=_compose)

    analyze = commands.add_parser("analyze", help="show what each sentence feels")
    _add_input(analyze)
    analyze.add_argument(
        "--format", choices=("jsonl", "table"),
        help="default: a table on a terminal, JSON lines elsewhere",
    )  # fmt: skip
    analyze.add_argument(
        "--no-context", dest="context", action="store_false",
        help="judge each sentence alone (for a list of unrelated ones)",
    )  # fmt: skip
    analyze.set_defaults(run=_analyze)

    models = commands.add_parser("models", help="list the models")
    models.set_defaults(run=_models)
    return parser


def _add_input(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", help="a .txt or .epub file, or -")
    parser.add_argument(
        "--split", choices=("auto", "sentences", "lines"), default="auto",
        help="cut the text by sentence (prose) or by line (verse)",
    )  # fmt: skip
    parser.add_argument("--mood", metavar="MODEL", help="the model that hears (see: sonify models)")


def _add_music(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seed", type=_number(int, 0, 2**63 - 1), metavar="N",
        help="another seed, another music (default: the book's own)",
    )  # fmt: skip
    parser.add_argument(
        "--pace", type=_number(float, 30, 6000), metavar="N",
        help="syllables read in a minute (default: 590, silent reading)",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=_number(float, 0.1, 100_000), metavar="N",
        help="fit the soundtrack into N minutes",
    )  # fmt: skip
    parser.add_argument(
        "--style", type=Path, metavar="FILE.toml", help="how moods sound (see docs/music.md)"
    )
    parser.add_argument("--major", type=Path, metavar="DIR", help="melody model for major")
    parser.add_argument("--minor", type=Path, metavar="DIR", help="melody model for minor")


class _number:
    """An argument type: a number from `low` to `high`."""

    def __init__(self, kind: type[int] | type[float], low: float, high: float) -> None:
        self._kind, self._low, self._high = kind, low, high

    def __call__(self, text: str) -> int | float:
        try:
            number = self._kind(text)
        except ValueError:
            number = self._kind(-1)
        if not self._low <= number <= self._high:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number from {self._low:g} to {self._high:g}"
            )
        return number


def _source(options: argparse.Namespace) -> reading.Source:
    return sys.stdin.buffer if options.input == "-" else Path(options.input)


def _settings(options: argparse.Namespace) -> Settings:
    from sonify.melody.style import Style
    from sonify.pipeline import Settings

    given = {
        "seed": options.seed,
        "split": options.split,
        "pace": options.pace,
        "minutes": options.minutes,
        "style": Style.load(options.style) if options.style else None,
    }
    return Settings(**{name: value for name, value in given.items() if value is not None})


def _load_models(options: argparse.Namespace) -> Models:
    from sonify.mood import models as mood_models
    from sonify.pipeline import Models

    return Models.load(options.mood or mood_models.DEFAULT, options.major, options.minor)


def _compose(options: argparse.Namespace) -> None:
    from sonify.output.midi_file import ChapterFiles, MidiFile
    from sonify.output.report import Report
    from sonify.pipeline import compose, perform

    began = time.monotonic()
    stem = "sonify" if options.input == "-" else Path(options.input).stem
    path = options.output or Path(f"{stem}.mid")
    source, settings = _source(options), _settings(options)
    score = compose(source, _load_models(options), settings)
    outputs: list[Output] = [MidiFile(path, score, options.program)]
    if options.report:
        outputs.append(Report(options.report, score))
    if options.split_chapters:
        outputs.append(ChapterFiles(options.split_chapters, score, options.program))
    summary = _Summary(score)
    if options.quiet:
        perform(score, outputs, summary.heed)
        return
    with _Progress(source, settings.split) as progress:
        perform(score, outputs, summary.heed, progress.show)
    print(f"{path}: {summary}, in {time.monotonic() - began:.1f} s", file=sys.stderr)


class _Summary:
    """Counts what went by, for a line at the end."""

    def __init__(self, score: Score) -> None:
        self._title = score.title
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
            f"“{self._title}”, {_count(self._chapters, 'chapter')}, "
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


def _analyze(options: argparse.Namespace) -> None:
    from sonify import reading
    from sonify.mood import models as mood_models
    from sonify.pipeline import hear

    model = mood_models.load(options.mood or mood_models.DEFAULT)
    book = reading.read(_source(options), split=options.split)
    moods = hear(book, model, context=options.context)
    if (options.format or ("table" if sys.stdout.isatty() else "jsonl")) == "table":
        _print_table(moods)
    else:
        _print_jsonl(moods)


def _print_jsonl(moods: Iterable[Mood]) -> None:
    import json

    for mood in moods:
        sentence = mood.sentence
        entry = {
            "chapter": sentence.chapter.index,
            "chapter_title": sentence.chapter.title,
            "index": sentence.index,
            "text": sentence.text,
            "valence": round(mood.valence, 4),
            "polarity": mood.polarity,
            "intensity": round(mood.intensity, 4),
            "emotions": {name: round(share, 4) for name, share in mood.emotions.items()},
        }
        print(json.dumps(entry, ensure_ascii=False), flush=True)


def _print_table(moods: Iterable[Mood]) -> None:
    """A line a sentence: its valence as a bar that goes left or right, its emotions, its words."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    chapter = ""
    for mood in moods:
        if mood.sentence.chapter.title != chapter:
            chapter = mood.sentence.chapter.title
            console.print(Text(f"\n{chapter}", style="bold"))
        length = round(abs(mood.valence) * _BAR)
        bar = (" " * (_BAR - length) + "█" * length) if mood.valence < 0 else "█" * length
        left, right = (bar, "") if mood.valence < 0 else ("", bar)
        strongest = sorted(mood.emotions.items(), key=lambda e: -e[1])[:2]
        console.print(
            Text.assemble(
                (f"{left:>{_BAR}}", "blue"),
                ("│", "dim"),
                (f"{right:<{_BAR}}", "yellow"),
                f" {mood.valence:+.2f} ",
                (f"{mood.polarity:<8} ", "dim"),
                (f"{' '.join(f'{name} {share:.0%}' for name, share in strongest):<28} ", "dim"),
                mood.sentence.text,
            ),
            soft_wrap=not console.is_terminal,
        )


_BAR = 8  # characters on either side of the middle


def _models(options: argparse.Namespace) -> None:
    from sonify.mood import models as mood_models

    for folder in sorted(mood_models.FOLDER.iterdir()):
        if (folder / "card.md").is_file():
            print(f"{folder.name:<10} {_first_sentence(folder / 'card.md')}")


def _first_sentence(card: Path) -> str:
    """What a model's card says first, below its heading."""
    lines: Iterator[str] = iter(card.read_text(encoding="utf-8").splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
