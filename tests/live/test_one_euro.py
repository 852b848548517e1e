# SPDX-License-Identifier: Apache-2.0
"""The one-euro filter: still things are calm, fast ones are not held back, and channels do not see each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.live.one_euro import OneEuro

STEADY_HZ, QUICK = np.array([1.0, 8.0]), np.array([0.5, 4.0])


def test_trembling_is_calmed_and_a_move_is_followed() -> None:
    rng = np.random.default_rng(3)
    smooth, told = OneEuro(np.array([1.0]), np.array([1.0])), []
    truth = np.concatenate([np.zeros(60), np.full(60, 20.0)])
    for number, value in enumerate(truth + rng.normal(0, 0.3, len(truth))):
        told.append(float(smooth(np.array([value]), number / 30)[0]))
    assert np.std(told[30:60]) < 0.2
    assert told[64] > 15  # five pictures after the move it is nearly there


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=40))
def test_it_stays_within_what_it_saw_and_channels_are_apart(values: list[tuple[float, float]]) -> None:
    both, one = OneEuro(STEADY_HZ, QUICK), OneEuro(STEADY_HZ[:1], QUICK[:1])
    seen = np.array(values)
    for number, row in enumerate(seen):
        told = both(row, number / 30)
        np.testing.assert_array_equal(told[:1], one(row[:1], number / 30))
        low, high = seen[: number + 1].min(axis=0), seen[: number + 1].max(axis=0)
        assert ((told >= low - 1e-9) & (told <= high + 1e-9)).all()


def test_a_picture_out_of_order_changes_nothing() -> None:
    smooth = OneEuro(STEADY_HZ, QUICK)
    smooth(np.array([1.0, 1.0]), 1.0)
    np.testing.assert_array_equal(smooth(np.array([9.0, 9.0]), 0.9), [1.0, 1.0])
