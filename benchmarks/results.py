"""How benchmarks write down what they measured."""

import os
import platform
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def write(
    name: str,
    title: str,
    command: str,
    tables: Iterable[Sequence[Sequence[object]]],
    part: str = "",
) -> str:
    """Prints tables and writes them to `results/NAME.md`, with machine and date.

    Args:
        name: of the file, without suffix.
        title: its heading.
        command: what measures it again.
        tables: each a list of rows, the first one the heading.
        part: heading of the part of the file that is written, the others staying as they are; the
            whole file, if empty.

    Returns:
        What was written.
    """
    parts = [f"## {part}" if part else f"# {title}", f"`{command}` · {machine()} · {date.today()}"]
    for heading, *rows in tables:
        lines = [heading, ["---"] * len(heading), *rows]
        parts.append("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))
    text = "\n\n".join(parts) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    if part:
        before = path.read_text(encoding="utf-8") if path.exists() else f"# {title}\n"
        head, *sections = re.split(r"^(?=## )", before, flags=re.MULTILINE)
        kept = {section.partition("\n")[0]: section.strip() + "\n" for section in sections}
        text = "\n".join([head.strip() + "\n", *(kept | {f"## {part}": text}).values()])
    path.write_text(text, encoding="utf-8")
    return text


@contextmanager
def meanwhile() -> Iterator[list[object]]:
    """A list that at the end of the `with` block says what the machine did, itself included."""
    load: list[object] = []
    began, before = time.monotonic(), processor_seconds()
    yield load
    cores = (processor_seconds() - before) / (time.monotonic() - began)
    load.append(
        f"{cores:.2f} of {os.cpu_count()} cores busy on average, all that was measured included"
    )


def processor_seconds() -> float:
    """What all cores have worked since the machine began."""
    user, nice, system, _, _, *others = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


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
