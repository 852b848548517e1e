# SPDX-License-Identifier: Apache-2.0
"""Paths through maps of scores that are made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.nodes._sync_path import averaged, best_path, in_pauses, peak, refined, stretches


def ridge(truth: np.ndarray, columns: int = 61, width: float = 2.0) -> np.ndarray:
    """[T, K] with a bump of height one at each moment's true column."""
    return np.exp(-0.5 * ((np.arange(columns) - truth[:, None]) / width) ** 2)


def test_a_constant_offset_is_found_under_noise() -> None:
    scores = ridge(np.full(150, 40.0)) + np.random.default_rng(3).normal(size=(150, 61))
    assert np.abs(best_path(scores, 10.0, 2.0) - 40).max() <= 1


def test_a_jump_is_paid_for_where_it_is_worth_it() -> None:
    truth = np.repeat([20.0, 45.0], 100)
    path = best_path(ridge(truth), 7.0, 2.0)
    assert np.array_equal(path, truth.astype(int))
    assert len(stretches(path)) == 2
    brief = ridge(np.concatenate([np.full(80, 20.0), np.full(5, 45.0), np.full(80, 20.0)]))
    assert (best_path(brief, 7.0, 2.0) == 20).all()


def test_a_slow_drift_is_no_jump_and_is_smooth() -> None:
    truth = 30 + np.arange(400) * 0.02
    scores = ridge(truth)
    path = best_path(scores, 7.0, 0.3)
    assert len(stretches(path)) == 1
    fine = refined(scores, np.ones(400), path, 50)
    assert np.abs(fine - truth)[25:-25].max() < 0.15


@pytest.mark.parametrize("true", [-0.8, -0.3, 0.0, 0.45])
def test_the_top_of_a_peak_lies_between_steps(true: float) -> None:
    near = 1 - 0.05 * (np.arange(-3, 4) - true) ** 2
    assert peak(near[None])[0] == pytest.approx(true, abs=1e-6)


def test_no_top_moves_nothing() -> None:
    assert (peak(np.zeros((2, 7))) == 0).all()
    assert (peak((np.arange(-3, 4) ** 2.0)[None]) == 0).all()


def test_what_is_not_seen_does_not_count() -> None:
    scores = np.array([[1.0], [5.0], [1.0], [1.0]])
    assert averaged(scores, np.array([1.0, 0, 1, 1]), 4).ravel() == pytest.approx([1, 1, 1, 1])
    assert (averaged(scores, np.zeros(4), 2) == 0).all()


def test_a_jump_in_a_pause_goes_to_its_middle_and_in_speech_stays() -> None:
    path, nothing = np.repeat([10, 30], 100), np.zeros(260)
    voice = np.ones(260)
    assert np.array_equal(in_pauses(path, voice, nothing, nothing), path)
    voice[90:180] = 0  # what is heard from moment 80 at column 10, to moment 150 at column 30
    assert jumps_of(in_pauses(path, voice, nothing, nothing)) == [115]
    assert in_pauses(np.full(5, 3), np.zeros(20), np.zeros(20), np.zeros(5)).tolist() == [3] * 5


def test_a_sound_that_comes_earlier_covers_what_was_there() -> None:
    path, nothing, voice = np.repeat([30, 10], 100), np.zeros(260), np.ones(260)
    voice[90:180] = 0  # the new one may begin where the old is silent: from 90 on, which is moment 80 at column 10
    assert jumps_of(in_pauses(path, voice, nothing, nothing)) == [(80 + 170) // 2]


def test_a_jump_in_a_pause_goes_where_the_edit_left_something() -> None:
    path, voice, nothing = np.repeat([10, 30], 100), np.ones(260), np.zeros(260)
    voice[90:180] = 0
    cut, hole = np.zeros(200), np.zeros(260)
    cut[140] = 1
    assert jumps_of(in_pauses(path, voice, nothing, cut)) == [140]
    hole[[100, 120]] = 1  # the old sound ends at 90 + 10, the new one begins at 90 + 30
    assert jumps_of(in_pauses(path, voice, hole, cut)) == [90]
    outside = np.zeros(200)
    outside[40] = 1
    assert jumps_of(in_pauses(path, voice, nothing, outside)) == [115]


def jumps_of(path: np.ndarray) -> list[int]:
    return (np.flatnonzero(np.diff(path)) + 1).tolist()


def test_moments_whose_sound_is_covered_stay_with_what_came_before() -> None:
    truth = np.repeat([45.0, 20.0], 100)
    scores = ridge(truth)
    scores[75:100] = 0  # the new sound begins 25 steps earlier and covers theirs
    assert np.array_equal(best_path(scores, 5.0, 2.0), truth.astype(int))


def test_a_jump_is_cheaper_where_an_edit_left_something() -> None:
    scores = 0.02 * np.random.default_rng(3).normal(size=(100, 61))
    scores[:40, 20], scores[60:, 45] = 1, 1  # a pause between: a jump may be anywhere in it
    likelier = np.zeros((100, 61))
    likelier[47, 45] = 1
    assert jumps_of(best_path(scores, 7.0, 2.0, likelier)) == [47]


def test_an_empty_map_has_an_empty_path() -> None:
    assert best_path(np.zeros((0, 5)), 1.0, 1.0).shape == (0,)
    assert stretches(np.zeros(1, np.int64)) == [slice(0, 1)]
