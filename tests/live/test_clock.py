# SPDX-License-Identifier: Apache-2.0
"""A device's clock, in virtual time: its rate is found, lateness is smoothed, nothing jumps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.live.clock import GAP_S, DeviceClock

RATE_HZ, BLOCK = 48000, 480


def followed(fast_ppm: float, minutes: float, late_s: float, seed: int = 0) -> tuple[DeviceClock, np.ndarray]:
    """The clock after blocks that came up to late_s late, and how wrong it was about each block's end."""
    rng = np.random.default_rng(seed)
    clock, wrong = DeviceClock(RATE_HZ), []
    for number in range(1, int(minutes * 60 * RATE_HZ / BLOCK)):
        true_s = 1000 + number * BLOCK / (RATE_HZ * (1 + fast_ppm * 1e-6))
        clock.block(BLOCK, true_s + late_s * rng.random() ** 4)
        wrong.append(clock.time_of(number * BLOCK) - true_s)
    return clock, np.array(wrong)


@pytest.mark.parametrize("fast_ppm", [-300.0, 0.0, 200.0])
def test_a_crystals_error_is_found_and_followed_for_half_an_hour(fast_ppm: float) -> None:
    clock, wrong = followed(fast_ppm, minutes=30, late_s=0.010)
    assert clock.drift_ppm == pytest.approx(fast_ppm, abs=15)
    settled = wrong[len(wrong) // 10 :]
    assert np.abs(settled).max() < 0.005
    assert clock.restarts == 0


def test_time_never_jumps() -> None:
    _, wrong = followed(100.0, minutes=2, late_s=0.030)
    assert np.abs(np.diff(wrong[100:])).max() < 0.002


@given(st.lists(st.tuples(st.integers(1, 2000), st.floats(0, 0.4)), min_size=1, max_size=60))
def test_time_goes_forward_whatever_the_blocks(blocks: list[tuple[int, float]]) -> None:
    clock, at_s = DeviceClock(RATE_HZ), 5.0
    for count, pause_s in blocks:
        at_s += pause_s
        clock.block(count, at_s)
        assert clock.time_of(clock.samples) > clock.time_of(clock.samples - 1)
    assert np.isfinite(clock.time_of(clock.samples))


def test_after_a_gap_it_begins_again() -> None:
    clock, _ = followed(0.0, minutes=0.1, late_s=0.0)
    end_s = clock.time_of(clock.samples)
    clock.block(BLOCK, end_s + GAP_S + 1)
    assert clock.restarts == 1
    assert clock.time_of(clock.samples) == end_s + GAP_S + 1


def test_a_device_that_starts_slowly_is_on_time_soon() -> None:
    """The first block of a sound server may come a fifth of a second late, or early by its own telling."""
    for first_off_s in (-0.2, 0.2):
        clock, wrong = DeviceClock(RATE_HZ), []
        for number in range(1, 300):
            true_s = 50 + number * BLOCK / RATE_HZ
            clock.block(BLOCK, true_s + (first_off_s if number == 1 else 0.001))
            wrong.append(clock.time_of(number * BLOCK) - true_s)
        assert max(map(abs, wrong[100:])) < 0.01
        assert abs(clock.drift_ppm) < 500


def test_one_block_that_was_held_up_changes_nothing() -> None:
    clock, _ = followed(0.0, minutes=0.2, late_s=0.0)
    before_s = clock.time_of(clock.samples)
    clock.block(BLOCK, before_s + BLOCK / RATE_HZ + 0.3)
    assert clock.time_of(clock.samples) == pytest.approx(before_s + BLOCK / RATE_HZ, abs=0.002)
    assert clock.restarts == 0
