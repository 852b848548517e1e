# SPDX-License-Identifier: Apache-2.0
"""Keyframes with eases and ramps; curves without an ease are, to every analysis key, what they always were."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core import keys
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.graph import Settings

MOUTH_BEFORE_EASES = (
    '{"closure": 1.0, "closure_lead": 0.0, "engine": "plate", "handles": 0, "hold_closed_in_silence": 1.0, '
    '"jaw": 1.0, "keep_away": 0.0, "library": "both", "opening": {"1001": 1.0, "1010": 1.2}, "opening_bias": 0.0, '
    '"smoothing": 0.0, "steadiness": 1.0, "sync_offset": 0.0, "width": 1.0}'
)
"""What MouthGenerate's part of an analysis key was for `opening=1001:1,1010:1.2` before there were eases."""


def mouth(text: str):
    return Settings.parse([f"MouthGenerate.{text}"])["MouthGenerate"]


def test_analysis_keys_of_straight_curves_are_what_they_were() -> None:
    assert mouth("opening=1001:1,1010:1.2").digest_text(analysed_only=True) == MOUTH_BEFORE_EASES


@pytest.mark.parametrize("same", ["1001:1,1010:1.2:linear", "1001:1:ease,1010:1.2", "1010:1.2,1001:1"])
def test_equal_curves_have_one_form(same: str) -> None:
    assert mouth(f"opening={same}") == mouth("opening=1001:1,1010:1.2")


def test_an_ease_is_another_analysis() -> None:
    eased = mouth("opening=1001:1,1010:1.2:ease").digest_text(analysed_only=True)
    assert eased != MOUTH_BEFORE_EASES
    assert json.loads(eased)["opening"] == {"1001": 1.0, "1010": [1.2, "ease"]}


@pytest.mark.parametrize(
    ("ease", "quarter", "middle"),
    [("linear", 0.25, 0.5), ("ease", 0.15625, 0.5), ("ease_in", 0.0625, 0.25), ("ease_out", 0.4375, 0.75),
     ("hold", 0.0, 0.0)],
)  # fmt: skip
def test_eases_are_what_their_names_say(ease: str, quarter: float, middle: float) -> None:
    curve = {1000: 0.0, 1008: (1.0, ease)}
    assert [keys.at(curve, f) for f in (990, 1000, 1002, 1004, 1008, 1100)] == [0, 0, quarter, middle, 1, 1]


def test_a_curve_without_eases_is_straight_bit_for_bit() -> None:
    curve, frames = {1001: 0.1, 1010: 0.7, 1013: 0.3}, (1001, 1010, 1013)
    for left, right in itertools.pairwise(frames):
        for frame in range(left + 1, right):
            t = (frame - left) / (right - left)
            assert keys.at(curve, frame) == curve[left] + t * (curve[right] - curve[left])


@given(
    st.dictionaries(
        st.integers(-1000, 5000),
        st.tuples(st.floats(0, 1), st.sampled_from(list(keys.EASES))),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_curves_stay_between_their_keys_and_come_back_from_text(given_keys: dict) -> None:
    curve = keys.checked(given_keys, float)
    low, high = (pick(keys.key_value(key) for key in curve.values()) for pick in (min, max))
    assert all(low - 1e-12 <= keys.at(curve, frame) <= high + 1e-12 for frame in range(-1001, 5001, 97))
    assert all(keys.at(curve, frame) == keys.key_value(key) for frame, key in curve.items())
    assert keys.checked(keys.read(keys.text_of(curve), 1.0), float) == curve


@pytest.mark.parametrize(
    ("text", "curve"),
    [
        ("ramp(1001-1100, 8)", {1001: 0.0, 1009: (1.0, "ease"), 1092: 1.0, 1100: (0.0, "ease")}),
        ("ramp(1001-1100,8/12)", {1001: 0.0, 1009: (1.0, "ease"), 1088: 1.0, 1100: (0.0, "ease")}),
        ("ramp(1001-1100, 8/0)", {1001: 0.0, 1009: (1.0, "ease")}),
        ("ramp(1001-1100, 0/8)", {1001: 1.0, 1092: 1.0, 1100: (0.0, "ease")}),
        ("ramp(-10-10, 10)", {-10: 0.0, 0: (1.0, "ease"), 10: (0.0, "ease")}),
        ("ramp(1001-1100, 8, 0.8, 0.2)", {1001: 0.2, 1009: (0.8, "ease"), 1092: 0.8, 1100: (0.2, "ease")}),
    ],
)
def test_ramps_ease_in_and_out(text: str, curve: dict) -> None:
    assert mouth(f"strength={text}").strength == curve


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ramp(1001-1010, 8)", "a ramp of 8 and 8 frames does not fit 1001-1010"),
        ("ramp(1100-1001, 8)", "does not fit 1100-1001"),
        ("ramp(1001, 8)", "a ramp is written ramp"),
        ("ramp(1001-1100, 8, 2)", "expected 0 to 1 share"),
        ("1001:0,1010:1:soft", r"key 1010 is \[1.0, 'soft'\]; write \[value, ease\], ease one of linear, ease"),
        ("1001:0,1001:1", "expected a number, keyframes such as"),
        ("1001:0:ease:1", "expected a number, keyframes such as"),
        ("(1001", "expected a number, keyframes such as"),
    ],
)
def test_wrong_keys_say_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=rf"MouthGenerate.strength: got .*{why}"):
        mouth(f"strength={text}")


def test_a_curve_needs_a_key() -> None:
    with pytest.raises(UsageError, match=r"MouthGenerate.strength: got \{\}.*has no keys"):
        Settings.parse([])["MouthGenerate"].with_values(strength={})


def test_keys_as_a_file_gives_them() -> None:
    """Tables of TOML and JSON have text for frames and lists for pairs."""
    params = Settings.parse([])["MouthGenerate"].with_values(strength={"1001": 0, "1010": [1, "ease"]})
    assert params.strength == {1001: 0.0, 1010: (1.0, "ease")}
