# SPDX-License-Identifier: Apache-2.0
"""The turn from mouth to mouth never lags, and always arrives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.live.lips import HALF, TURN_S, Lips


def test_the_first_frame_is_half_way_and_the_turn_ends() -> None:
    lips = Lips(0)
    lips.show(1, 1.0)
    assert lips.at(1.0) == (0, 1, HALF)
    assert lips.at(1.0 + TURN_S / 2) == (0, 1, pytest.approx(0.75))
    assert lips.at(1.0 + TURN_S) == (1, 1, 1.0)


def test_shut_lips_are_there_at_once() -> None:
    lips = Lips(0, frozenset([6]))
    lips.show(6, 1.0)
    assert lips.at(1.0) == (6, 6, 1.0)
    lips.show(1, 1.1)
    assert lips.at(1.1) == (6, 1, HALF)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 0.1)), max_size=40))
def test_what_is_shown_is_always_nearer_to_what_is_wanted(steps: list[tuple[int, float]]) -> None:
    lips, at_s = Lips(0), 0.0
    for mouth, pause_s in steps:
        lips.show(mouth, at_s)
        assert lips.at(at_s)[1] == mouth
        assert HALF <= lips.at(at_s)[2] <= 1
        at_s += pause_s
    assert lips.at(at_s + TURN_S * 1.001)[2] == 1
