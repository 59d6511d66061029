"""`sonify panic`: silence on a port that was left sounding."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sonify.cli.ports import add_port

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("panic", help="silence a synthesizer that was left sounding")
    add_port(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Ends every note on every channel."""
    from sonify.output.live.destinations import find
    from sonify.output.live.port import panic

    output = find(options.port, options.backend).open()
    try:
        panic(output)
    finally:
        output.close()
