# SPDX-License-Identifier: Apache-2.0
"""The upright square of a face that the landmark network looks at."""

from __future__ import annotations

import math

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.pose import fit_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.crop import crop, halve
from ofx_lipsync.models.face_mesh import SIZE_PX, Roi
from ofx_lipsync.nodes._face_search import finite

_CENTRE = np.array([[[0.0, 0.2126, 0.0]]])
_SIDE = 1.483
"""The square on the face turned to the front, in face heights: MediaPipe's box on the average of twenty clips. Taken
from the head's pose and not from the points' extent, it does not pump as the jaw opens."""
_CALM = 0.25
"""How much of a new side and angle the square takes over: its own trembling would show in the lips."""
_STILL = 0.02
"""A face that moves by less than this part of the square a frame may only tremble."""
_LOOK_CENTRE = np.array([[[0.0, 0.05, 0.0]]])
LOOK_CELLS = 16
_READ_PX = 320
"""A face is read at the least whole fraction of the plate's resolution that keeps its square this large."""


def roi_from_pose(landmarks: np.ndarray) -> Roi:
    """The square round a face. landmarks: [478, 3], plate px."""
    pose = fit_pose(landmarks[None])
    x, y, _ = pose.place(_CENTRE)[0, 0].tolist()
    across = pose.rotation[0, :, 0]
    return Roi(x, y, float(pose.scale[0]) * _SIDE, math.atan2(across[1], across[0]))


def roi_ahead(last: np.ndarray, before: np.ndarray | None, roi: Roi) -> Roi:
    """The square for the next frame, from the last two frames' landmarks and the square of the last one. A face that
    moves goes on; what may be tremble does not move the square."""
    here = roi_from_pose(last)
    there = roi_from_pose(before) if before is not None else here
    way = complex(here.x - there.x, here.y - there.y)
    ahead = way * max(0.0, 1 - _STILL * here.side_px / abs(way)) if way else way
    turn = math.remainder(here.angle_rad - roi.angle_rad, math.tau)
    return Roi(
        here.x + ahead.real,
        here.y + ahead.imag,
        roi.side_px + _CALM * (here.side_px - roi.side_px),
        roi.angle_rad + _CALM * turn,
    )


def small_look(square: np.ndarray, roi: Roi, landmarks: np.ndarray) -> np.ndarray:
    """[3, 16, 16] float32: the face as it stands in `square` [3, 256, 256], which shows `roi`; forehead to mouth."""
    cells = halve(halve(square))
    own = roi_from_pose(landmarks)
    pose = fit_pose(landmarks[None])
    x, y, _ = pose.place(_LOOK_CENTRE)[0, 0].tolist()
    wanted = Roi(x, y, own.side_px / _SIDE, own.angle_rad).matrix(LOOK_CELLS)
    to_square = np.linalg.inv(np.vstack([roi.matrix(SIZE_PX // 4), [0, 0, 1]]))
    return crop(cells, (to_square @ np.vstack([wanted, [0, 0, 1]]))[:2], (LOOK_CELLS, LOOK_CELLS))


def patch(plate: Clip, frame: int, roi: Roi) -> np.ndarray:
    """[3, 256, 256] float32, sRGB 0..1: the square, upright."""
    picture, origin, step = read_square(plate, frame, roi)
    return cut_square(picture, origin, step, roi)


def read_square(plate: Clip, frame: int, roi: Roi, reach: float = 1.0) -> tuple[np.ndarray, np.ndarray, int]:
    """What of the plate is needed to see `roi` (reach: times its side). Returns [3, H, W] sRGB 0..1, its origin [2] in
    plate px and its step in plate px.

    The reduction is by whole pixels on a fixed grid, so that a face that moves does not swim against it.
    """
    step = max(1, int(roi.side_px / _READ_PX))
    turned = abs(math.cos(roi.angle_rad)) + abs(math.sin(roi.angle_rad))
    half = roi.side_px * reach * turned / 2 + 2 * step
    x0, y0 = math.floor((roi.x - half) / step) * step, math.floor((roi.y - half) / step) * step
    cells = math.ceil(2 * half / step) + 1
    look = plate.look(frame, Region(x0, y0, x0 + cells * step, y0 + cells * step), cells)
    return finite(look.pixels), np.array([x0, y0]), step


def cut_square(picture: np.ndarray, origin: np.ndarray, step: int, roi: Roi) -> np.ndarray:
    """[3, 256, 256] float32 out of what `read_square` returned."""
    matrix = roi.matrix()
    matrix[:, 2] -= origin
    return crop(picture, matrix / step, (SIZE_PX, SIZE_PX))
