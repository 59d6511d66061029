"""`sonify play`, `ports` and `panic`, as a person runs them, with a recorder on the port."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import mido
import mido.sockets
import pytest

from sonify import reading
from sonify.cli import main
from tests.recorder import CONTROL, NOTE_OFF, NOTE_ON, PROGRAM, Jack, Recorder, children

ROOT = Path(__file__).parents[2]
NOVEL = ROOT / "samples" / "maengnori.epub"
QUICK = ("--pace", "3000")
LINES = ["봄바람이 창을 두드렸다", "아무도 울지 않았다", "문 앞에 꽃이 놓여 있었다"]


@contextlib.contextmanager
def playing(*arguments: object, **options) -> Iterator["subprocess.Popen[str]"]:
    """`sonify play` as a process, which is gone when the block ends."""
    command = subprocess.Popen(
        [sys.executable, "-m", "sonify", "play", *map(str, arguments)],
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
    )
    try:
        yield command
    finally:
        with contextlib.suppress(ProcessLookupError):
            command.send_signal(signal.SIGCONT)
        command.terminate()
        with contextlib.suppress(ValueError):
            command.communicate(timeout=20)


@pytest.fixture
def poem(tmp_path: Path) -> Path:
    path = tmp_path / "poem.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


@pytest.fixture
def long_poem(tmp_path: Path) -> Path:
    path = tmp_path / "long.txt"
    path.write_text("\n".join(LINES * 20), encoding="utf-8")
    return path


def sender(command: "subprocess.Popen[str]") -> int:
    """The number of the process that sends the notes."""
    return next(
        child
        for child in children(command.pid)
        if "sonify.output.live.sender" in Path(f"/proc/{child}/cmdline").read_text()
    )


def all_ended(recorder: Recorder, channel: int) -> bool:
    """Whether nothing sounds, and the channel's last word is sustain off, all notes off."""
    heard = recorder.heard(channel)
    last = [h.message[1:] for h in heard[-2:] if h.kind == CONTROL]
    return not recorder.sounding(channel) and last == [(64, 0), (123, 0)]


