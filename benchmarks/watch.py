"""What a watched folder stands, and how soon a text has its soundtrack.

    python -m benchmarks.watch [closed] [rest] [dropped] [kills] [arrivals] [many] [huge]

Each part that is named (all, if none is) is measured and written down for itself. Every watcher is
a process of its own, with the shipped models; what it makes is held against what `compose` makes of
the same text. Poems are put together from the lines of `samples/geumeum.txt`.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import results
from sonify.output.midi_file import MidiFile
from sonify.output.report import Report
from sonify.pipeline import Models, compose, perform
from sonify.settings import Settings
from sonify.watch.home import HIDDEN, STATE
from sonify.watch.state import State

LINES = [
    line
    for line in Path("samples/geumeum.txt").read_text(encoding="utf-8").splitlines()
    if line.strip()
]
PATIENCE = 1200.0  # seconds without anything done, after which something is wrong
Table = list[list[object]]


def poem(number: int, lines: int) -> str:
    """A poem that no other number has."""
    chosen = random.Random(number).choices(LINES, k=lines - 1)
    return "\n".join([f"{number}번째 밤", *chosen]) + "\n"


class Watch:
    """A watcher that logs to a file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.inbox, self.out, self._log = folder / "inbox", folder / "out", folder / "log"
        self.inbox.mkdir(exist_ok=True)
        self._seen = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sonify", "watch", str(self.inbox), "--out", str(self.out),
                 "--log-json", *options],
                stdout=log,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def events(self) -> list[dict]:
        """All that was logged by all watchers on this folder; a line cut by a kill is left out."""
        lines = self._log.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith(b"{") and line[-1:] == b"}"]

    def news(self) -> list[dict]:
        """What was logged since last asked."""
        with self._log.open("rb") as log:
            log.seek(self._seen)
            lines = log.read()
        end = lines.rfind(b"\n") + 1
        self._seen += end
        return [json.loads(line) for line in lines[:end].splitlines()]

    def wait(self, event: str, number: int = 1) -> None:
        """Waits until an event has come so often, counting from the last wait."""
        until = time.monotonic() + PATIENCE
        while number:
            news = self.news()
            number -= sum(entry["event"] == event for entry in news)
            if news:
                until = time.monotonic() + PATIENCE
            assert time.monotonic() < until and self.process.poll() is None, event
            time.sleep(0.005)

    def kill(self, workers_only: bool = False) -> None:
        """Kills it and its workers, or these only."""
        if workers_only:
            for worker in self.workers():
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def workers(self) -> list[int]:
        """The processes that it has started."""
        with suppress(FileNotFoundError):
            file = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            return [int(child) for child in file.read_text().split()]
        return []

    def stop(self) -> float:
        """Asks it to leave; returns how long that took, in seconds."""
        began = time.monotonic()
        self.process.terminate()
        assert self.process.wait(60) == 0
        return time.monotonic() - began


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one measurement."""
    with tempfile.TemporaryDirectory(prefix="sonify-watch-") as name:
        yield Path(name)


def soundtrack(models: Models, text: Path, folder: Path) -> tuple[bytes, bytes]:
    """What `compose --report` makes of a text."""
    score = compose(text, lambda: models, Settings())
    outputs = MidiFile(folder / "right.mid", score), Report(folder / "right.json", score)
    perform(score, outputs)
    return (folder / "right.mid").read_bytes(), (folder / "right.json").read_bytes()


def made(out: Path, path: Path) -> tuple[bytes, bytes]:
    """What the watcher made of a text."""
    return out.joinpath(path.with_suffix(".mid")).read_bytes(), out.joinpath(
        path.with_suffix(".json")
    ).read_bytes()


def dropped_at_once(models: Models, count: int) -> Table:
    """So many poems land at the same moment."""
    with folder() as here:
        watch = Watch(here)
        watch.wait("started")
        began = time.monotonic()
        for number in range(count):
            (watch.inbox / f"{number}.txt").write_text(poem(number, 4 + number % 9))
        watch.wait("done", count)
        seconds = time.monotonic() - began
        time.sleep(1)
        done = Counter(e["content"] for e in watch.events() if e["event"] == "done")
        watch.stop()
        right = sum(
            made(watch.out, Path(f"{number}.txt"))
            == soundtrack(models, watch.inbox / f"{number}.txt", here)
            for number in range(count)
        )
        files = sum(1 for file in watch.out.iterdir() if file.name != HIDDEN)
    return [
        ["poems dropped at once", count],
        ["… with soundtrack and report byte for byte as compose makes them", right],
        ["… files among the soundtracks besides those", files - 2 * count],
        ["… composed more than once", sum(number > 1 for number in done.values())],
        ["… a minute", f"{60 * count / seconds:.0f}"],
    ]


def killed(models: Models, runs: int, longest: float) -> Table:
    """Watchers are killed at random moments, while texts are written, changed and renamed."""
    chance = random.Random(1)
    names: dict[str, set[str]] = {}  # content → the names that it has had
    number = 0
    with folder() as here:
        for _ in range(runs):
            watch = Watch(here, "--workers", "1")
            end = time.monotonic() + chance.uniform(0, longest)
            while time.monotonic() < end:
                number = _meddle(watch, number, chance, names)
                time.sleep(min(chance.expovariate(2), max(0.0, end - time.monotonic())))
                if chance.random() < 0.03:
                    watch.kill(workers_only=True)
            watch.kill()
        began = time.monotonic()
        last = Watch(here, "--workers", "2", "--once")
        last.process.wait()
        took = time.monotonic() - began
        texts = sorted(last.inbox.iterdir())
        right = 0
        for text in texts:
            content = text.read_text()
            candidates = sorted(names[content], key=lambda name: name != text.name)
            result = made(last.out, Path(text.name))
            right += any(
                result == soundtrack(models, _as(text, here / "as" / name), here)
                for name in candidates
            )
        of_texts = {f"{text.stem}{suffix}" for text in texts for suffix in (".mid", ".json")}
        others = {file.name for file in last.out.iterdir()} - of_texts - {HIDDEN}
        with State(last.out / STATE) as state:
            state.check()  # raises if it is damaged
            left = {
                f"{record.output}{suffix}"
                for page in state.pages("gone")
                for record in page
                for suffix in record.suffixes
            }
            counts = state.counts()
        done = Counter(e["content"] for e in last.events() if e["event"] == "done")
        hidden = {file.name for file in (last.out / HIDDEN).rglob("*")}
        happened = Counter(e["event"] for e in last.events())
    return [
        ["kills at random moments", runs],
        ["… texts in the end", len(texts)],
        ["… with the soundtrack of their content, whole, and its report", right],
        ["… composed · copied · renamed", _dots(happened, "done", "copied", "renamed")],
        ["… contents in the log as done twice", sum(times > 1 for times in done.values())],
        ["… stray files among the soundtracks", len(others - left)],
        ["… soundtracks of texts that went unseen, kept", len(others & left) // 2],
        ["… stray files in the hidden folder", len(hidden - {"lock", Path(STATE).name})],
        ["… texts that stand otherwise than done or gone",
         sum(counts.values()) - counts.get("done", 0) - counts.get("gone", 0)],
        ["… database", "sound"],
        ["… the last run, with what was left to do", f"{took:.0f} s"],
    ]  # fmt: skip


def _meddle(watch: Watch, number: int, chance: random.Random, names: dict[str, set[str]]) -> int:
    """Does something to the texts, and notes what may have been seen."""
    inbox = watch.inbox
    texts = sorted(inbox.glob("*.txt"))
    what = chance.choices(["write", "change", "rename", "copy"], [5, 2, 3, 1])[0]
    if what == "write" or not texts:
        number += 1
        path, content = inbox / f"{number}.txt", poem(number, 3)
        path.write_text(content)
    elif what == "change":
        number += 1
        path, content = chance.choice(texts), poem(number, 3)
        aside = inbox / f".{number}"
        aside.write_text(content)
        aside.replace(path)
    else:
        number += 1
        # One that has a soundtrack, if there is one: that has to be renamed or copied too.
        done = [text for text in texts if (watch.out / text.with_suffix(".mid").name).exists()]
        before, path = chance.choice(done or texts), inbox / f"{number}.txt"
        content = before.read_text()
        if what == "rename":
            before.rename(path)
        else:
            shutil.copy(before, path)
    names.setdefault(content, set()).add(path.name)
    return number


def _as(text: Path, path: Path) -> Path:
    """A copy of a text under the name that it once had."""
    path.parent.mkdir(exist_ok=True)
    shutil.copy(text, path)
    return path


def _dots(counter: Counter[str], *names: str) -> str:
    return " · ".join(str(counter[name]) for name in names)


def arrivals(count: int, at_once: int) -> Table:
    """Poems of a line arrive, some at a time, for long; does anything grow?"""
    with folder() as here:
        watch = Watch(here)
        watch.wait("started")
        measured = []
        marks = {100, *range(count // 5, count + 1, count // 5)}
        for number in range(at_once, count + 1, at_once):
            for arrival in range(number - at_once, number):
                (watch.inbox / f"{arrival}.txt").write_text(poem(arrival, 1))
            watch.wait("done", at_once)
            if number in marks:
                pids = [watch.process.pid, *watch.workers()]
                sizes = _sizes(pids[0]), _sizes(pids[-1])
                together = sum(memory for memory, _, _ in sizes)
                measured.append([number, *sizes[0], *sizes[1], f"{together:.1f}"])
                print(*measured[-1], flush=True)
        watch.stop()
    return [
        ["after … arrivals", "watcher: MB", "handles", "threads", "worker: MB", "handles",
         "threads", "together: MB"],
        *measured,
    ]  # fmt: skip


def _sizes(pid: int) -> tuple[float, int, int]:
    """Megabytes that are a process' own, its file handles and its threads."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    memory = sum(
        int(line.split()[1])
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        if line.startswith(("Private_", "Swap:"))
    )
    handles = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return round(memory / 1024, 1), handles, int(status["Threads"])


