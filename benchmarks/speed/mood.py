"""Sentences a second, from words to moods: ours and the paper's way."""

from pathlib import Path
from typing import Any

from benchmarks.speed.processes import Run, in_turn, median, run
from benchmarks.speed.texts import write_novel

_SENTENCES = {"ko": 5_000, "ko-paper": 5_000, "paper": 300}


def measure(folder: Path) -> dict[str, Any]:
    """Sentences a second once all is loaded and warm, and the most memory, of each."""
    novels = {
        name: write_novel(folder / f"{name}.txt", length) for name, length in _SENTENCES.items()
    }
    memory: dict[str, list[float]] = {name: [] for name in novels}

    def contest(name: str) -> float:
        kind = ["hear", name] if name != "paper" else ["hear-as-the-paper"]
        result: Run = run("-m", "benchmarks.speed.contestants", *kind, novels[name])
        memory[name].append(result.megabytes)
        return float(result.said["sentences"])

    speeds = in_turn({name: (lambda name=name: contest(name)) for name in novels})
    return {"sentences": speeds, "megabytes": memory}


def rows(kept: dict[str, Any]) -> list[list[str]]:
    """The rows of the table."""
    speed = {name: median(figures) for name, figures in kept["sentences"].items()}
    memory = {name: median(figures) for name, figures in kept["megabytes"].items()}
    asked = {"ko": "10 × · 50 ×", "ko-paper": "3 × · 8 ×"}
    return [
        [
            f"mood, `{name}`: sentences a second, tokens included · memory",
            f"{speed[name]:,.0f} ({speed[name] / speed['paper']:.1f} ×) · {memory[name]:.0f} MB",
            f"the paper's way: {speed['paper']:,.0f} · {memory['paper']:,.0f} MB",
            asked[name],
        ]
        for name in asked
    ]
