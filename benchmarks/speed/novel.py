"""Whole novels, from 10 to 100,000 sentences, to MIDI files; and the paper's way, while it can."""

from pathlib import Path
from typing import Any

from benchmarks.speed.processes import in_turn, median, run
from benchmarks.speed.texts import CHAPTER, write_novel

STAGED = 2_000
"""Sentences of the novel by which the stages are measured."""
PAPER_LENGTHS = (10, 100, 1_000)
MODEL = Path("models/major")


def measure_short(folder: Path) -> dict[str, Any]:
    """Seconds of 10, 100 and 1,000 sentences, five times, and megabytes."""
    return {str(length): _compose(folder, length, 5) for length in (10, 100, 1_000)}


def measure_long(folder: Path) -> dict[str, Any]:
    """The same of 10,000 sentences in chapters, three times."""
    return {"10000": _compose(folder, 10_000, 3)}


def measure_chapter(folder: Path) -> dict[str, Any]:
    """The same of 10,000 sentences in a single chapter."""
    return {"chapter": _compose(folder, 10_000, 3, chapter=10_000)}


def measure_longest(folder: Path) -> dict[str, Any]:
    """The same of 100,000 sentences, once, timed while it is weighed."""
    return {"100000": _compose(folder, 100_000, 0)}


def _compose(
    folder: Path, length: int, rounds: int, chapter: int = CHAPTER
) -> dict[str, list[float]]:
    novel = write_novel(folder / "novel.txt", length, chapter)
    command = ("-m", "sonify", "compose", novel, "-q", "-o", folder / "novel.mid")
    weighed = run(*command)
    contest = {str(length): lambda: run(*command, weigh=False).seconds}
    seconds = in_turn(contest, rounds)[str(length)] if rounds else [weighed.seconds]
    return {"seconds": seconds, "megabytes": [weighed.megabytes]}


def measure_stages(folder: Path) -> dict[str, Any]:
    """Seconds of each stage, one after the other in one process."""
    novel = write_novel(folder / "novel.txt", STAGED)
    rounds = [
        run("-m", "benchmarks.speed.contestants", "stages", novel, weigh=False).said
        for _ in range(5)
    ]
    return {name: [figures[name] for figures in rounds] for name in rounds[0]}


def measure_paper(folder: Path) -> dict[str, Any]:
    """Seconds and megabytes of the paper's way: a verdict a sentence, then Magenta's steps."""
    checkpoint = folder / "model.ckpt"
    run("-m", "training.melody", "export-magenta", MODEL, checkpoint, weigh=False)
    figures: dict[str, Any] = {}
    for length in PAPER_LENGTHS:
        novel = write_novel(folder / "novel.txt", length)
        heard = run("-m", "benchmarks.speed.contestants", "hear-as-the-paper", novel)
        sung = run(
            "-m", "benchmarks.speed.contestants", "sing-as-the-paper", MODEL, checkpoint, length,
            PAPER_STEPS,
        )  # fmt: skip
        figures[str(length)] = {
            "seconds": [heard.seconds + sung.seconds],
            "megabytes": [max(heard.megabytes, sung.megabytes)],
        }
    return figures


PAPER_STEPS = 18
"""Steps of melody a sentence, as many as ours have on average."""


def rows(kept: dict[str, Any]) -> list[list[str]]:
    """The rows of the main table."""
    ten = kept["long"]["10000"]
    whole, hundred = kept["chapter"]["chapter"], kept["longest"]["100000"]
    return [
        [
            "10,000 sentences to MIDI, wall (as a single chapter)",
            f"{median(ten['seconds']):.1f} s ({median(whole['seconds']):.1f} s)",
            "",
            "20 s · 10 s",
        ],
        [
            "the same, peak memory of all processes",
            f"{median(ten['megabytes']):.0f} MB ({median(whole['megabytes']):.0f} MB)",
            "",
            "700 MB · 450 MB",
        ],
        [
            "100,000 sentences against 10,000: time · peak memory",
            f"{median(hundred['seconds']) / median(ten['seconds']):.1f} × · "
            f"{median(hundred['megabytes']) / median(ten['megabytes']):.2f} ×",
            "",
            "≤ 10.5 × · ≤ 1.15 ×",
        ],
    ]


def by_length(kept: dict[str, Any], parts: tuple[str, ...]) -> dict[int, dict[str, list[float]]]:
    """What was measured of each length of text."""
    return {
        int(length): figures
        for part in parts
        for length, figures in kept[part].items()
        if length.isdigit()
    }


def table(kept: dict[str, Any]) -> list[list[str]]:
    """Cost by length of text."""
    ours, paper = by_length(kept, ("short", "long", "longest")), by_length(kept, ("paper",))
    lines = [["sentences", "sonify, seconds (runs)", "MB", "the paper's way, seconds", "MB"]]
    for length, figures in ours.items():
        theirs = paper.get(length)
        lines.append(
            [
                f"{length:,}",
                f"{median(figures['seconds']):.2f} ({len(figures['seconds'])})",
                f"{median(figures['megabytes']):.0f}",
                f"{median(theirs['seconds']):.1f}" if theirs else "",
                f"{median(theirs['megabytes']):,.0f}" if theirs else "",
            ]
        )
    return lines


def stage_table(stages: dict[str, Any]) -> list[list[str]]:
    """Where the time goes."""
    return [
        [f"stage, {STAGED:,} sentences, one process", "seconds"],
        *([name, f"{median(figures):.3f}"] for name, figures in stages.items() if name != "steps"),
        ["steps of melody a sentence", f"{median(stages['steps']) / STAGED:.1f}"],
    ]
