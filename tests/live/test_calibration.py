# SPDX-License-Identifier: Apache-2.0
"""The shift of two sides that saw the same mouth is found to some milliseconds, or not told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofx_lipsync.live.calibration import offset_between


def talk(seconds: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A mouth that opens and shuts some eight times a second, at 60 Hz."""
    times = np.arange(0, seconds, 1 / 60)
    opens = np.repeat(np.random.default_rng(seed).random(int(seconds * 8) + 1), 8)[: len(times)]
    return times, np.convolve(opens, np.ones(3) / 3, "same")


@given(st.floats(-0.3, 0.3))
@settings(max_examples=15)
def test_a_shift_is_found(late_s: float) -> None:
    times, opens = talk(12)
    found = offset_between(times, opens, times + late_s, opens + np.random.default_rng(2).normal(0, 0.05, len(opens)))
    assert found is not None
    assert found.late_s == pytest.approx(late_s, abs=0.008)
    assert found.sure


def test_two_that_have_nothing_in_common_are_not_believed() -> None:
    times, opens = talk(20, seed=1)
    found = offset_between(times, opens, times, talk(20, seed=9)[1])
    assert found is None or not found.sure


def test_too_little_is_not_told() -> None:
    times, opens = talk(4)
    assert offset_between(times, opens, times, opens) is None
    assert offset_between(times[:1], opens[:1], times, opens) is None
    still = np.zeros_like(talk(12)[0])
    assert offset_between(talk(12)[0], still, talk(12)[0], still) is None
