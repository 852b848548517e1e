# SPDX-License-Identifier: Apache-2.0
"""Variations keep shapes, labels and seeds; nobody has no labels but silence."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.models.bands import BANDS, FLOOR_DB, bands_db, frames_of
from ofx_lipsync.train.speech.vary import Variation, to_db, to_power, warp_matrix

RNG = np.random.default_rng(4)
SPEECH = bands_db(frames_of((RNG.normal(size=48000) * np.repeat(RNG.random(48), 1000) * 0.1).astype(np.float32)))
LABELS = np.repeat(np.arange(1, 31), 10).astype(np.int8)


def variation(seed: int) -> Variation:
    return Variation(np.random.default_rng(seed), lambda length: np.resize(SPEECH, (length, BANDS)))


def test_one_seed_one_sequence() -> None:
    a, b = variation(1), variation(1)
    for _ in range(4):
        (x, m), (y, n) = a(SPEECH, LABELS, 200), b(SPEECH, LABELS, 200)
        assert np.array_equal(x, y)
        assert np.array_equal(m, n)


def test_what_comes_out_is_what_the_network_hears() -> None:
    change = variation(2)
    for _ in range(25):
        x, labels = change(SPEECH, LABELS, 200)
        assert x.shape == (200, BANDS)
        assert labels.shape == (200,)
        assert x.dtype == np.float32
        assert np.isfinite(x).all()
        assert -2.1 < x.min() <= x.max() <= 1.5
        assert (labels == 0).all() or (np.diff(labels) >= 0).all()


def test_nobody_is_silent_for_the_lips() -> None:
    change = variation(3)
    assert all(change.nobody(50).shape == (50, BANDS) for _ in range(30))


def test_powers_add() -> None:
    np.testing.assert_allclose(to_db(to_power(np.full(3, -20.0)) * 2), -20 + 10 * np.log10(2), atol=1e-4)
    assert to_db(np.zeros(1))[0] == FLOOR_DB


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_a_warp_moves_the_bands(factor: float) -> None:
    peak = np.zeros(BANDS, np.float32)
    peak[24] = 1
    matrix = warp_matrix(factor)
    np.testing.assert_allclose(matrix.sum(axis=0), 1, atol=1e-5)
    moved = int((peak @ matrix).argmax())
    assert (moved > 24) == (factor > 1)
    assert (moved < 24) == (factor < 1)