def test_it_plays_the_notes_that_compose_writes(recorder: Recorder, poem: Path, tmp_path: Path):
    assert main(["compose", str(poem), "-o", str(tmp_path / "a.mid"), "-q", *QUICK]) == 0
    written, now = [], 0.0
    for message in mido.MidiFile(tmp_path / "a.mid"):
        now += message.time
        if message.type in ("note_on", "note_off"):
            written.append((now / 4, tuple(message.bytes())))
    with playing(poem, "--port", "recorder", "--tempo", 4, *QUICK) as command:
        out, err = command.communicate(timeout=60)
    assert (command.returncode, err) == (0, "")
    assert [line in out for line in LINES] == [True] * 3
    heard = [h for h in recorder.heard() if h.kind in (NOTE_ON, NOTE_OFF)]
    for channel in (0, 1):
        ours = [h.message for h in heard if h.channel == channel]
        assert ours == [m for _, m in written if m[0] & 0x0F == channel]
    start = heard[0].time - written[0][0]
    late = sorted(h.time - start - when for h, (when, _) in zip(heard, written, strict=True))
    assert late[0] > -0.05 and late[len(late) // 2] < 0.05  # figures: benchmarks/live.py
    assert all_ended(recorder, 0) and all_ended(recorder, 1)


def test_however_it_is_ended_every_note_ends(recorder: Recorder, long_poem: Path):
    def hang_up(command: "subprocess.Popen[str]") -> None:
        assert command.stdout
        command.stdout.close()  # the next line it prints breaks the pipe

    ways: list[tuple[Callable[[subprocess.Popen[str]], object], int]] = [
        (lambda command: command.send_signal(signal.SIGINT), 130),
        (lambda command: command.send_signal(signal.SIGTERM), 1),
        (lambda command: command.send_signal(signal.SIGHUP), 1),
        (lambda command: command.kill(), -9),
        (hang_up, 1),
    ]
    with contextlib.ExitStack() as stack:
        commands = [
            stack.enter_context(
                playing(long_poem, "--port", recorder.name, "--channel", 1 + 3 * number, *QUICK)
            )
            for number in range(len(ways))
        ]
        for number in range(len(ways)):
            recorder.wait(lambda n=number: len(recorder.notes(3 * n)) > 3, 120)
        for number, (way, code) in enumerate(ways):
            channel = 3 * number
            recorder.wait(lambda c=channel: recorder.sounding(c))
            way(commands[number])
            assert commands[number].wait(20) == code
            recorder.wait(lambda c=channel: all_ended(recorder, c), 3)
            assert all_ended(recorder, (channel + 1) % 16)


def test_a_text_that_breaks_off_ends_with_a_line_and_in_silence(recorder: Recorder, tmp_path):
    with playing("-", "--port", recorder.name, stdin=subprocess.PIPE) as command:
        assert command.stdin
        command.stdin.write(LINES[0] + "\n")
        command.stdin.flush()
        recorder.wait(recorder.notes, 60)
        command.stdin.buffer.write(b"\x00\x01\x02\xff\xfe\x00" * 5000 + b"\n")
        _, err = command.communicate(timeout=30)
        assert command.returncode == 1
        assert err.startswith("sonify: ") and err.count("\n") == 1
    assert all_ended(recorder, 0)


def test_lines_are_sung_as_they_come_and_the_end_is_on_the_tonic(recorder: Recorder):
    arguments = ("-", "--port", recorder.name, "--tempo", 4, *QUICK)
    with playing(*arguments, stdin=subprocess.PIPE) as command:
        assert command.stdin and command.stdout
        time.sleep(1.5)
        assert command.poll() is None and not recorder.notes()
        for line in LINES[:2]:
            before = len(recorder.notes())
            command.stdin.write(line + "\n")
            command.stdin.flush()
            recorder.wait(lambda n=before: len(recorder.notes()) > n, 60)
            time.sleep(1)  # until it is resting again
        at_rest = len(recorder.notes())
        command.stdin.close()
        command.wait(30)
        out = command.stdout.read()
    assert [line in out for line in LINES] == [True, True, False]
    assert len(recorder.notes()) > at_rest  # the cadence
    assert all_ended(recorder, 0)
    melody = [n.message[1] % 12 for n in recorder.notes(0)]
    bass = [n.message[1] for n in recorder.notes(1) if n.time > recorder.notes(0)[-1].time - 0.1]
    assert melody[-1] == min(bass) % 12


def test_who_stops_and_goes_on_is_neither_hurried_nor_late(recorder: Recorder, long_poem: Path):
    with playing(long_poem, "--port", recorder.name, "--tempo", 2) as command:
        recorder.wait(lambda: len(recorder.notes(0)) > 3, 60)
        both = [command.pid, sender(command)]
        for process in both:
            os.kill(process, signal.SIGSTOP)
        time.sleep(1.5)
        stopped = len(recorder.notes(0))
        for process in both:
            os.kill(process, signal.SIGCONT)
        recorder.wait(lambda: len(recorder.notes(0)) > stopped + 8)
    after = [note.time for note in recorder.notes(0)][stopped : stopped + 8]
    assert min(b - a for a, b in pairwise(after)) > 0.04  # a sixteenth lasts longer


def test_a_synthesizer_that_comes_back_is_played_on(jack: Jack, long_poem: Path):
    with Recorder("comes-back") as recorder, playing(long_poem, "--port", "comes") as command:
        recorder.wait(lambda: len(recorder.notes()) > 3, 60)
        recorder.wait(recorder.sounding)
        recorder.stop()
        sounding = recorder.sounding()
        recorder.clear()
        time.sleep(2.5)  # it looks every second
        recorder.start()
        recorder.wait(lambda: len(recorder.notes()) > 3)
        before = recorder.heard()[: recorder.heard().index(recorder.notes()[0])]
        assert sounding <= {(h.channel, h.message[1]) for h in before if h.kind == NOTE_OFF}
        programs = [h for h in recorder.heard() if h.kind == PROGRAM]
        assert len(programs) == 2  # of two channels, told anew
        command.send_signal(signal.SIGINT)
        out, _ = command.communicate(timeout=20)
        recorder.wait(lambda: all_ended(recorder, 0), 3)
    assert "has gone; waiting" in out and "is back" in out


def test_it_leaves_when_the_port_vanishes_if_it_is_to(jack: Jack, long_poem: Path):
    with (
        Recorder("vanishes") as recorder,
        playing(long_poem, "--port", "vanishes", "--on-disconnect", "exit") as command,
    ):
        recorder.wait(recorder.notes, 60)
        recorder.stop()
        _, err = command.communicate(timeout=20)
        assert (command.returncode, err) == (1, "sonify: vanishes:in has gone\n")


def test_a_jack_server_that_is_started_again_is_played_on(jack: Jack, long_poem, monkeypatch):
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "sonify-restarts")
    with (
        Jack("sonify-restarts") as server,
        Recorder("synth") as recorder,
        playing(long_poem, "--port", "synth") as command,
    ):
        recorder.wait(lambda: len(recorder.notes()) > 3, 60)
        server.stop()
        recorder.stop()
        recorder.clear()
        time.sleep(2.5)  # it looks every second
        server.start()
        recorder.start()
        recorder.wait(lambda: len(recorder.notes()) > 3)
        command.send_signal(signal.SIGTERM)
        assert command.wait(20) == 1
        recorder.wait(lambda: all_ended(recorder, 0), 3)


