"""`sonify play`: a text in, music on a MIDI port as it is read."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sonify.cli.arguments import Number, add_input, add_music, load_models, settings, source
from sonify.cli.ports import add_port
from sonify.errors import SonifyError

if TYPE_CHECKING:
    from typing import BinaryIO

    from sonify.cli.arguments import Commands
    from sonify.output.live.player import Performance
    from sonify.output.live.screen import Screen


def add_to(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("play", help="play a text on a MIDI port, as it is read")
    add_input(parser)
    add_port(parser)
    parser.add_argument(
        "--virtual", action="store_true",
        help="open a port that other programs connect to, and call it NAME",
    )  # fmt: skip
    parser.add_argument(
        "--on-disconnect", choices=("wait", "exit"), default="wait",
        help="when the port vanishes: wait until it is back and go on (default), or leave",
    )  # fmt: skip
    parser.add_argument(
        "--from-chapter", type=Number(int, 1, 100_000), default=1, metavar="N",
        help="begin with chapter N",
    )  # fmt: skip
    parser.add_argument("--loop", action="store_true", help="begin again at the end")
    parser.add_argument(
        "--tempo", type=Number(float, 0.25, 4), default=1.0, metavar="X",
        help="play X times as fast (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--channel", type=Number(int, 1, 16), default=1, metavar="N",
        help="MIDI channel of the melody, 1-16; the chords have the next (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--program", type=Number(int, 0, 127), metavar="N",
        help="General MIDI instrument, 0-127 (default: 0, grand piano)", default=0,
    )  # fmt: skip
    parser.add_argument(
        "--transpose", type=Number(int, -48, 48), default=0, metavar="N",
        help="move the music by N semitones",
    )  # fmt: skip
    parser.add_argument(
        "--velocity-curve", type=Number(float, 0.2, 5), default=1.0, metavar="X",
        help="exponent of the velocity: below 1 plays louder, above 1 softer (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--clock", action="store_true", help="send MIDI clock, start, stop and song position"
    )
    add_music(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Plays, and says what went wrong on the way."""
    from sonify.output.live.player import Player

    player = Player(
        _performance(options), functools.partial(load_models, options), _screen(options)
    )
    player.play()
    if player.waits:
        times = "once" if player.waits == 1 else f"{player.waits} times"
        print(
            f"sonify: composing came too late {times}; the music stood still for "
            f"{player.waited:.1f} s in all",
            file=sys.stderr,
        )


def _performance(options: argparse.Namespace) -> Performance:
    from sonify.output.live.destinations import find
    from sonify.output.live.passages import Voicing
    from sonify.output.live.player import Performance

    wanted, text = settings(options), source(options)
    if options.input == "-":
        if options.loop or options.from_chapter > 1:
            raise SonifyError("--loop and --from-chapter need a file: standard input passes once")
        # Each line is sung before the next is known. Unbuffered: a buffered stream that a thread
        # waits for can't be closed when the program ends.
        wanted = replace(
            wanted, split="lines" if options.split == "auto" else options.split, context=False
        )
        text = cast("BinaryIO", os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False))
    return Performance(
        source=text,
        settings=wanted,
        destination=find(options.port, options.backend, virtual=options.virtual),
        voicing=Voicing(
            channel=options.channel - 1,
            program=options.program,
            transpose=options.transpose,
            curve=options.velocity_curve,
            clock=options.clock,
        ),
        rate=options.tempo,
        from_chapter=options.from_chapter,
        loop=options.loop,
        on_disconnect=options.on_disconnect,
    )


def _screen(options: argparse.Namespace) -> Screen:
    from rich.console import Console

    from sonify.output.live.screen import Lines, Panels

    console = Console()
    typed = options.input == "-" and sys.stdin.isatty()  # a panel would overwrite what is typed
    return Panels(console) if console.is_terminal and not typed else Lines()
