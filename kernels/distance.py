# SPDX-License-Identifier: Apache-2.0
"""How far each pixel lies inside, or outside, of each region of a labelled picture: what shapes are blended by.

d = the distance between pixel centres to the nearest pixel of the other side, less 1/2, positive inside.
   Source: Saito & Toriwaki (1994), columns first, then rows.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels.arrays import Array, float_array, namespace, number
from ofx_lipsync.kernels.launch import launch, on_arrays_device


@on_arrays_device
def distance(labels: Array, regions: int, *, far_px: float = 1e4) -> Array:
    """Returns [regions, H, W] float32: signed distance in px to the edge of the region labelled 0, 1, 2 ...

    labels: [H, W] float32 whole numbers. far_px: what is said where a region, or all but it, has no pixel.
    Raises: UsageError on wrong shapes or types, or fewer than one region.
    """
    labels = float_array("distance", "labels", labels, "H W")
    far = number("distance", "far_px", far_px, 1.0, 1e6)
    if regions < 1:
        raise UsageError(f"distance: regions is {regions}, expected 1 or more")
    xp = namespace(labels)
    height, width = labels.shape
    down = xp.empty((regions, height, width), np.float32)
    out = xp.empty_like(down)
    wanted = xp.arange(regions, dtype=np.float32)
    labels = xp.ascontiguousarray(labels)
    launch("distance", "distance_columns", (regions, width), down, labels, wanted, far, height, width, regions)
    rows = regions * height
    launch("distance", "distance_rows", (rows, width), out, down, far, width, rows)
    return out


def reference(labels: np.ndarray, regions: int, *, far_px: float = 1e4) -> np.ndarray:
    """The definition of `distance`, by trying every pixel."""
    y, x = np.mgrid[: labels.shape[0], : labels.shape[1]]
    out = np.empty((regions, *labels.shape))
    for region in range(regions):
        inside = labels == region
        for sign, side, other in ((1, inside, ~inside), (-1, ~inside, inside)):
            nearest = np.full(int(side.sum()), far_px)
            for oy, ox in zip(y[other], x[other], strict=True):
                nearest = np.minimum(nearest, np.hypot(y[side] - oy, x[side] - ox))
            out[region][side] = sign * (nearest - 0.5)
    return out
