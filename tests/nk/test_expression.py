# SPDX-License-Identifier: Apache-2.0
"""Arithmetic of knobs, and that nothing else is worked out, whatever it looks like."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.nk.expression import evaluate

KNOBS = {"NoOp1.x": 2.0, "size": 5.0, "root.first_frame": 1001.0}


def lookup(name: str, time: float | None) -> float:
    if name not in KNOBS:
        raise ValueError(f"there is no {name!r}")
    return KNOBS[name] + (0 if time is None else time)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("frame/2", 505),
        ("t - root.first_frame", 9),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("7 % 4", 3),
        ("frame < 1010 ? 0 : 1", 1),
        ("frame == 1010 && !(frame > 1010) ? 3 : 4", 3),
        ("0 ? nothing.there : 6", 6),
        ("1 ? 2 : 0 ? 3 : 4", 2),
        ("clamp((frame - 1006) / 8)", 0.5),
        ("clamp(9, 0, 4)", 4),
        ("smoothstep(1000, 1020, frame)", 0.5),
        ("lerp(10, 20, 0.25)", 12.5),
        ("step(1010, frame) + step(1011, frame)", 1),
        ("max(1, min(NoOp1.x, 7), size)", 5),
        ("size(3)", 8),
        ("sin(pi/2) + cos(0)", 2),
        ("int(2.9) + rint(2.6) + floor(-0.5)", 4),
        ("1e3 + .5 + 0x10", 1016.5),
        (" - - 3", 3),
    ],
)
def test_values(text, value):
    assert evaluate(text, 1010, lookup) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "1 +", "(1", "1)", "1 2", "a.b", "foo(1)", "clamp()", "1/0", "sqrt(-1)", "10 ** 400", "(-1) ** 0.5",
        "[python 1]", "__import__('os')", "x = 3", "'a'", "{1}", "a..b", "1 ? 2", "log(0)", "1 % 0", "$x", "size(1,2)",
        "frame.__class__", "import os", "1;2", "9" * 400 + " ** 9", "int(1e999)",
    ],
)  # fmt: skip
def test_everything_else_says_what_it_is(text):
    with pytest.raises(ValueError, match=r"\w"):
        evaluate(text, 1010, lookup)


BOMBS = ("(" * 100_000, "2 ** " * 2_000 + "1", "1 ? " * 2_500, "sin(" * 2_000, "!" * 9_999)


@pytest.mark.parametrize("text", BOMBS, ids=lambda t: t[:6])
def test_deep_ones_end(text):
    with pytest.raises(ValueError, match=r"deep|long|early"):
        evaluate(text, 1, lookup)


def test_long_ones_are_worked_out():
    assert evaluate("1" + "+1" * 4_000, 1, lookup) == 4001
    assert evaluate("-" * 9_000 + "1", 1, lookup) == 1


@given(st.text("0123456789.+-*/%()<>=!?:&|, ftxsin_", max_size=40))
def test_garbage_is_a_number_or_one_error(text):
    with contextlib.suppress(ValueError):
        assert math.isfinite(evaluate(text, 1010, lookup))
