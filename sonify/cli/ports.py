"""`sonify ports`: the MIDI ports there are."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonify.cli.arguments import Commands


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("ports", help="list the MIDI ports")
    add_backend(parser)
    parser.set_defaults(run=run)


def add_port(parser: argparse.ArgumentParser) -> None:
    """Which port is played on: see `destinations.find`."""
    parser.add_argument(
        "--port", metavar="NAME",
        help="the port's name, a part of it, its number in `sonify ports`, or tcp://HOST:PORT "
        "(default: the only one there is)",
    )  # fmt: skip
    add_backend(parser)


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Which MIDI system's ports are meant."""
    parser.add_argument(
        "--backend", choices=("alsa", "jack", "coremidi", "winmm"),
        help="the MIDI system (default: all that are here)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> None:
    """Prints each port's number, MIDI system and name."""
    from sonify.output.live.destinations import destinations

    ports = destinations(options.backend)
    for number, port in enumerate(ports, 1):
        print(f"{number:>3}  {port.backend:<8}  {port}")
    if not ports:
        print("sonify: there is no MIDI port here now", file=sys.stderr)
