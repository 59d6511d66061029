"""How fast and how light we are, beside Magenta's generator and the paper's way of hearing.

    python -m benchmarks.speed [PART …]

Measures the parts that are named (all of them, if none is), keeps what it measured in
results/speed.json, and writes results/speed.md and the charts in docs/pictures from all that is
kept. Contestants run in turn, each in a process of its own; figures are medians. Magenta and the
paper's way need the training extra.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.speed import charts, melody, mood, novel, start

PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "start": start.measure,
    "melody": melody.measure,
    "mood": mood.measure,
    "stages": novel.measure_stages,
    "short": novel.measure_short,
    "long": novel.measure_long,
    "chapter": novel.measure_chapter,
    "longest": novel.measure_longest,
    "paper": novel.measure_paper,
}
"""What is measured, each in less than six minutes on two cores."""

KEPT = results.RESULTS / "speed.json"


def main() -> None:
    """Measure, and write what is known."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    wanted = parser.parse_args().parts or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for part in wanted:
        with tempfile.TemporaryDirectory() as folder:
            kept[part] = PARTS[part](Path(folder))
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if set(kept) == set(PARTS):
        write(kept)


def write(kept: dict[str, Any]) -> None:
    """Write the table and draw the charts."""
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("numpy", "tensorflow", "magenta", "konlpy")
    )
    results.write(
        "speed",
        "Speed and weight",
        f"python -m benchmarks.speed` · `{versions}",
        [
            [
                ["", "sonify", "reference", "asked: at least · aim"],
                *melody.rows(kept["melody"]),
                *mood.rows(kept["mood"]),
                *novel.rows(kept),
                *start.rows(kept["start"]),
            ],
            novel.table(kept),
            novel.stage_table(kept["stages"]),
        ],
    )
    charts.draw(kept)


if __name__ == "__main__":
    main()
