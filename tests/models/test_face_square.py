# SPDX-License-Identifier: Apache-2.0
"""The square follows the skull: not the jaw, and not the size of the picture."""

import numpy as np
import pytest

from ofx_lipsync.core.landmarks import JAW, LIPS, STABLE
from ofx_lipsync.core.pose import FRONT
from ofx_lipsync.models.face_square import MIDDLE, SIDE, face_squares, into_square


def face(scale: float, angle: float, x: float, y: float) -> np.ndarray:
    points = np.zeros((478, 3))
    points[list(STABLE)] = FRONT
    points[list(LIPS), 1] = 0.3
    points[list(JAW), 1] = 0.5
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return (scale * points @ turn.T + [x, y, 0]).astype(np.float32)


@pytest.mark.parametrize(("scale", "angle"), [(100.0, 0.0), (400.0, 0.3), (50.0, -1.0)])
def test_the_middle_and_the_side(scale: float, angle: float) -> None:
    (square,) = face_squares(face(scale, angle, 300, 200)[None])
    assert square.side_px == pytest.approx(SIDE * scale, rel=1e-4)
    assert square.angle_rad == pytest.approx(angle, abs=1e-4)
    below = scale * MIDDLE
    assert (square.x, square.y) == pytest.approx((300 - below * np.sin(angle), 200 + below * np.cos(angle)), abs=0.01)


def test_an_open_jaw_does_not_move_it() -> None:
    shut, wide = face(100, 0.1, 0, 0), face(100, 0.1, 0, 0)
    wide[list(JAW), 1] += 20
    assert face_squares(shut[None]) == face_squares(wide[None])


def test_into_the_square_and_back() -> None:
    points = face(120, 0.2, 50, 80)
    (square,) = face_squares(points[None])
    inside = into_square(points, square, 96)
    matrix = square.matrix(96)
    assert np.allclose(inside @ matrix[:, :2].T + matrix[:, 2], points[:, :2], atol=1e-3)
    assert inside[list(LIPS), 1].min() > 48  # the mouth is in the lower half
