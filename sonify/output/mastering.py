"""What is done to sound before it is encoded: its loudness is measured, its peaks are limited."""

import numpy as np
from numpy.typing import NDArray

from sonify.output.synthesizer import SAMPLE_RATE, Sound


def loudness(sound: Sound) -> float:
    """How loud the sound is, in LUFS: ITU-R BS.1770's K-weighting, without its gating.

    Args:
        sound: a second or more.
    """
    spectrum = np.abs(np.fft.rfft(sound, axis=0)) ** 2
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(len(sound)) * SAMPLE_RATE / 48_000)
    powers = np.array([np.ones_like(z), z, z**2])
    shelf = np.array([1.53512485958697, -2.69169618940638, 1.19839281085285]) @ powers
    shelf /= np.array([1.0, -1.69065929318241, 0.73248077421585]) @ powers
    high_pass = np.array([1.0, -2.0, 1.0]) @ powers
    high_pass /= np.array([1.0, -1.99004745483398, 0.99007225036621]) @ powers
    weighted = np.sum(spectrum * np.abs(shelf * high_pass)[:, None] ** 2) * 2 / len(sound) ** 2
    return float(10 * np.log10(max(weighted, 1e-12)) - 0.691)


class Limiter:
    """Turns the sound down, smoothly and ahead of time, where it would pass a ceiling.

    It takes sound piece by piece and gives sound piece by piece; the pieces' lengths make no
    difference to what comes out.

    Args:
        gain: what the sound is multiplied with first.
        ceiling: the highest absolute value that comes out.
    """

    _WINDOW = 256  # samples: the gain bends where windows meet
    _ATTACK = 12  # windows in which it goes all the way down
    _RELEASE = 90  # windows in which it comes all the way up

    def __init__(self, gain: float, ceiling: float) -> None:
        self._gain, self._ceiling = gain, ceiling
        self._waiting = np.zeros((0, 2), np.float32)
        self._before = 1.0  # what was allowed in the window before, its release included
        self._bend = 1.0  # the gain where the windows waiting begin

    def add(self, sound: Sound) -> Sound:
        """Takes the next piece, and gives what is done."""
        self._waiting = np.concatenate([self._waiting, sound * np.float32(self._gain)])
        return self._limit(len(self._waiting) // self._WINDOW - self._ATTACK)

    def end(self) -> Sound:
        """What is left."""
        length = len(self._waiting)
        windows = -(-length // self._WINDOW)
        silence = np.zeros(((windows + self._ATTACK) * self._WINDOW - length, 2), np.float32)
        self._waiting = np.concatenate([self._waiting, silence])
        return self._limit(windows)[:length]

    def _limit(self, windows: int) -> Sound:
        if windows <= 0:
            return self._waiting[:0]
        known = self._waiting[: (windows + self._ATTACK) * self._WINDOW]
        peaks = np.abs(known).reshape(-1, 2 * self._WINDOW).max(axis=1)
        allowed = np.minimum(1.0, self._ceiling / np.maximum(peaks, 1e-9))
        released = _rising_by(np.append(self._before, allowed), 1 / self._RELEASE)[1:]
        allowed = _rising_by(released[::-1], 1 / self._ATTACK)[::-1]
        bends = np.minimum(allowed[:windows], allowed[1 : windows + 1])
        bends = np.append(min(self._bend, allowed[0]), bends)
        # Each window runs from bend to bend, neither above what it is allowed.
        ramp = np.arange(self._WINDOW) / self._WINDOW
        gains = (bends[:-1, None] + np.diff(bends)[:, None] * ramp).astype(np.float32)
        limited: Sound = known[: windows * self._WINDOW] * gains.reshape(-1, 1)
        self._waiting = self._waiting[windows * self._WINDOW :]
        self._before, self._bend = float(released[windows - 1]), float(bends[-1])
        return limited


def _rising_by(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The highest curve at or under `values` that rises by `step` at most from one to the next."""
    slope = np.arange(len(values)) * step
    highest: NDArray[np.float64] = np.minimum.accumulate(values - slope) + slope
    return highest
