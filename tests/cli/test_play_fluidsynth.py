"""`sonify play` with a synthesizer on the other end, and what is heard from it."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mido
import numpy as np
import pytest

from sonify.cli import main
from tests.recorder import Jack

ROOT = Path(__file__).parents[2]
SOUNDFONTS = [
    Path("/usr/share/sounds/sf2/TimGM6mb.sf2"),
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
]
OCARINA = 79  # nearly a sine: its strongest partial is the note
SLOWLY = 0.7
RATE = 44_100  # samples a second


@pytest.mark.skipif(not shutil.which("fluidsynth"), reason="needs fluidsynth")
def test_a_synthesizer_sounds_the_notes_that_were_sent(jack: Jack, tmp_path: Path):
    soundfont = next((path for path in SOUNDFONTS if path.exists()), None)
    if soundfont is None:
        pytest.skip("needs a SoundFont (Debian: timgm6mb-soundfont)")
    text, audio = tmp_path / "line.txt", tmp_path / "heard.raw"
    text.write_text("달이 없는 밤", encoding="utf-8")
    with fluidsynth(soundfont, audio):
        command = [
            sys.executable, "-m", "sonify", "play", str(text), "--port", "synth",
            "--no-accompaniment", "--program", str(OCARINA), "--tempo", str(SLOWLY),
        ]  # fmt: skip
        played = subprocess.run(
            command, capture_output=True, text=True, timeout=150, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert (played.returncode, played.stderr) == (0, "")
        time.sleep(1)

    main(["compose", str(text), "-o", str(tmp_path / "a.mid"), "-q", "--no-accompaniment"])
    notes, now = [], 0.0
    for message in mido.MidiFile(tmp_path / "a.mid"):
        now += message.time
        if message.type == "note_on":
            notes.append((now / SLOWLY, message.note))
    samples = np.fromfile(audio, np.int16)
    sound = samples[: samples.size // 2 * 2].reshape(-1, 2).mean(axis=1)
    loud = np.flatnonzero(np.abs(sound) > 300)
    assert loud.size > RATE  # a second, at least
    start = loud[0] / RATE - notes[0][0]
    heard = [pitch(sound, start + when) for when, _ in notes]
    right = sum(abs(h - sent) < 0.5 for h, (_, sent) in zip(heard, notes, strict=True))
    assert right >= 0.9 * len(notes), list(zip(heard, notes, strict=True))


@contextlib.contextmanager
def fluidsynth(soundfont: Path, audio: Path):
    """FluidSynth as the JACK client "synth", writing what it sounds to a file as it sounds."""
    command = [
        "fluidsynth", "-q", "-i", "-s", "-R", "0", "-C", "0", "-r", str(RATE), "-m", "jack",
        "-o", "midi.jack.id=synth", "-o", f"midi.jack.server={os.environ['JACK_DEFAULT_SERVER']}",
        "-a", "file", "-o", f"audio.file.name={audio}", "-o", "audio.file.type=raw",
        str(soundfont),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
        end = time.monotonic() + 20
        while not any("synth" in name for name in backend.get_output_names()):
            assert time.monotonic() < end, "FluidSynth doesn't start"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def pitch(sound, seconds: float) -> float:
    """The strongest frequency shortly after a time, as a MIDI pitch."""
    begin = round((seconds + 0.03) * RATE)
    window = sound[begin : begin + round(0.15 * RATE)]
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window)), 8 * len(window)))
    frequencies = np.fft.rfftfreq(8 * len(window), 1 / RATE)
    spectrum[frequencies < 100] = 0
    return 69 + 12 * np.log2(frequencies[spectrum.argmax()] / 440)
