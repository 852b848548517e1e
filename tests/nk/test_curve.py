# SPDX-License-Identifier: Apache-2.0
"""Curves: values worked out by hand from what Foundry's documents say of each kind of key."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.nk.curve import Curve


def curve(text: str) -> Curve:
    return Curve.parse(text.split())


@pytest.mark.parametrize(
    ("text", "frame", "value"),
    [
        ("x1001 3", 1500, 3),
        ("L x0 0 x10 1", 2.5, 0.25),
        ("L x0 0 x10 1", -5, 0),
        ("L x0 0 x10 1", 50, 1),
        ("L l x0 0 x10 1", 12, 1.2),
        ("L l x0 0 x10 1", -2, -0.2),
        ("L k x0 0 l x10 1", -2, 0),
        ("L k x0 0 l x10 1", 12, 1.2),
        ("K x0 5 x10 7", 9.9, 5),
        ("K x0 5 x10 7", 10, 7),
        ("K x0 5 L x10 7 x20 9", 15, 8),
        ("x0 0 x10 1", 5, 0.5),  # two smooth keys: a straight line, each slope being that to the other
        ("R x0 0 x10 0 x20 1 x30 1", 15, 0.5),
        ("x0 0 x10 1 x20 0", 10, 1),
        ("x0 0 x10 1 x20 0", 5, 0.625),  # slope 0.1 at the head, level at the top: 0.5 + 10 * 0.1 / 8
        ("x0 0 s0 t0 x10 1 s0 t0", 2.5, 0.15625),  # level handles: 3 t^2 - 2 t^3
        ("x0 0 s0 x10 1 s0", 5, 0.5),
        ("1 2 3", 1, 2),  # without x: from 0, one frame apart
        ("x10 1 2 3 x20 9", 12, 3),
        ("x0 0 x4 1 2", 8, 2),  # as far apart as the two before
        ("x0 0 s0 t0 u1 v0 x10 1 s0 t0 u0 v1", 5, 0.5),
    ],
)
def test_by_hand(text, frame, value):
    assert curve(text).at(frame) == pytest.approx(value, abs=1e-9)


def test_plain_catmull_rom_overshoots_where_smooth_does_not():
    keys = "x0 0 x10 0 x20 1 x30 1"
    assert curve("R " + keys).at(5) < -0.01
    assert curve(keys).at(5) == 0


def test_longer_handles_ease_more():
    short, long = curve("x0 0 s0 t0 x10 1 s0 t0"), curve("x0 0 s0 t0 v2 x10 1 s0 t0 u2")
    assert long.at(2.5) < short.at(2.5)
    assert long.at(5) == pytest.approx(0.5, abs=1e-6)


@given(st.lists(st.tuples(st.integers(-50, 50), st.floats(-10, 10)), min_size=2, max_size=8, unique_by=lambda k: k[0]))
def test_smooth_curves_stay_within_their_keys_and_meet_them(keys):
    made = Curve.parse([token for x, y in keys for token in (f"x{x}", repr(y))])
    keys = sorted(keys)
    for (x0, y0), (x1, y1) in pairwise(keys):
        assert made.at(x0) == y0
        for step in range(1, 10):
            value = made.at(x0 + (x1 - x0) * step / 10)
            assert min(y0, y1) - 1e-9 <= value <= max(y0, y1) + 1e-9


def test_straight_keys_stay_keys():
    assert curve("L x1001 0 x1010 1").linear_keys == {1001: 0, 1010: 1}
    assert curve("x1001 0 x1010 1").linear_keys is None
    assert curve("L l x1001 0 x1010 1").linear_keys is None
    assert curve("L x1001.5 0 x1010 1").linear_keys is None


@pytest.mark.parametrize("text", ["", "x1", "x1 a", "xy 1", "x1 nan", "x1 inf", "C x1 0 x2 1", "Q x1 2", "s1"])
def test_what_cannot_be_read_says_so(text):
    with pytest.raises(ValueError, match=r"\w"):
        curve(text)
