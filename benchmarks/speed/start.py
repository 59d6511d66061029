"""How soon sonify is there, and how much of a disk it takes."""

import contextlib
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from benchmarks.speed.processes import in_turn, median, run

_POEM = Path("samples/geumeum.txt")
_PAPERS = ("konlpy", "gensim", "tensorflow", "magenta", "note-seq")
"""What the paper's way imports."""


def measure(folder: Path) -> dict[str, Any]:
    """Seconds of short commands, and bytes of what is installed for us and for the paper's way."""
    commands = {
        "help": ("-m", "sonify", "--help"),
        "poem": ("-m", "sonify", "compose", _POEM, "-q", "-o", folder / "poem.mid"),
    }
    seconds = in_turn(
        {
            name: (lambda command=command: run(*command, weigh=False).seconds)
            for name, command in commands.items()
        }
    )
    models = sum(file.stat().st_size for file in Path("models").rglob("*") if file.is_file())
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "seconds": seconds,
        "megabytes": {
            "sonify": (_installed(project["dependencies"]) + models) / 1e6,
            "paper": _installed(_PAPERS) / 1e6,
        },
    }


def _installed(requirements: Iterable[str]) -> int:
    """Bytes of distributions and all that they require, here and without extras."""
    waiting, sizes = [Requirement(requirement) for requirement in requirements], {}
    while waiting:
        wanted = waiting.pop()
        if wanted.name in sizes or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        sizes[wanted.name] = 0
        with contextlib.suppress(metadata.PackageNotFoundError):  # not all of Magenta's pins exist
            found = metadata.distribution(wanted.name)
            files = (Path(str(file.locate())) for file in found.files or ())
            sizes[wanted.name] = sum(file.stat().st_size for file in files if file.is_file())
            waiting += [Requirement(requirement) for requirement in found.requires or ()]
    return sum(sizes.values())


def rows(kept: dict[str, Any]) -> list[list[str]]:
    """The rows of the table."""
    seconds = {name: median(figures) for name, figures in kept["seconds"].items()}
    return [
        ["`sonify compose` of the sample poem", f"{seconds['poem']:.2f} s", "", "3 s · 1.5 s"],
        ["`sonify --help`", f"{seconds['help']:.2f} s", "", "0.25 s · 0.15 s"],
        [
            "installed, with all that it requires",
            f"{kept['megabytes']['sonify']:.0f} MB",
            f"the paper's packages: {kept['megabytes']['paper']:,.0f} MB",
            "450 MB · 300 MB",
        ],
    ]
