"""How fast audio is rendered, and how it comes out: `python -m benchmarks.audio`.

The sample novel is composed first, so that only rendering is timed. Loudness is measured by
pyloudnorm (`pip install pyloudnorm`), which the package itself doesn't need.
"""

import math
import resource
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyloudnorm
import soundfile

from benchmarks import results
from sonify.melody.score import Phrase, Score
from sonify.output.audio import FORMATS, Audio
from sonify.pipeline import Models, compose
from sonify.settings import Settings

SAMPLES = Path("samples")


def main() -> None:
    """Measures, and writes results/audio.md."""
    models = Models.load()
    books = {}
    for name in ("maengnori.epub", "geumeum.txt"):
        score = compose(SAMPLES / name, lambda: models, Settings())
        books[name] = replace(score, phrases=iter(())), tuple(score.phrases)

    table: list[Sequence[object]] = [
        (
            "file",
            "minutes",
            "× real time",
            "by processor time",
            "MB an hour",
            "peak, dBFS",
            "loudness, LUFS",
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        score, phrases = books["maengnori.epub"]
        before = peak_memory()
        path = Path(folder) / "hour.ogg"
        seconds, worked = render(path, score, hour(phrases))
        length = soundfile.info(path).duration
        memory = [
            ("hours", "× real time", "by processor time", "MB of memory more than before"),
            (
                f"{length / 3600:.2f}",
                f"{length / seconds:.0f}",
                f"{length / worked:.0f}",
                f"{peak_memory() - before:.0f}",
            ),
        ]
        for name, (score, phrases) in books.items():
            for suffix in FORMATS:
                path = Path(folder) / f"{Path(name).stem}{suffix}"
                seconds = render(path, score, phrases)
                table.append((path.name, *judge(path, *seconds)))
    results.write("audio", "Rendering audio", "python -m benchmarks.audio", [table, memory])


def render(path: Path, score: Score, phrases: Iterable[Phrase]) -> tuple[float, float]:
    """Writes the file, and tells the seconds that took, and those of one processor."""
    began, worked = time.perf_counter(), time.process_time()
    with Audio(path, score) as audio:
        for phrase in phrases:
            audio.write(phrase)
    return time.perf_counter() - began, time.process_time() - worked


def judge(path: Path, seconds: float, worked: float) -> tuple[str, ...]:
    """What a file is like, decoded."""
    sound, rate = soundfile.read(path, dtype="float32")
    length = len(sound) / rate
    return (
        f"{length / 60:.1f}",
        f"{length / seconds:.0f}",
        f"{length / worked:.0f}",
        f"{path.stat().st_size / 1e6 * 3600 / length:.0f}",
        f"{20 * math.log10(np.abs(sound).max()):.1f}",
        f"{pyloudnorm.Meter(rate).integrated_loudness(sound):.1f}",
    )


def hour(phrases: Sequence[Phrase]) -> Iterator[Phrase]:
    """The book over and over, for an hour."""
    time = 0.0
    while time < 3600:
        for phrase in phrases:
            yield replace(phrase, time=time)
            time += phrase.duration


def peak_memory() -> float:
    """MB, of this process since it began."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
