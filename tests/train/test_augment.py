# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from ofx_lipsync.models.mel import RATE_HZ, mel_spectrogram
from ofx_lipsync.train.augment import DB, Augmenter, warp_matrix


def features(samples: np.ndarray) -> np.ndarray:
    return (mel_spectrogram(samples.astype(np.float32)).T + 4) / 4


def tone(hz: float) -> np.ndarray:
    return features(0.3 * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ))


@pytest.fixture
def augmenter() -> Augmenter:
    return Augmenter(np.random.default_rng(1), babble=[tone(300)])


def test_same_seed_same_changes() -> None:
    x = tone(400)
    one, two = (Augmenter(np.random.default_rng(7), [])(x) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - x).max() > 0.01


def test_stays_in_range(augmenter: Augmenter) -> None:
    for _ in range(40):
        changed = augmenter(tone(500))
        assert changed.shape == (81, 80)
        assert changed.dtype == np.float32
        assert changed.min() >= 0
        assert changed.max() <= 2


def test_strength_zero_only_changes_level() -> None:
    x = np.full((10, 80), 1.0, np.float32)
    changed = Augmenter(np.random.default_rng(1), [], strength=0.0)(x)
    assert np.ptp(changed) < 1e-6
    assert abs(float(changed[0, 0]) - 1) <= 6 / DB + 1e-6


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_shorter_tract_moves_bands_up(factor: float) -> None:
    moved, wanted = tone(1000.0) @ warp_matrix(factor), tone(1000.0 * factor)
    assert abs(int(moved[40].argmax()) - int(wanted[40].argmax())) <= 1


def test_a_room_rings_on_and_adds_nothing_before(augmenter: Augmenter) -> None:
    x = np.zeros((80, 80), np.float32)
    x[40] = 1.5
    wet = augmenter.in_room(x)
    assert np.abs(wet[:40]).max() < 0.01
    assert wet[41, 10] > wet[60, 10] > 0.1


def test_noise_only_adds(augmenter: Augmenter) -> None:
    x = tone(500)
    assert (augmenter.in_noise(x) - x).min() > -1e-5


def test_nobody_is_of_many_kinds(augmenter: Augmenter) -> None:
    heard = [augmenter.nobody(100) for _ in range(40)]
    assert all(x.shape == (100, 80) and x.min() >= 0 and x.max() <= 2 for x in heard)
    assert any(not x.any() for x in heard)
    assert any(x.mean() > 0.5 for x in heard)
