"""`sonify models`: the models there are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("models", help="list the models")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prints each model's name and what its card says first."""
    from sonify.mood import models as mood_models

    for folder in sorted(mood_models.FOLDER.iterdir()):
        if (folder / "card.md").is_file():
            print(f"{folder.name:<10} {_first_sentence(folder / 'card.md')}")


def _first_sentence(card: Path) -> str:
    """What a model's card says first, below its heading."""
    _, paragraph, *_ = card.read_text(encoding="utf-8").split("\n\n")
    return " ".join(paragraph.split()).partition(". ")[0].rstrip(".")
