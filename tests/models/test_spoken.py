# SPDX-License-Identifier: Apache-2.0
"""What the articulation network sees is what was said and how loud, on its own clock."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.gestures import GESTURES, gestures
from ofx_lipsync.core.phones import PHONES, index
from ofx_lipsync.models.spoken import BROAD, INPUTS, spoken, without_colour


def row(*names: str) -> np.ndarray:
    return np.eye(len(PHONES), dtype=np.float32)[[index(name) for name in names]]


@pytest.mark.parametrize("frames", [0, 1, 2, 7, 100])
def test_two_frames_make_a_step_and_an_odd_last_one_its_own(frames: int) -> None:
    rows = spoken(row(*"a" * frames), np.zeros((frames, 3), np.float32), np.full((frames, 48), -40, np.float32))
    assert rows.shape == ((frames + 1) // 2, INPUTS)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, rows[:1].repeat(len(rows), axis=0))


def test_a_doubt_lies_between_its_sounds() -> None:
    bands = np.full((2, 48), -40, np.float32)
    told = spoken((row("a", "a") + row("i", "i")) / 2, np.zeros((2, 3), np.float32), bands)[0]
    lower, upper = (gestures()[index(name), GESTURES.index("open")] for name in "ia")
    assert told[GESTURES.index("open")] == pytest.approx((lower + upper) / 2)


def test_louder_is_more_and_silence_has_a_floor() -> None:
    phones, lips = row("a", "a"), np.zeros((2, 3), np.float32)
    at = len(GESTURES) + 3
    quiet, soft, loud = (spoken(phones, lips, np.full((2, 48), db, np.float32))[0] for db in (-200, -60, -30))
    assert loud[at] - soft[at] == pytest.approx(1.5)
    assert quiet[at] == pytest.approx(-2.0)
    assert not without_colour(loud[None])[0, INPUTS - BROAD :].any()


def test_lips_do_what_the_sound_asks() -> None:
    """Every sound does something; p b m shut lips and nothing else, f v go on the teeth, u is rounder than o than a."""
    table = {phone: dict(zip(GESTURES, rows, strict=True)) for phone, rows in zip(PHONES, gestures(), strict=True)}
    assert all(any(moves.values()) for moves in table.values())
    assert {phone for phone, moves in table.items() if moves["closure"] == 1} == {"p", "b", "m"}
    assert {phone for phone, moves in table.items() if moves["lip_teeth"] == 1} == {"f", "v"}
    rounding = [table[phone]["tight"] + table[phone]["round"] / 2 for phone in "uoɔa"]
    assert rounding == sorted(rounding, reverse=True)
    assert table["a"]["open"] > table["ɛ"]["open"] > table["e"]["open"] > table["i"]["open"]
