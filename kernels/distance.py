# SPDX-License-Identifier: Apache-2.0
"""How far each pixel lies inside, or outside, of regions with soft edges: what shapes are blended by.

d = the distance from the pixel's centre to the nearest edge, positive inside. The edge between two pixels, one more and
one less than half covered, lies where their coverage ends: it is the drawing's own edge, and not the pixels'.
   Source: Saito & Toriwaki (1994), columns first, then rows; edges by coverage as in Gustavson & Strand (2011).
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.kernels.arrays import Array, float_array, namespace, number
from ofx_lipsync.kernels.launch import launch, on_arrays_device


@on_arrays_device
def distance(cover: Array, *, far_px: float = 1e4) -> Array:
    """Returns [R, H, W] float32: signed distance in px to the edge of each region.

    cover: [R, H, W] float32, how much of each pixel each region covers, 0..1; from 1/2 on it is inside.
    far_px: what is said where a region, or all but it, has no pixel.
    Raises: UsageError on wrong shapes or types.
    """
    cover = float_array("distance", "cover", cover, "R H W")
    far = number("distance", "far_px", far_px, 1.0, 1e6)
    xp = namespace(cover)
    cover = xp.ascontiguousarray(cover)
    down, out = xp.empty_like(cover), xp.empty_like(cover)
    regions, height, width = cover.shape
    launch("distance", "distance_columns", (regions, width), down, cover, far, height, width, regions)
    launch("distance", "distance_rows", (regions * height, width), out, down, cover, far, width, regions * height)
    return out


def reference(cover: np.ndarray, *, far_px: float = 1e4) -> np.ndarray:
    """The definition of `distance`, by trying every column for every pixel, in float64."""
    cover = cover.astype(np.float64)
    regions, _, width = cover.shape
    inside = cover >= 0.5
    down = np.stack([[_to_edges(cover[k, :, x], far_px) for x in range(width)] for k in range(regions)])  # [R, W, H]
    out = np.empty(cover.shape)
    for k, y, x in np.ndindex(*cover.shape):
        nearest = down[k, x, y]
        for at in range(width):
            side = 1 if at > x else -1
            if inside[k, y, at] == inside[k, y, x]:
                away = np.hypot(at - x, down[k, at, y])
            elif inside[k, y, at - side] == inside[k, y, x]:
                away = abs(at - x) - 1 + _to_edge(cover[k, y, at - side], cover[k, y, at])
            else:
                away = abs(at - x)
            nearest = min(nearest, away)
        out[k, y, x] = (nearest - 0.5) * (1 if inside[k, y, x] else -1)
    return out


def _to_edges(column: np.ndarray, far_px: float) -> np.ndarray:
    """[H]: to the nearest edge above or below, and half a pixel more."""
    inside, found = column >= 0.5, np.full(len(column), float(far_px))
    for y in range(len(column)):
        for before, step in ((range(y, 0, -1), -1), (range(y, len(column) - 1), 1)):
            edge = next((n for n in before if inside[n + step] != inside[n]), None)
            if edge is not None:
                found[y] = min(found[y], abs(edge - y) + _to_edge(column[edge], column[edge + step]))
    return found


def _to_edge(own: float, other: float) -> float:
    return own + other if own >= 0.5 else 2 - own - other
