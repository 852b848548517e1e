# SPDX-License-Identifier: Apache-2.0
"""Mouths overlap: early and late, weighed by how strongly each pulls."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.dominance import dominance
from ofx_lipsync.core.phones import OVR


def heard(*parts: tuple[str, int]) -> np.ndarray:
    labels = np.concatenate([np.full(count, OVR.index(name)) for name, count in parts])
    return np.eye(15, dtype=np.float32)[labels]


def test_weights_sum_to_one_and_hold_in_the_middle() -> None:
    weights = dominance(heard(("sil", 30), ("aa", 30), ("sil", 30)))
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert weights[45, OVR.index("aa")] > 0.9
    assert weights[0, 0] > 0.99


def test_a_short_p_wins_over_the_vowels_round_it_and_is_brief() -> None:
    weights = dominance(heard(("aa", 20), ("PP", 4), ("aa", 20)))[:, OVR.index("PP")]
    assert weights[20:24].min() > 0.75
    assert weights[:8].max() < 0.02


def test_rounding_comes_before_the_sound_and_goes_sooner() -> None:
    weights = dominance(heard(("SS", 20), ("ou", 10), ("SS", 20)))[:, OVR.index("ou")]
    assert weights[15] > weights[34] > 0.1


def test_a_long_sound_pulls_no_more_than_a_short_one() -> None:
    long, short = (dominance(heard(("aa", n), ("E", 30)))[n, OVR.index("aa")] for n in (60, 20))
    assert abs(long - short) < 1e-4


def test_nothing_heard_is_no_weight() -> None:
    assert dominance(np.zeros((0, 15), np.float32)).shape == (0, 15)
    assert not dominance(np.zeros((3, 15), np.float32)).any()
