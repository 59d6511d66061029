import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the training extra")

from training.mood import metrics


def test_accuracy_counts_a_zero_as_wrong():
    assert metrics.accuracy([0.5, -0.1, 0.0, 0.0], [True, True, True, False]) == 0.25


def test_balanced_accuracy_weighs_both_sides_alike_and_leaves_out_the_unclear():
    truth = [1, 1, 1, -1, 0.3, -0.3]
    assert metrics.balanced_accuracy([1, 1, 0, -1, -1, 1], truth) == pytest.approx((2 / 3 + 1) / 2)


def test_spearman():
    assert metrics.spearman([1, 2, 3], [10, 100, 1000]) == pytest.approx(1)
    assert metrics.spearman([1, 1, 1], [1, 2, 3]) == 0


def test_macro_spearman_is_the_mean_over_emotions():
    truth = np.array([[1, 1], [2, 2], [3, 3]])
    heard = np.array([[1, 3], [2, 2], [3, 1]])
    assert metrics.macro_spearman(heard, truth) == pytest.approx(0)


def test_calibration_error_is_the_distance_between_confidence_and_share_right():
    valence = np.repeat([0.6, -0.6], 50)  # 80 % sure
    positive = np.arange(100) % 10 < 5
    assert metrics.calibration_error(valence, positive) == pytest.approx(0.3)


def test_what_is_calibrated_has_next_to_no_error():
    random = np.random.default_rng(0)
    probability = random.random(100_000)
    positive = random.random(100_000) < probability
    assert metrics.calibration_error(2 * probability - 1, positive) < 0.01
