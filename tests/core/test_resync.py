# SPDX-License-Identifier: Apache-2.0
"""A plan read the two ways it is used: where to take the sound from, and which picture to show."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.resync import ResyncPlan


def plan(*rows: tuple[float, float, float, float, str]) -> ResyncPlan:
    table = np.array([row[:4] for row in rows])
    return ResyncPlan(table[:, 0], table[:, 1], table[:, 2:4], tuple(row[4] for row in rows))


def test_offsets_are_straight_within_a_row_and_held_in_a_hole() -> None:
    late = plan((0, 2, 0.0, 0.2, "sound"), (3, 4, -0.1, -0.1, "sound")).late_at(np.array([1.0, 2.5, 3.5, 9.0]))
    np.testing.assert_allclose(late, [0.1, 0.2, -0.1, -0.1])


def test_retimed_sound_is_read_where_its_picture_is() -> None:
    played = plan((0, 2, 0.1, 0.3, "sound"), (2, 4, 0.5, 0.5, "sound")).played()
    np.testing.assert_allclose(played, [(0, 2, 0.1, 1.1), (2, 4, 2.5, 1.0)])


def test_sound_that_stays_goes_on_from_the_retimed_sound_before_it() -> None:
    played = plan((0, 2, 0.1, 0.1, "sound"), (2, 3, 0.1, 0.3, "mouth"), (3, 4, 0.3, 0.3, "sound")).played()
    np.testing.assert_allclose(played, [(0, 2, 0.1, 1), (2, 3, 2.1, 1), (3, 4, 3.3, 1)])


def test_without_retimed_sound_all_of_it_stays() -> None:
    for fix in ("mouth", "picture"):
        assert plan((0, 2, 0.1, 0.1, fix), (2, 4, 0.5, 0.5, fix)).played() == [(0.0, 4.0, 0.0, 1.0)]


def test_late_sound_shows_the_picture_later_and_never_goes_back() -> None:
    rows = plan((0, 2, 0.1, 0.1, "picture"), (2, 4, 0.5, 0.5, "picture"))
    times = np.arange(0, 4.5, 0.04)
    shown = rows.shown_s(times)
    assert (np.diff(shown) >= 0).all()
    np.testing.assert_allclose(shown[[0, 25]], [0.0, 0.9])
    np.testing.assert_allclose(rows.shown_s(np.array([2.2, 2.4, 3.0])), [2.0, 2.0, 2.5])


def test_lost_sound_skips_picture() -> None:
    rows = plan((0, 2, 0.3, 0.3, "picture"), (2.3, 4, 0.0, 0.0, "picture"))
    np.testing.assert_allclose(rows.shown_s(np.array([2.2, 2.4])), [1.9, 2.4])
