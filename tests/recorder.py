"""A MIDI port that writes down what arrives, and the JACK server that it hangs on.

Recording is done by a process of its own, which knows nothing of what it ought to hear:
`python tests/recorder.py NAME` opens the port NAME and prints a line per message.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM = 0x80, 0x90, 0xB0, 0xC0


@dataclass(frozen=True, slots=True)
class Heard:
    """A message: when it came (seconds, the clock of `time.monotonic`), and its bytes."""

    time: float
    message: tuple[int, ...]

    @property
    def kind(self) -> int:
        """The status without the channel; the whole of it for a system message."""
        return self.message[0] & 0xF0 if self.message[0] < 0xF0 else self.message[0]

    @property
    def channel(self) -> int:
        return self.message[0] & 0x0F


class Recorder:
    """The port NAME:in, as long as its `with` block lasts, or until `stop`."""

    def __init__(self, name: str) -> None:
        self.name = f"{name}:in"
        self._client = name
        self._heard: list[Heard] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Opens the port, afresh."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._client], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout and self._process.stdout.readline() == "ready\n"
        threading.Thread(target=self._read, args=[self._process], daemon=True).start()

    def stop(self) -> None:
        """Takes the port away, as if the synthesizer had crashed."""
        self._process.kill()
        self._process.wait()

    def clear(self) -> None:
        """Forgets what has been heard."""
        self._heard.clear()

    def heard(self, *channels: int) -> list[Heard]:
        """What has been heard, on these channels or on all."""
        heard = list(self._heard)
        return [h for h in heard if not channels or (h.kind < 0xF0 and h.channel in channels)]

    def notes(self, *channels: int) -> list[Heard]:
        """The note-ons that have been heard."""
        return [h for h in self.heard(*channels) if h.kind == NOTE_ON]

    def sounding(self, *channels: int) -> set[tuple[int, int]]:
        """Channel and pitch of the notes that have no note-off."""
        sounding = set()
        for heard in self.heard(*channels):
            if heard.kind == NOTE_ON:
                sounding.add((heard.channel, heard.message[1]))
            elif heard.kind == NOTE_OFF:
                sounding.discard((heard.channel, heard.message[1]))
        return sounding

    def wait(self, enough: Callable[[], object], seconds: float = 20) -> None:
        """Waits until `enough` is true; fails when it takes too long."""
        until = time.monotonic() + seconds
        while not enough():
            assert time.monotonic() < until, f"waited {seconds} s; heard {self.heard()[-20:]}"
            time.sleep(0.01)

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            when, message = json.loads(line)
            self._heard.append(Heard(when, tuple(message)))


class Jack:
    """A JACK server without hardware, as long as its `with` block lasts.

    Args:
        name: of the server.
        frames: a period, at 48,000 a second.
    """

    def __init__(self, name: str, frames: int = 64) -> None:
        self.name = name
        self._frames = str(frames)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it: with real-time priority if that is allowed, or else without."""
        for priority in ("-R", "-r"):
            self._process = subprocess.Popen(
                [
                    "jackd",
                    "-n",
                    self.name,
                    priority,
                    "-S",
                    "-d",
                    "dummy",
                    "-r",
                    "48000",
                    "-p",
                    self._frames,
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(50):
                time.sleep(0.1)
                if self._process.poll() is not None:
                    break
                if self._runs():
                    return
            self.stop()
        raise RuntimeError("jackd doesn't start")

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()

    def _runs(self) -> bool:
        environment = {**os.environ, "JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}
        return not subprocess.run(
            [
                sys.executable,
                "-c",
                "import rtmidi; rtmidi.MidiOut(rtmidi.API_UNIX_JACK).get_ports()",
            ],
            env=environment,
            stderr=subprocess.DEVNULL,
            check=False,
        ).returncode


def jack_is_here() -> bool:
    """Whether there is a `jackd` to start."""
    return shutil.which("jackd") is not None


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def main() -> None:
    import rtmidi

    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=sys.argv[1])
    port.ignore_types(False, False, False)
    started: list[float] = []

    def hear(event: tuple[list[int], float], _: object) -> None:
        # RtMidi counts the time between messages with JACK's clock; the callback may come later.
        message, since = event
        started.append(started[-1] + since if started else time.monotonic())
        del started[:-1]
        print(json.dumps((started[-1], message)), flush=True)

    port.set_callback(hear)
    port.open_virtual_port("in")
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
