"""Notes as sound: a General MIDI SoundFont, played by RustySynth (through midirenderer)."""

import importlib.util
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from sonify.errors import SonifyError

Sound = NDArray[np.float32]
"""Samples, shape (samples, 2): left and right, full scale at 1."""

SAMPLE_RATE = 48_000
"""Hz."""

_TICKS = 24_000  # a second, of the MIDI that is played
_TAIL = 2.5  # seconds after the last note's end, for strings and room to fall silent
_WAVE_HEADER = 44  # bytes
_VOLUME, _REVERB = 7, 91  # MIDI controllers
_ROOM = 100  # 0 to 127: a small hall
_HEADROOM = 0.6  # how loud the engine may get, of what 16 bits hold
_MOST_COPIES = 4


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note in time: start and duration in seconds, MIDI pitch and velocity."""

    start: float
    duration: float
    pitch: int
    velocity: int


class Synthesizer:
    """Plays notes with an instrument of a SoundFont, in a small hall.

    Args:
        soundfont: an .sf2 file; None for TimGM6mb, which comes with pretty_midi.
        program: General MIDI program, 0 (grand piano) to 127.

    Raises:
        SonifyError: the file isn't there or is no SoundFont.
    """

    def __init__(self, soundfont: Path | None = None, program: int = 0) -> None:
        path = soundfont or _shipped()
        try:
            self._soundfont = path.read_bytes()
        except OSError as error:
            raise SonifyError(f"can't read the SoundFont {path}: {error.strerror}") from None
        self._program = program
        self._volume, self._copies = 127, 1
        loudest = [Sounding(0, 0.5, pitch, 127) for pitch in (48, 55, 60, 64, 67, 72)]
        try:
            peak = float(np.abs(self.render(loudest)).max())
        except RuntimeError as error:
            raise SonifyError(f"{path} can't be used as a SoundFont (.sf2): {error}") from None
        # The engine gives 16 bits, and instruments differ much: use them well, but never clip.
        room = _HEADROOM / max(peak, 1e-3)
        self._copies = min(_MOST_COPIES, max(1, int(room)))
        self._volume = min(127, int(127 * (room / self._copies) ** 0.5))

    def render(self, notes: Sequence[Sounding]) -> Sound:
        """The sound of the notes from second 0 until all of them have died away."""
        import midirenderer

        wave = midirenderer.render_wave_from(self._soundfont, self._midi(notes))
        samples = np.frombuffer(wave, np.int16, offset=_WAVE_HEADER).reshape(-1, 2)
        return samples.astype(np.float32) / np.float32(32768)

    def _midi(self, notes: Iterable[Sounding]) -> bytes:
        events: list[tuple[int, int, int, int]] = []  # tick, off before on, pitch, velocity
        for note in notes:
            start, end = (round(t * _TICKS) for t in (note.start, note.start + note.duration))
            events += [
                (start, 1, note.pitch, note.velocity),
                (max(end, start + 1), 0, note.pitch, 0),
            ]
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)])
        for channel in range(self._copies):
            track.append(mido.Message("program_change", channel=channel, program=self._program))
            for control, value in ((_VOLUME, self._volume), (_REVERB, _ROOM)):
                track.append(
                    mido.Message("control_change", channel=channel, control=control, value=value)
                )
        now = 0
        for tick, _, pitch, velocity in sorted(events):
            for channel in range(self._copies):
                track.append(
                    mido.Message(
                        "note_on", channel=channel, note=pitch, velocity=velocity, time=tick - now
                    )
                )
                now = tick
        track.append(mido.MetaMessage("end_of_track", time=round(_TAIL * _TICKS)))
        file = io.BytesIO()
        mido.MidiFile(ticks_per_beat=_TICKS, tracks=[track]).save(file=file)
        return file.getvalue()


def _shipped() -> Path:
    """Where pretty_midi's SoundFont lies; importing pretty_midi for that would take a second."""
    package = importlib.util.find_spec("pretty_midi")
    assert package is not None and package.origin is not None
    return Path(package.origin).with_name("TimGM6mb.sf2")
