# SPDX-License-Identifier: Apache-2.0
"""Transitions that end on time, and eyes that blink."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core.cues import Cues
from ofx_lipsync.core.phones import ADOBE
from ofx_lipsync.nodes.drawn.plan import EASES, blinks, brow_lift, eased, with_transitions


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), min_size=1, max_size=12), st.integers(1, 4))
def test_a_new_mouth_is_there_on_its_first_frame_and_the_old_one_was_seen(line, count) -> None:
    mouths = np.repeat([m for m, _ in line], [n for _, n in line]).astype(np.int8)
    still = np.zeros(len(mouths), np.int8)
    start, end, _, _, phase = with_transitions(mouths, still, count, "linear")
    np.testing.assert_array_equal(start, mouths)
    changes = np.flatnonzero(np.diff(mouths)) + 1
    for at in [0, *changes]:
        assert end[at] == mouths[at]
        assert phase[at] == 1
    for frame in np.flatnonzero(phase < 1):
        following = changes[changes > frame][0]
        assert end[frame] == mouths[following]
        assert following - frame <= count
    assert (np.diff(phase)[phase[:-1] < 1] > 0).all()


def test_a_change_of_expression_is_on_the_way_too() -> None:
    _, end, worn, worn_end, phase = with_transitions(
        np.ones(6, np.int8), np.array([0, 0, 0, 1, 1, 1], np.int8), 2, "smooth"
    )
    assert worn.tolist() == [0, 0, 0, 1, 1, 1]
    assert worn_end.tolist() == [0, 1, 1, 1, 1, 1]
    assert end.tolist() == [1] * 6
    assert phase[1] < phase[2] < 1


@pytest.mark.parametrize("ease", EASES)
def test_eases_begin_and_end_where_they_should(ease) -> None:
    values = [eased(t, ease) for t in np.linspace(0, 1, 9)]
    assert (values[0], values[-1]) == (0, 1)
    assert (np.diff(values) > 0).all()


def test_blinks_are_irregular_short_and_the_same_at_any_rate() -> None:
    coarse, fine = np.arange(0, 120, 1 / 24), np.arange(0, 120, 1 / 240)
    eyes = blinks(fine, 15, seed=3)
    begins = fine[np.flatnonzero(np.diff((eyes > 0).astype(int)) == 1)]
    assert 15 < len(begins) < 50
    assert np.diff(begins).std() > 0.5
    shut = blinks(coarse, 15, seed=3) == 2
    lengths = np.diff(np.flatnonzero(np.diff(shut.astype(int))))[::2]
    assert set(lengths) <= {2, 3}
    assert abs(len(lengths) - len(begins)) <= 1


def test_brows_rise_where_a_phrase_begins() -> None:
    labels = np.repeat([0, 1, 3, 0, 1], [50, 40, 60, 40, 50]).astype(np.int8)
    times_s = np.arange(0, 2.4, 0.02)
    lift = brow_lift(Cues.of_labels(labels, ADOBE), times_s)
    assert lift[times_s < 0.4].max() == 0
    assert lift[(times_s > 0.6) & (times_s < 0.7)].min() > 0.9
    assert lift[(times_s > 1.4) & (times_s < 1.8)].max() < 0.05
    assert lift[(times_s > 2.05) & (times_s < 2.15)].min() > 0.9
