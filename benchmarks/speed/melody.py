"""Melody steps a second: ours, Magenta's own generator's, and what the cache allows."""

from pathlib import Path
from typing import Any

from benchmarks.speed.processes import in_turn, median, run

_STEPS = {"ours": 20_000, "Magenta": 600}
MODEL = Path("models/major")


def measure(folder: Path) -> dict[str, Any]:
    """Seconds a step of each, and of reading the weights once; bytes of weights."""
    checkpoint = folder / "model.ckpt"
    run("-m", "training.melody", "export-magenta", MODEL, checkpoint, weigh=False)
    ours, magenta = (
        lambda: run("-m", "benchmarks.speed.contestants", "ours", MODEL, _STEPS["ours"]).said,
        lambda: (
            run(
                "-m",
                "benchmarks.speed.contestants",
                "magenta",
                MODEL,
                checkpoint,
                _STEPS["Magenta"],
            ).said
        ),
    )
    bounds: list[float] = []

    def our_step() -> float:
        said = ours()
        bounds.append(said["bound"])
        return float(said["step"])

    steps = in_turn({"ours": our_step, "Magenta": lambda: float(magenta()["step"])})
    return {"step": steps, "bound": bounds, "bytes": ours()["bytes"]}


def rows(kept: dict[str, Any]) -> list[list[str]]:
    """The rows of the table."""
    ours, magenta = median(kept["step"]["ours"]), median(kept["step"]["Magenta"])
    bound = median(kept["bound"])
    return [
        [
            "melody steps a second, one stream, sampling included",
            f"{1 / ours:,.0f} ({magenta / ours:.0f} ×)",
            f"Magenta 2.1.4's generator, the same weights: {1 / magenta:,.0f}",
            "25 × · 50 ×",
        ],
        [
            "a step over the time to read the weights once",
            f"{ours * 1e6:.0f} µs ({ours / bound:.1f} ×)",
            f"{bound * 1e6:.0f} µs for {kept['bytes'] / 1e6:.1f} MB",
            "4 × · 2 ×",
        ],
    ]
