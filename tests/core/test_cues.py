# SPDX-License-Identifier: Apache-2.0
"""Cues: labels become stretches, stretches become shares of frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core.cues import Cues
from ofx_lipsync.core.errors import UsageError

NAMES = ("Neutral", "Aa", "M")


def test_labels_become_stretches_with_how_surely_they_were_heard() -> None:
    sure = np.array([0.9, 0.9, 0.5, 0.7, 1.0])
    cues = Cues.of_labels(np.array([0, 0, 1, 1, 2]), NAMES, start_s=2.0, sure=sure)
    np.testing.assert_allclose(cues.start_s, [2.0, 2.02, 2.04])
    assert cues.mouth.tolist() == [0, 1, 2]
    np.testing.assert_allclose(cues.strength, [0.9, 0.6, 1.0], rtol=1e-6)
    assert cues.end_s == pytest.approx(2.05)


def test_at_rests_before_and_after() -> None:
    cues = Cues.of_labels(np.array([1, 2]), NAMES, start_s=1.0)
    assert cues.at(np.array([0.5, 1.0, 1.005, 1.01, 1.019, 1.02, 9.0])).tolist() == [0, 1, 1, 2, 2, 0, 0]


def test_a_frame_shares_itself_between_what_is_heard_in_it() -> None:
    cues = Cues.of_labels(np.array([1, 1, 2, 2]), NAMES)
    np.testing.assert_allclose(cues.shares(np.array([0.01, 0.03]), 0.02), [[0, 0.5, 0.5], [0.5, 0, 0.5]], atol=1e-12)


@given(st.lists(st.integers(0, 2), max_size=60), st.floats(-1, 1), st.floats(0.004, 0.2))
def test_shares_always_add_up_to_one(labels: list[int], start_s: float, span_s: float) -> None:
    cues = Cues.of_labels(np.array(labels, np.int8), NAMES, start_s=start_s)
    shares = cues.shares(np.arange(-1.0, 2.0, 0.05), span_s)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-9)
    assert (shares >= -1e-9).all()


def test_a_line_of_nothing_rests() -> None:
    cues = Cues.of_labels(np.zeros(0, np.int8), NAMES)
    assert cues.at(np.array([0.0, 1.0])).tolist() == [0, 0]
    np.testing.assert_array_equal(cues.shares(np.array([0.0]), 0.04), [[1, 0, 0]])


def test_cues_that_go_back_in_time_are_refused() -> None:
    with pytest.raises(UsageError, match="starts go back in time"):
        Cues(NAMES, np.array([0.2, 0.1]), np.zeros(2, np.int8), np.ones(2, np.float32), 1.0)
    with pytest.raises(UsageError, match="expected three of one length"):
        Cues(NAMES, np.array([0.2, 0.3]), np.zeros(3, np.int8), np.ones(2, np.float32), 1.0)
