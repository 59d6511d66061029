"""How benchmarks write down what they measured."""

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def write(name: str, title: str, command: str, tables: Iterable[Sequence[Sequence[object]]]) -> str:
    """Prints tables and writes them to `results/NAME.md`, with machine and date.

    Args:
        name: of the file, without suffix.
        title: its heading.
        command: what measures it again.
        tables: each a list of rows, the first one the heading.

    Returns:
        What was written.
    """
    parts = [f"# {title}", f"`{command}` · {machine()} · {date.today()}"]
    for heading, *rows in tables:
        lines = [heading, ["---"] * len(heading), *rows]
        parts.append("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))
    text = "\n\n".join(parts) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)
    return text


def machine() -> str:
    """Processor, cores, system and Python, in a line."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].partition(":")[2].strip() if names else processor
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}"
    )