def at_rest(seconds: float, files: int) -> Table:
    """The processor time that a watcher and its warm workers take while nothing happens."""
    with folder() as here:
        watch = Watch(here)
        watch.wait("started")
        (watch.inbox / "poem.txt").write_text(poem(0, 4))
        watch.wait("done")
        for number in range(files):  # alike, so that they are copied instead of composed
            shutil.copy(watch.inbox / "poem.txt", watch.inbox / f"{number}.txt")
        watch.wait("copied", files)
        time.sleep(10)
        pids = [watch.process.pid, *watch.workers()]
        before = sum(map(_processor_time, pids))
        began = time.monotonic()
        time.sleep(seconds)
        share = (sum(map(_processor_time, pids)) - before) / (time.monotonic() - began)
        stopping = watch.stop()
    return [
        [f"at rest, {files + 1} done, over {seconds:.0f} s", f"{share:.2%} of a core"],
        ["SIGTERM to exit", f"{stopping:.2f} s"],
    ]


def _processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def closed_to_finished(count: int) -> Table:
    """From closing a 20-line poem to its finished soundtrack and report, warm."""
    with folder() as here:
        watch = Watch(here)
        watch.wait("started")
        for number in range(4):  # so that both workers are warm
            (watch.inbox / f"warm{number}.txt").write_text(poem(-1 - number, 20))
        watch.wait("done", 4)
        times = []
        for number in range(count):
            (watch.inbox / f"{number}.txt").write_text(poem(number, 20))
            began = time.monotonic()
            finished = watch.out / f"{number}.json"
            while not finished.exists():
                time.sleep(0.002)
            times.append(time.monotonic() - began)
            watch.wait("done")
        watch.stop()
    return [
        ["a 20-line poem closed → finished, warm: median", f"{statistics.median(times):.2f} s"],
        ["… the slowest of " + str(count), f"{max(times):.2f} s"],
    ]


