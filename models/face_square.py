# SPDX-License-Identifier: Apache-2.0
"""The square in which networks see and make a mouth: upright, and tied to the skull, so that no jaw makes it pump.

Its upper half ends at the tip of the nose; its lower half holds the mouth, and a chin as low as a jaw can drop.
"""

from __future__ import annotations

import math

import numpy as np

from ofx_lipsync.core.pose import fit_pose
from ofx_lipsync.models.face_mesh import Roi

SIDE = 1.3
"""In face heights, forehead to chin."""
MIDDLE = 0.16
"""How far below the bridge of the nose its centre lies, in face heights: just under the tip of the nose."""


def face_squares(landmarks: np.ndarray) -> list[Roi]:
    """landmarks: [N, 478, 3], px. One square a frame, in the same px."""
    pose = fit_pose(landmarks)
    centres = pose.place(np.broadcast_to(np.array([0.0, MIDDLE, 0.0]), (len(landmarks), 1, 3)))[:, 0]
    angles = np.arctan2(pose.rotation[:, 1, 0], pose.rotation[:, 0, 0])
    return [
        Roi(float(x), float(y), float(scale) * SIDE, math.remainder(float(angle), math.tau))
        for (x, y, _), scale, angle in zip(centres, pose.scale, angles, strict=True)
    ]


def into_square(points: np.ndarray, square: Roi, size_px: int) -> np.ndarray:
    """points: [P, 2+] px of the picture. Returns [P, 2] float32 in the square's px, when it is size_px wide."""
    matrix = square.matrix(size_px)
    return np.linalg.solve(matrix[:, :2], (points[:, :2] - matrix[:, 2]).T).T.astype(np.float32)
