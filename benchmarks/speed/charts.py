"""The two charts of the README."""

from pathlib import Path
from typing import Any

import matplotlib

from benchmarks.speed.novel import STAGED, by_length
from benchmarks.speed.processes import median

matplotlib.use("svg")
from matplotlib import pyplot

PICTURES = Path("docs/pictures")
_OURS, _THEIRS, _INK = "#c2813b", "#7d8aa5", "#8a8a8a"  # to be read on white and on black
_STYLE = {
    "font.size": 11,
    "svg.hashsalt": "sonify",
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def draw(kept: dict[str, Any]) -> None:
    """Draws both."""
    with pyplot.rc_context(_STYLE):
        _save(_cost(kept), "speed-length.svg")
        _save(_stages(kept["stages"]), "speed-stages.svg")


def _cost(kept: dict[str, Any]) -> pyplot.Figure:
    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    for parts, name, colour in (
        (("paper",), "the paper's way", _THEIRS),
        (("short", "long", "longest"), "sonify", _OURS),
    ):
        measured = by_length(kept, parts)
        seconds = [median(figures["seconds"]) for figures in measured.values()]
        axes.plot(list(measured), seconds, "o-", color=colour, linewidth=2)
        axes.annotate(
            name, (list(measured)[-1], seconds[-1]), (8, -4), textcoords="offset points",
            color=colour, weight="bold",
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="sentences", ylabel="from text to music")
    ticks = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min"}
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.set_xticks([10, 100, 1_000, 10_000, 100_000], ["10", "100", "1,000", "10,000", "100,000"])
    axes.minorticks_off()
    axes.set_xlim(right=600_000)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _stages(stages: dict[str, Any]) -> pyplot.Figure:
    names = [name for name in stages if name != "steps"]
    shares = [1000 * median(stages[name]) / STAGED for name in names]
    figure, axes = pyplot.subplots(figsize=(7, 2.8))
    bars = axes.barh(names, shares, color=_OURS)
    axes.bar_label(bars, [f"{share:.2f}" for share in shares], padding=4, color=_INK)
    axes.set_xlabel(f"milliseconds a sentence, on one core, in a novel of {STAGED:,}")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _save(figure: pyplot.Figure, name: str) -> None:
    figure.savefig(PICTURES / name, bbox_inches="tight", transparent=True, metadata={"Date": None})
    pyplot.close(figure)
