"""`sonify analyze`: what each sentence feels."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sonify.cli.arguments import add_input, source

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands
    from sonify.mood.mood import Mood

_BAR = 8  # characters on either side of the middle


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("analyze", help="show what each sentence feels")
    add_input(parser)
    parser.add_argument(
        "--format", choices=("jsonl", "table"),
        help="default: a table on a terminal, JSON lines elsewhere",
    )  # fmt: skip
    parser.add_argument(
        "--no-context", dest="context", action="store_false",
        help="judge each sentence alone, as what is typed is (for a list of unrelated ones)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prints the moods."""
    from sonify import reading
    from sonify.mood import models as mood_models
    from sonify.pipeline import hear

    model = mood_models.load(options.mood or mood_models.DEFAULT)
    book = reading.read(source(options), split=options.split)
    # With context a mood waits for the sentences after it; who types waits for an answer.
    typed = book.live and sys.stdin.isatty()
    moods = hear(book, model, context=options.context and not typed)
    if (options.format or ("table" if sys.stdout.isatty() else "jsonl")) == "table":
        _print_table(moods)
    else:
        _print_jsonl(moods)


def _print_jsonl(moods: Iterable[Mood]) -> None:
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
