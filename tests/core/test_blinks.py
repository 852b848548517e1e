# SPDX-License-Identifier: Apache-2.0
"""Blinks: how many, how long, and the same again."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.blinks import blinks

MINUTE = np.arange(60 * 60) / 60


def test_about_twenty_a_minute_and_eyes_mostly_open() -> None:
    counts = [int((np.diff((blinks(MINUTE, seed) > 0.5).astype(int)) == 1).sum()) for seed in range(20)]
    assert 15 < np.mean(counts) < 25
    lids = blinks(MINUTE, 3)
    assert lids.max() == 1
    assert (lids < 0.05).mean() > 0.85


def test_a_seed_is_the_same_at_any_rate_and_another_is_not() -> None:
    at_24 = np.arange(24 * 60) / 24
    np.testing.assert_allclose(blinks(at_24, 7), np.interp(at_24, MINUTE, blinks(MINUTE, 7)), atol=0.12)
    assert not np.array_equal(blinks(MINUTE, 7), blinks(MINUTE, 8))
    assert len(blinks(MINUTE[:0], 7)) == 0
