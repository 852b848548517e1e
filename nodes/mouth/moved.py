# SPDX-License-Identifier: Apache-2.0
"""Where in the plate each point of the new shape lies: what an ST map says, whatever the new pixels are made of.

Jaw, chin and cheeks are read as the ground layer reads them. Lips follow the plate's own lips, each going its own way;
between parted lips the two ways are joined, since what is seen there was not in the plate.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.plan import Moved
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.warp import read_points
from ofx_lipsync.nodes.mouth.field import LIP_ROOM, Fields
from ofx_lipsync.nodes.mouth.points import LIPS_EDGE, LOWER_INNER, UPPER_INNER

JOINED = 0.004
"""Where lips touch, the one's way turns into the other's over this many face heights: a map has no cuts."""


def moved(fields: Fields, target: np.ndarray, face_height_px: float) -> Moved:
    """target: [P, 2] plate px, the control points as they should be."""
    upper, lower, lips = (target[rows].astype(np.float32) for rows in (UPPER_INNER, LOWER_INNER, LIPS_EDGE))
    return Moved(
        fields.step_px, fields.ground, *fields.lips, upper, lower, lips, float(LIP_ROOM * face_height_px)
    )  # fmt: skip


def read_from(way: Moved, region: Region) -> np.ndarray:
    """[2, H, W] float64: (x, y) plate px that each pixel of the patch's region comes from."""
    ground, upper, lower = (read_points(grid, way.step_px, region) for grid in (way.ground, way.upper, way.lower))
    own = matte(way.lips, region, feather_px=way.reach_px, erode_px=-way.reach_px)
    lips = upper + _below(way, region) * (lower - upper)
    return np.where(own > 0, ground + own * (lips - ground), ground)


def _below(way: Moved, region: Region) -> np.ndarray:
    """[H, W]: 0 on the upper lip and above, 1 on the lower one and below, even steps between."""
    corner, across = way.upper_edge[0].astype(np.float64), (way.upper_edge[-1] - way.upper_edge[0]).astype(np.float64)
    unit = across / max(float(np.linalg.norm(across)), 1e-6)
    x, y = np.arange(region.x0, region.x1) + 0.5 - corner[0], np.arange(region.y0, region.y1)[:, None] + 0.5 - corner[1]
    along, down = x * unit[0] + y * unit[1], y * unit[0] - x * unit[1]
    edges = []
    for line in (way.upper_edge, way.lower_edge):
        away = line - corner
        edges.append(np.interp(along, away @ unit, away[:, 1] * unit[0] - away[:, 0] * unit[1]))
    soft = JOINED / LIP_ROOM * way.reach_px
    middle, half = (edges[0] + edges[1]) / 2, np.maximum(edges[1] - edges[0], soft) / 2
    return np.clip((down - middle + half) / (2 * half), 0.0, 1.0)
