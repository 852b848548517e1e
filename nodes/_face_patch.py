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
_LOOK_UP = 0.11
"""How far above the square's middle the small look stands, as a part of its side."""
LOOK_CELLS = 16
_READ_PX = SIZE_PX
"""A face is read at the least whole fraction of the plate's resolution that keeps its square this large: not enlarged,
and never so fine that the resampling has to average many points."""


def roi_from_pose(landmarks: np.ndarray) -> Roi:
    """The square round a face. landmarks: [478, 3], plate px."""
    pose = fit_pose(landmarks[None])
    x, y, _ = pose.place(_CENTRE)[0, 0].tolist()
    across = pose.rotation[0, :, 0]
    return Roi(x, y, float(pose.scale[0]) * _SIDE, math.atan2(across[1], across[0]))


def roi_ahead(here: Roi, before: Roi | None, seen_in: Roi) -> Roi:
    """The square for the next frame, from those round the face in this frame and the one before, and the one that it
    was seen in. A face that moves goes on; what may be tremble does not move the square."""
    way = complex(here.x - before.x, here.y - before.y) if before is not None else 0j
    ahead = way * max(0.0, 1 - _STILL * here.side_px / abs(way)) if way else way
    turn = math.remainder(here.angle_rad - seen_in.angle_rad, math.tau)
    return Roi(
        here.x + ahead.real,
        here.y + ahead.imag,
        seen_in.side_px + _CALM * (here.side_px - seen_in.side_px),
        seen_in.angle_rad + _CALM * turn,
    )


def small_look(square: np.ndarray, seen_in: Roi, own: Roi) -> np.ndarray:
    """[3, 16, 16] float32: the face from forehead to mouth. square: [3, 256, 256], what `seen_in` shows; own: the
    square round the face."""
    up = _LOOK_UP * own.side_px * complex(math.sin(own.angle_rad), -math.cos(own.angle_rad))
    wanted = Roi(own.x + up.real, own.y + up.imag, own.side_px / _SIDE, own.angle_rad)
    quarter = SIZE_PX // 4
    to_square = np.linalg.inv(np.vstack([seen_in.matrix(quarter), [0, 0, 1]]))
    matrix = (to_square @ np.vstack([wanted.matrix(LOOK_CELLS), [0, 0, 1]]))[:2]
    return crop(halve(halve(square)), matrix, (LOOK_CELLS, LOOK_CELLS))


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
