"""`sonify page`: a text in, a page to read and hear out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.cli.arguments import add_input, add_music, spare_input
from sonify.cli.compose import default_path, make

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("page", help="make a page to read and hear a text in a browser")
    add_input(parser)
    add_music(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT.html",
        help="where the page goes (default: INPUT's name with .html, in this folder)",
    )  # fmt: skip
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Makes the page, and says what was made."""
    from sonify.output.page import Page

    path = options.output or default_path(options, ".html")
    spare_input(options, path)
    make(options, path, lambda score: [Page(path, score)])
