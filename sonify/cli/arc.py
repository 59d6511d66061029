"""`sonify arc`: the emotional arc of a text, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.cli.arguments import add_input, source, spare_input
from sonify.cli.compose import default_path
from sonify.errors import SonifyError

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("arc", help="draw how a text's feeling rises and falls")
    add_input(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT",
        help="an .svg or .png file (default: INPUT's name with .svg, in this folder)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draws the arc."""
    path = options.output or default_path(options, ".svg")
    if path.suffix.lower() not in (".svg", ".png"):
        raise SonifyError(f"can't draw {path}: name it .svg or .png")
    spare_input(options, path)

    from sonify import reading
    from sonify.mood import models as mood_models
    from sonify.output import arc
    from sonify.output.output import WholeFile
    from sonify.pipeline import hear

    with WholeFile(path) as file:
        model = mood_models.load(options.mood or mood_models.DEFAULT)
        book = reading.read(source(options), split=options.split)
        picture = arc.svg(book.title, book.author, hear(book, model))
        file.put(arc.png(picture) if path.suffix.lower() == ".png" else picture.encode())
