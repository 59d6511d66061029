import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonify.output.mastering import Limiter, loudness
from sonify.output.synthesizer import SAMPLE_RATE, Sound


def noise(seconds: float, level: float = 0.3) -> Sound:
    samples = np.random.default_rng(4).standard_normal((round(seconds * SAMPLE_RATE), 2))
    swell = 1 + np.sin(np.linspace(0, 40, len(samples)))[:, None]
    return (level * swell * samples).astype(np.float32)


def in_pieces(limiter: Limiter, sound: Sound, cuts: list[int]) -> Sound:
    done = [limiter.add(piece) for piece in np.split(sound, sorted(cuts))]
    return np.concatenate([*done, limiter.end()])


cuts = st.lists(st.integers(0, 4 * SAMPLE_RATE), max_size=6)


@settings(max_examples=15)
@given(cuts=cuts)
def test_pieces_make_no_difference(cuts: list[int]):
    sound = noise(4)
    whole = in_pieces(Limiter(1.5, 0.8), sound, [])
    np.testing.assert_allclose(in_pieces(Limiter(1.5, 0.8), sound, cuts), whole, atol=1e-5)


@settings(max_examples=15)
@given(gain=st.floats(0.1, 50), cuts=cuts)
def test_nothing_passes_the_ceiling(gain: float, cuts: list[int]):
    limited = in_pieces(Limiter(gain, 0.8), noise(4), cuts)
    assert len(limited) == 4 * SAMPLE_RATE
    assert np.abs(limited).max() <= 0.8 + 1e-6


def test_what_stays_below_the_ceiling_is_only_multiplied():
    sound = noise(2, level=0.01)
    np.testing.assert_allclose(in_pieces(Limiter(2, 0.8), sound, []), 2 * sound, atol=1e-6)


def test_the_gain_bends_without_a_step():
    sound = np.full((SAMPLE_RATE, 2), 0.5, np.float32)
    sound[SAMPLE_RATE // 2 : SAMPLE_RATE // 2 + 50] = 2.0
    gains = in_pieces(Limiter(1, 0.8), sound, []) / sound
    assert gains.min() == pytest.approx(0.4, abs=0.01)
    assert np.abs(np.diff(gains[:, 0])).max() < 1e-3


def test_loudness_is_that_of_the_recommendation():
    """BS.1770: a 997 Hz sine at full scale in one channel reads -3.01 LUFS."""
    sound = np.zeros((10 * SAMPLE_RATE, 2), np.float32)
    sound[:, 0] = np.sin(2 * np.pi * 997 * np.arange(len(sound)) / SAMPLE_RATE)
    assert loudness(sound) == pytest.approx(-3.01, abs=0.02)
    assert loudness(sound / 10) == pytest.approx(-23.01, abs=0.02)
