# SPDX-License-Identifier: Apache-2.0
"""The upright square of a face that the landmark network looks at."""

from __future__ import annotations

import math

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.pose import fit_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.models.face_mesh import SIZE_PX, Roi
from ofx_lipsync.nodes._face_search import finite

_CENTRE = np.array([[[0.0, 0.2126, 0.0]]])
_SIDE = 1.483
"""The square on the face turned to the front, in face heights: MediaPipe's box on the average of twenty clips. Taken
from the head's pose and not from the points' extent, it does not pump as the jaw opens."""
_CALM = 0.25
"""How much of a new side and angle the square takes over: its own trembling would show in the lips."""
_LOOK_PX = 320
"""A face is read at the least whole fraction of the plate's resolution that keeps its square this large."""


def roi_from_pose(landmarks: np.ndarray, before: Roi | None = None) -> Roi:
    """The square for the next frame. landmarks: [478, 3], plate px. before: the square that they were seen in."""
    pose = fit_pose(landmarks[None])
    x, y, _ = pose.place(_CENTRE)[0, 0].tolist()
    across = pose.rotation[0, :, 0]
    side, angle = float(pose.scale[0]) * _SIDE, math.atan2(across[1], across[0])
    if before is not None:
        turn = math.remainder(angle - before.angle_rad, math.tau)
        side = before.side_px + _CALM * (side - before.side_px)
        angle = before.angle_rad + _CALM * turn
    return Roi(x, y, side, angle)


def patch(plate: Clip, frame: int, roi: Roi) -> np.ndarray:
    """[3, 256, 256] float32, sRGB 0..1: the square, upright."""
    picture, origin, step = read_square(plate, frame, roi)
    return cut(picture, origin, step, roi)


def read_square(plate: Clip, frame: int, roi: Roi, reach: float = 1.0) -> tuple[np.ndarray, np.ndarray, int]:
    """What of the plate is needed to see `roi` (reach: times its side). Returns [3, H, W] sRGB 0..1, its origin [2] in
    plate px and its step in plate px.

    The reduction is by whole pixels on a fixed grid, so that a face that moves does not swim against it.
    """
    step = max(1, int(roi.side_px / _LOOK_PX))
    turned = abs(math.cos(roi.angle_rad)) + abs(math.sin(roi.angle_rad))
    half = roi.side_px * reach * turned / 2 + 2 * step
    x0, y0 = math.floor((roi.x - half) / step) * step, math.floor((roi.y - half) / step) * step
    cells = math.ceil(2 * half / step) + 1
    look = plate.look(frame, Region(x0, y0, x0 + cells * step, y0 + cells * step), cells)
    return finite(look.pixels), np.array([x0, y0]), step


def cut(picture: np.ndarray, origin: np.ndarray, step: int, roi: Roi) -> np.ndarray:
    """[3, 256, 256] float32 out of what `read_square` returned."""
    matrix = roi.matrix()
    matrix[:, 2] -= origin
    return crop(picture, matrix / step, (SIZE_PX, SIZE_PX))