def test_a_port_that_blocks_doesnt_hold_the_command(recorder: Recorder, long_poem: Path):
    with playing(long_poem, "--port", recorder.name) as command:
        recorder.wait(recorder.notes, 60)
        os.kill(sender(command), signal.SIGSTOP)
        _, err = command.communicate(timeout=30)
        assert (command.returncode, err) == (
            1,
            f"sonify: {recorder.name} takes no more notes: it blocks\n",
        )


def test_over_the_network(poem: Path):
    with mido.sockets.PortServer("127.0.0.1", 0) as server:
        number = server._socket.getsockname()[1]
        with playing(poem, "--port", f"tcp://127.0.0.1:{number}", "--tempo", 4) as command:
            connection = server.accept()
            heard = []
            while not connection.closed:
                heard += connection.iter_pending()
                time.sleep(0.02)
            assert command.wait(30) == 0
    assert sum(m.type == "note_on" for m in heard) > 10
    assert [m.control for m in heard[-4:]] == [64, 123, 64, 123]


def test_the_sound_can_be_set_and_a_drum_machine_keeps_in_step(recorder, poem, tmp_path):
    assert main(["compose", str(poem), "-o", str(tmp_path / "a.mid"), "-q", *QUICK]) == 0
    composed = [m for m in mido.MidiFile(tmp_path / "a.mid").tracks[1] if m.type == "note_on"]
    sound = ("--channel", 5, "--program", 19, "--transpose", -12, "--velocity-curve", 2)
    arguments = ("--port", recorder.name, "--tempo", 4, "--clock", *sound, *QUICK)
    with playing(poem, *arguments) as command:
        assert command.wait(60) == 0
    notes = recorder.notes(4)
    assert [n.message[1] for n in notes] == [m.note - 12 for m in composed]
    assert all(0 < n.message[2] < m.velocity for n, m in zip(notes, composed, strict=True))
    assert recorder.heard()[0].message == (PROGRAM | 4, 19)
    system = [h for h in recorder.heard() if h.kind >= 0xF0]
    assert (system[0].message, system[-1].message) == ((0xFA,), (0xFC,))
    clocks = [h.time for h in system if h.message == (0xF8,)]
    assert len(clocks) % 24 == 0  # whole beats
    assert abs(clocks[0] - notes[0].time) < 0.05


def test_it_begins_with_any_chapter(recorder: Recorder):
    chapters = {s.chapter.index: s.chapter for s in reading.read(NOVEL).sentences}
    with playing(NOVEL, "--port", recorder.name, "--from-chapter", 3, *QUICK) as command:
        assert command.stdout
        lines = [line.strip() for _, line in zip(range(4), command.stdout, strict=False)]
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=20)
    assert lines[2] == chapters[2].title
    assert err == "sonify: stopped; nothing unfinished is left behind\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([NOVEL, "--port", "nonsense"], "there is no port 'nonsense'; there are: “"),
        ([NOVEL, "--port", "tcp://127.0.0.1:1"], "nobody listens at tcp://127.0.0.1:1"),
        ([NOVEL, "--backend", "winmm"], "no MIDI system winmm"),
        (["none.txt"], "none.txt"),
        (["-", "--loop"], "--loop and --from-chapter need a file"),
        ([NOVEL, "--from-chapter", "99"], "there is no chapter 99: the last is 6"),
    ],
)
def test_what_cant_be_played_is_said_in_a_line(recorder: Recorder, capfd, arguments, said: str):
    assert main(["play", *map(str, arguments)]) == 1
    error = capfd.readouterr().err
    assert error.startswith("sonify: ") and error.count("\n") == 1
    assert said in error
    assert not recorder.sounding()


def test_ports_are_listed_by_number(recorder: Recorder, capfd):
    assert main(["ports"]) == 0
    listed = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [str(n + 1) for n in range(len(listed))]
    assert any(re.fullmatch(rf" *\d+  jack      {recorder.name}", line) for line in listed)
    assert main(["ports", "--backend", "winmm"]) == 1


def test_panic_silences_what_was_left_sounding(recorder: Recorder):
    import rtmidi

    port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK)
    port.open_port(port.get_ports().index(recorder.name))
    port.send_message([NOTE_ON | 3, 64, 100])
    recorder.wait(lambda: recorder.sounding() == {(3, 64)})
    assert main(["panic", "--port", recorder.name]) == 0
    recorder.wait(lambda: not recorder.sounding(), 3)
    recorder.wait(lambda: len(recorder.heard()) == 1 + 16 * (128 + 3), 3)
    port.delete()