def many(count: int) -> Table:
    """So many files, of a line each, are there at once when the watcher starts."""
    with folder() as here:
        inbox = here / "inbox"
        inbox.mkdir()
        for number in range(count):
            (inbox / f"{number}.txt").write_text(poem(number, 1))
        began = time.monotonic()
        watch = Watch(here)
        watch.wait("done")
        first = time.monotonic() - began
        watch.wait("done", count - 1)
        seconds = time.monotonic() - began
        peak = _peak(watch.process.pid)
        watch.stop()
        failed = sum(e["event"] == "failed" for e in watch.events())
        made = sum(1 for file in watch.out.iterdir() if file.suffix == ".mid")
    return [
        ["files there at the start, a line each", count],
        ["… until the first is done", f"{first:.1f} s"],
        ["… until all are", f"{seconds:.0f} s"],
        ["… soundtracks · failed", f"{made} · {failed}"],
        ["… memory of the watcher at its peak", f"{peak:.0f} MB"],
    ]


def huge(gigabytes: float) -> Table:
    """A text that would be composed for hours; others go on, and memory stays flat."""
    block = "".join(poem(number, 20) for number in range(1000)).encode()
    with folder() as here:
        watch = Watch(here)
        watch.wait("started")
        with (watch.inbox / "huge.txt").open("wb") as file:
            for _ in range(round(gigabytes * 1e9 / len(block))):
                file.write(block)
        closed = time.monotonic()
        watch.wait("composing")
        begun = time.monotonic() - closed
        memory = []
        for seconds in (30, 150):
            time.sleep(max(0.0, closed + begun + seconds - time.monotonic()))
            workers = [_sizes(pid)[0] for pid in watch.workers()]
            memory.append(f"{_sizes(watch.process.pid)[0]} · {max(workers):.1f}")
            if seconds == 30:
                (watch.inbox / "poem.txt").write_text(poem(0, 20))
                began = time.monotonic()
                watch.wait("done")
                poem_took = time.monotonic() - began
        stopping = watch.stop()
        left = [file.name for file in watch.out.rglob("*")]
    return [
        [f"a text of {gigabytes:g} GB closed → being composed", f"{begun:.1f} s"],
        ["… 30 s later: MB of the watcher · of its largest worker", memory[0]],
        ["… 150 s later", memory[1]],
        ["… a poem meanwhile, closed → finished", f"{poem_took:.2f} s"],
        ["… SIGTERM to exit", f"{stopping:.2f} s"],
        ["… what it leaves behind", ", ".join(sorted(left))],
    ]


def _peak(pid: int) -> float:
    """MB that a process has had in memory at most, shared libraries included."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


def main() -> None:
    """Measures what is asked for and writes it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=" · ".join(PARTS))
    for part in parser.parse_args().parts or PARTS:
        heading, measure = PARTS[part]
        with results.meanwhile() as load:
            table = measure()
        command = f"python -m benchmarks.watch {part}"
        if part != "arrivals":
            table = [["", ""], *table]
        results.write("watch", "A watched folder", command, [table, [["meanwhile"], load]], heading)


PARTS: dict[str, tuple[str, Callable[[], Table]]] = {
    "closed": ("A poem, closed until finished", lambda: closed_to_finished(20)),
    "rest": ("At rest", lambda: [*at_rest(60, 0), *at_rest(60, 1000)]),
    "dropped": ("Many poems at once", lambda: dropped_at_once(Models.load(), 1000)),
    "kills": ("Killed at random moments", lambda: killed(Models.load(), 300, 10)),
    "arrivals": ("A week", lambda: arrivals(20_000, 100)),
    "many": ("A full folder", lambda: many(10_000)),
    "huge": ("A huge text", lambda: huge(1)),
}


if __name__ == "__main__":
    main()
