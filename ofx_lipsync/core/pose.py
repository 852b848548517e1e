# SPDX-License-Identifier: Apache-2.0
"""Where a head is and which way it faces, from landmarks; and the face turned to the front.

The rigid fit is Umeyama's ("Least-squares estimation of transformation parameters between two point patterns",
PAMI 1991, eq. 40-42) on the points of `landmarks.STABLE`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.landmarks import STABLE

# fmt: off
FRONT = np.array(
    (
    (-0.2686, 0.0336, 0.0199), (-0.2924, 0.0435, 0.0336), (-0.0655, 0.0527, -0.0447), (-0.0834, 0.0438, -0.0232),
    (-0.0952, 0.0426, -0.0176), (0.0952, 0.0426, -0.0176), (0.0834, 0.0438, -0.0232), (0.0655, 0.0527, -0.0447),
    (0.2924, 0.0435, 0.0336), (0.2686, 0.0336, 0.0199), (0.0000, 0.0111, -0.1135), (0.0000, 0.0575, -0.1387),
    (0.0000, 0.0986, -0.1677), (0.0000, 0.1351, -0.1988), (-0.0544, 0.0605, -0.0699), (-0.0315, 0.0660, -0.1249),
    (-0.0525, 0.0867, -0.1032), (0.0544, 0.0605, -0.0699), (0.0315, 0.0660, -0.1249), (0.0525, 0.0867, -0.1032),
    (0.0000, -0.0396, -0.1155), (0.0000, -0.0923, -0.1228), (0.0000, -0.1937, -0.1072), (-0.0949, -0.1949, -0.0990),
    (0.0949, -0.1949, -0.0990), (-0.1796, -0.1922, -0.0729), (0.1796, -0.1922, -0.0729), (-0.2594, -0.1740, -0.0272),
    (0.2594, -0.1740, -0.0272), (-0.3423, -0.0047, 0.0603), (0.3423, -0.0047, 0.0603), (-0.3676, -0.0140, 0.1431),
    (0.3676, -0.0140, 0.1431), (-0.3507, 0.0616, 0.0942), (0.3507, 0.0616, 0.0942), (-0.3822, 0.0642, 0.1797),
    (0.3822, 0.0642, 0.1797), (-0.3949, 0.0646, 0.2958), (0.3949, 0.0646, 0.2958), (-0.3874, -0.0284, 0.2380),
    (0.3874, -0.0284, 0.2380),
    )
)
# fmt: on
"""[41, 3]: the STABLE points on a mean face looking at the camera, x right, y down, z into the scene, in units of
face height (10 to 152, mouth shut). Mean of 20 clips of ten people of GRID (CC BY 4.0), made symmetric."""

_EASY = 1.0
"""Weights of the fit: eyes and nose bridge count fully; forehead and temples, under hair and on the outline, less."""
_HARD = 0.4
_WEIGHT = np.array([_EASY] * 20 + [_HARD] * 21) / (20 * _EASY + 21 * _HARD)


@dataclass(frozen=True)
class HeadPose:
    """plate point = scale * rotation @ front point + translation. rotation: [N, 3, 3], scale: [N] (face height in
    px), translation: [N, 3] px; float64."""

    rotation: np.ndarray
    scale: np.ndarray
    translation: np.ndarray

    def place(self, front: np.ndarray) -> np.ndarray:
        """front: [N, P, 3] in face heights. Returns [N, P, 3] float32 in plate pixels."""
        turned = np.einsum("nij,npj->npi", self.rotation, front)
        return (self.scale[:, None, None] * turned + self.translation[:, None]).astype(np.float32)

    def to_front(self, landmarks: np.ndarray) -> np.ndarray:
        """landmarks: [N, P, 3] plate px. Returns [N, P, 3] float32 in face heights: the inverse of `place`."""
        moved = (landmarks - self.translation[:, None]) / self.scale[:, None, None]
        return np.einsum("nij,npi->npj", self.rotation, moved).astype(np.float32)


def fit_pose(landmarks: np.ndarray) -> HeadPose:
    """landmarks: [N, 478, 3], plate px. The similarity that brings the mean face nearest to each frame."""
    points = landmarks[:, STABLE].astype(np.float64)
    front_mean = _WEIGHT @ FRONT
    front = FRONT - front_mean
    mean = np.einsum("p,npi->ni", _WEIGHT, points)
    moments = np.einsum("p,npi,pj->nij", _WEIGHT, points - mean[:, None], front)
    u, spread, vt = np.linalg.svd(moments)
    sign = np.ones_like(spread)
    sign[:, 2] = np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)
    rotation = np.einsum("nij,nj,njk->nik", u, sign, vt)
    scale = (spread * sign).sum(axis=1) / np.einsum("p,pi,pi->", _WEIGHT, front, front)
    return HeadPose(rotation, scale, mean - scale[:, None] * (rotation @ front_mean))


def to_front(landmarks: np.ndarray) -> np.ndarray:
    """landmarks: [N, 478, 3], plate px. Returns [N, 478, 3] float32 on the front-turned face, in face heights."""
    return fit_pose(landmarks).to_front(landmarks)


def describe_pose(landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """landmarks: [N, 478, 3]. Returns yaw, pitch, roll in degrees and scale in px of face height, [N] float64 each.

    yaw > 0: turned to the image's right. pitch > 0: looking down. roll > 0: tilted clockwise on screen.
    """
    pose = fit_pose(landmarks)
    turn = pose.rotation
    yaw = np.arctan2(-turn[:, 0, 2], turn[:, 2, 2])
    pitch = np.arcsin(np.clip(-turn[:, 1, 2], -1, 1))
    roll = np.arctan2(turn[:, 1, 0], turn[:, 1, 1])
    return np.degrees(yaw), np.degrees(pitch), np.degrees(roll), pose.scale
