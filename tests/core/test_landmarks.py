# SPDX-License-Identifier: Apache-2.0
"""The named parts of the mesh."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core import landmarks
from ofx_lipsync.core.pose import FRONT

PARTS = {name: value for name, value in vars(landmarks).items() if name.isupper() and isinstance(value, tuple)}


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_point_exists_once_in_its_part(name: str) -> None:
    loops = PARTS[name] if isinstance(PARTS[name][0], tuple) else (PARTS[name],)
    for loop in loops:
        assert len(set(loop)) == len(loop)
        assert set(loop) <= set(range(478))


def test_lip_loops_go_once_round() -> None:
    assert (len(landmarks.LIPS_OUTER), len(landmarks.LIPS_INNER)) == (20, 20)
    assert landmarks.LIPS_OUTER[0] == landmarks.LIP_CORNER_RIGHT
    assert landmarks.LIPS_OUTER[10] == landmarks.LIP_CORNER_LEFT


def test_the_jaw_is_the_lower_part_of_the_oval() -> None:
    assert set(landmarks.JAW) <= set(landmarks.FACE_OVAL)
    assert landmarks.JAW[8] == landmarks.CHIN_TIP


def test_every_stable_point_has_a_place_on_the_mean_face() -> None:
    assert FRONT.shape == (len(landmarks.STABLE), 3)
    right = FRONT[landmarks.STABLE.index(133)]
    np.testing.assert_allclose(FRONT[landmarks.STABLE.index(362)], right * [-1, 1, 1], atol=1e-4)
