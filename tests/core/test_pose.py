# SPDX-License-Identifier: Apache-2.0
"""The head's pose from landmarks: exact on a turned mean face, the same for any head that moves rigidly."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.landmarks import STABLE
from ofx_lipsync.core.pose import FRONT, describe_pose, fit_pose, to_front


def turned(yaw: float = 0, pitch: float = 0, roll: float = 0) -> np.ndarray:
    """[3, 3] by the signs of describe_pose, degrees: yaw to the image's right, pitch down, roll clockwise."""
    y, p, r = np.radians([-yaw, pitch, roll])
    across = np.array([[np.cos(y), 0, -np.sin(-y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    down = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return across @ down @ tilt


@pytest.fixture
def face() -> np.ndarray:
    """[1, 478, 3]: the mean face where it is known, something fixed elsewhere."""
    points = np.random.default_rng(3).normal(0, 0.3, (1, 478, 3))
    points[:, list(STABLE)] = FRONT
    return points


@pytest.mark.parametrize("angles", [(0, 0, 0), (25, 0, 0), (-40, 10, 5), (0, -20, 0), (10, 15, -30)])
def test_angles_and_scale_come_back(face: np.ndarray, angles: tuple[float, float, float]) -> None:
    plate = 210.0 * face @ turned(*angles).T + [640, 360, 12]
    yaw, pitch, roll, scale = describe_pose(plate)
    np.testing.assert_allclose([yaw[0], pitch[0], roll[0]], angles, atol=1e-6)
    np.testing.assert_allclose(scale, 210.0)


def test_the_nose_points_where_yaw_says(face: np.ndarray) -> None:
    plate = 100 * face @ turned(yaw=30).T
    bridge, corners = plate[0, 195], plate[0, [133, 362]].mean(axis=0)
    assert bridge[0] > corners[0]


def test_to_front_undoes_the_pose(face: np.ndarray) -> None:
    plate = 150.0 * face @ turned(20, -10, 40).T + [100, 900, 0]
    np.testing.assert_allclose(to_front(plate), face, atol=1e-6)


def test_place_is_the_inverse_of_to_front(face: np.ndarray) -> None:
    plate = 150.0 * face @ turned(-15, 5, 8).T + [1000, 400, 7]
    pose = fit_pose(plate)
    np.testing.assert_allclose(pose.place(pose.to_front(plate)), plate, rtol=1e-5, atol=1e-2)


def test_a_mirrored_face_is_no_rotation(face: np.ndarray) -> None:
    rotation = fit_pose(face * [-1, 1, -1.3]).rotation[0]
    np.testing.assert_allclose(np.linalg.det(rotation), 1.0)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)


def test_lips_and_jaw_do_not_move_the_head(face: np.ndarray) -> None:
    opened = face.copy()
    opened[0, [14, 17, 152, 199]] += [0, 0.2, 0]
    np.testing.assert_array_equal(fit_pose(opened).rotation, fit_pose(face).rotation)
