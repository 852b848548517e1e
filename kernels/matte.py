# SPDX-License-Identifier: Apache-2.0
"""Soft matte of a closed contour, such as the lower face drawn through its landmarks.

alpha = smoothstep((d - erode) / feather), d the distance to the contour, positive inside (non-zero winding) and
negative outside; smoothstep(t) = t^2 (3 - 2t) for t held to 0..1: its slope is 0 at both ends, so that the seam shows
no edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.arrays import Array, float_array, namespace, number
from ofx_lipsync.kernels.launch import launch, on_arrays_device

_FARTHEST_PX = 1e6
_HARD = 1e-6
"""A feather of 0 px is this steep: every pixel is 0 or 1."""


@on_arrays_device
def matte(polygon: Array, region: Region, *, feather_px: float, erode_px: float = 0.0) -> Array:
    """Returns [H, W] float32, 0..1, for the pixels of `region`, where `polygon` lies (CPU or GPU).

    polygon: [P, 2] float32, P >= 3, (x, y) in plate pixels (pixel (0, 0) covers 0..1); the last point joins the first.
        Either direction; where it crosses itself, what it winds round counts as inside.
    feather_px: width of the ramp, which lies *inside* the contour: exactly 0 on and outside it, exactly 1 from
        feather_px inwards. 0 gives a hard edge. erode_px: moves the ramp inwards; below 0 it grows beyond the contour.
    Each pixel depends on its place alone: tiles equal the whole.
    Raises: UsageError on wrong shapes, a contour that is not finite, or a feather below 0.
    """
    polygon = float_array("matte", "polygon", polygon, "P 2")
    if polygon.shape[0] < 3:
        raise UsageError(f"matte: polygon is {list(polygon.shape)}, expected [P, 2] with 3 points or more")
    feather = max(number("matte", "feather_px", feather_px, 0.0, 1e5), _HARD)
    erode = number("matte", "erode_px", erode_px, -1e5, 1e5)
    segments, (base_x, base_y) = _segments(polygon)
    height, width = region.shape
    out = namespace(polygon).empty((height, width), np.float32)
    # Beyond this distance the ramp is flat, so that segments further away need not be measured.
    reach = feather + abs(erode) + 1.0
    corner = (region.x0 - base_x, region.y0 - base_y)
    launch(
        "matte", "matte", (height, width), out, segments, len(segments), reach, erode, feather, *corner, width, height
    )
    return out


def reference(polygon: np.ndarray, region: Region, *, feather_px: float, erode_px: float = 0.0) -> np.ndarray:
    """The definition of `matte`, in float64."""
    y, x = np.mgrid[region.y0 : region.y1, region.x0 : region.x1] + 0.5
    start = polygon.astype(np.float64)
    nearest, turns = np.full(x.shape, np.inf), np.zeros(x.shape, int)
    for (ax, ay), (bx, by) in zip(start, np.roll(start, -1, axis=0), strict=True):
        length2 = (bx - ax) ** 2 + (by - ay) ** 2
        along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / (length2 or 1.0), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)))
        if ay != by:
            right = ax + (y - ay) * (bx - ax) / (by - ay) > x
            turns += right * (((ay <= y) & (y < by)).astype(int) - ((by <= y) & (y < ay)))
    distance = np.where(turns != 0, nearest, -nearest)
    t = np.clip((distance - erode_px) / max(feather_px, _HARD), 0, 1)
    return t * t * (3 - 2 * t)


def _segments(polygon: Array) -> tuple[Array, tuple[int, int]]:
    """([P, 8] float32 as matte.cu wants them, base pixel (x, y)): small numbers keep their precision on an 8K plate."""
    xp: Any = namespace(polygon)
    if not bool((abs(polygon) < _FARTHEST_PX).all()):
        raise UsageError("matte: polygon holds NaN, Inf or a point beyond a million px; expected plate pixels")
    low = polygon.min(axis=0)
    base = (int(low[0]), int(low[1]))
    start = polygon.astype(np.float64) - xp.asarray(base, np.float64)
    end = xp.roll(start, -1, axis=0)
    # In float32 from here on, as the kernel sees it: a corner's y must be the same number in both its segments.
    start, end = start.astype(np.float32), end.astype(np.float32)
    step = (end - start).astype(np.float64)
    length2 = (step**2).sum(axis=1)
    flat = step[:, 1] == 0
    slope = xp.where(flat, 0.0, step[:, 0] / xp.where(flat, 1.0, step[:, 1]))
    low_y, high_y = xp.minimum(start[:, 1], end[:, 1]), xp.maximum(start[:, 1], end[:, 1])
    shorten = 1.0 / xp.where(length2 > 0, length2, 1.0)
    columns = (start[:, 0], start[:, 1], step[:, 0], step[:, 1], shorten, low_y, high_y, slope)
    return xp.ascontiguousarray(xp.stack([c.astype(np.float32) for c in columns], axis=1)), base
