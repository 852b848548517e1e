# SPDX-License-Identifier: Apache-2.0
"""What the keys do, without a window."""

from __future__ import annotations

import pytest

from ofx_lipsync.live.controls import CLEAR, Controls, background_of, expression_names


def controls() -> tuple[Controls, list[object]]:
    did: list[object] = []
    return Controls(None, did.append, did.append, lambda: did.append("calibrated")), did


def test_mute_by_key_and_by_holding_the_space_bar() -> None:
    keys, did = controls()
    keys.press("m")
    keys.press("m")
    keys.hold(True)
    keys.hold(False)
    keys.press("m")
    keys.hold(True)
    keys.hold(False)
    assert did == [True, False, True, False, True, True, True]


def test_the_other_keys() -> None:
    keys, did = controls()
    for key in "2c9xs0":
        keys.press(key)
    assert did == [1, "calibrated", 8]
    assert keys.status
    assert keys.behind == CLEAR
    keys.press("b")
    assert keys.behind == (0.0, 1.0, 0.0, 1.0)
    keys.press("b")
    assert keys.behind == CLEAR
    keys.press("f")
    keys.press("q")
    assert keys.full_screen
    assert keys.closing


def test_a_background_has_a_name_or_a_number() -> None:
    assert background_of("transparent") is None
    assert background_of("Green") == (0.0, 1.0, 0.0)
    assert background_of("#ff8000") == (1.0, 128 / 255, 0.0)
    for wrong in ("chartreuse", "#ff80", "#zz8000"):
        with pytest.raises(ValueError, match=r"expected #rrggbb|invalid literal"):
            background_of(wrong)
    assert expression_names(("neutral", "happy")) == "1 neutral   2 happy"
