# SPDX-License-Identifier: Apache-2.0
"""One frame's pixels: the plate's jaw and cheeks moved, and a library mouth brought to the same shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import PLATE, MouthPlan, Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.warp import grid_points, warp
from ofx_lipsync.nodes.mouth import spline
from ofx_lipsync.nodes.mouth.points import JAW_ROWS, LIPS_EDGE, LOWER_INNER, OUTLINE, STILL_ROWS, UPPER_INNER

REACH = 0.10
"""The mouth layer has pixels this far beyond its outline, in face heights, for a wide feather."""
NECK = 1.4
"""The plate holds still on the jaw line pushed this many times away from the middle of the face."""
STIFFNESS = 2e-4
PARTED = 0.006
"""Lips are kept this far apart when the field is solved: two points on one spot would tear it."""
STEP_PX = 8
EASES_IN = 0.3
"""Strength from which the library mouth hides the plate's: below, both have nearly one shape and may be seen through."""
STILL_PX, MOVED_PX = 0.03, 0.3
"""The ground shows where it moved: not at all up to STILL_PX, wholly from STILL_PX + MOVED_PX."""


def source_region(points: np.ndarray) -> Region:
    """What a library frame must give for a mouth with control points [P, 2]: its outline and a third of its size."""
    outline = points[OUTLINE]
    return Region.around(outline, 0.35 * float(np.ptp(outline, axis=0).max()))


def paint(plate: Clip, frame: int, reel: Clip | None, plan: MouthPlan, row: int, strength: float) -> Patch:
    """Both layers for a frame of the plan; strength: 0..1, of the params."""
    height_px = float(plan.face_height_px[row])
    amount = strength * float(plan.strength[row])
    here = plan.here[row].astype(np.float64)
    target = here + amount * (plan.target[row] - here)
    used = range(2 if plan.cross[row] > 0 else 1)
    found = fields(here, target, [plan.source[row, i].astype(np.float64) for i in used], height_px)
    region, step = found.region, found.step_px
    own = plate.crop(frame, region)
    outline = target[OUTLINE].astype(np.float32)
    reach_px = REACH * height_px
    window = Region.around(outline, reach_px).intersect(region)
    mouth = np.zeros((4, *region.shape), np.float32)
    rows, columns = window.slices_in(region)
    shares = (1 - plan.cross[row], plan.cross[row])
    for i in used:
        clip = plate if plan.source_clip[row, i] == PLATE else reel
        part = clip.crop(int(plan.source_frame[row, i]), source_region(plan.source[row, i]))
        corner = (part.region.x0, part.region.y0)
        mouth[:3, rows, columns] += shares[i] * warp(
            part.pixels, found.mouths[i], step, region, window=window, origin=corner
        )
    alpha = matte(outline, region, feather_px=reach_px / 2, erode_px=-reach_px) * np.float32(_eased(amount / EASES_IN))
    mouth[3] = alpha
    mouth[:3] = np.where(alpha > 0, mouth[:3] * alpha, 0)
    ground = np.zeros_like(mouth)
    ground[3] = _upsampled(_eased((found.moved - STILL_PX) / MOVED_PX), step, region)
    ground[:3] = np.where(
        ground[3] > 0, warp(own.pixels, found.ground, step, region, origin=(region.x0, region.y0)) * ground[3], 0
    )
    skin = matte(outline, region, feather_px=0.06 * height_px, erode_px=-0.02 * height_px)
    lips = matte(target[LIPS_EDGE].astype(np.float32), region, feather_px=0.03 * height_px, erode_px=-0.04 * height_px)
    confidence = float(plan.confidence[row])
    rgba = {"channels": ("R", "G", "B", "A"), "colour": own.colour, "premult": True}
    return Patch(
        Image(mouth, region, own.display, **rgba), Image(ground, region, own.display, **rgba),
        outline, skin * (1 - lips), confidence, height_px,
    )  # fmt: skip


def _upsampled(values: np.ndarray, step_px: int, region: Region) -> np.ndarray:
    """[H, W] float32: a grid of node values, straight between the nodes, at pixel centres."""

    def weights(count: int, nodes: int) -> np.ndarray:
        at = (np.arange(count) + 0.5) / step_px
        return np.maximum(1 - np.abs(at[:, None] - np.arange(nodes)[None]), 0).astype(np.float32)

    height, width = region.shape
    return weights(height, values.shape[0]) @ values.astype(np.float32) @ weights(width, values.shape[1]).T


def _eased(t: np.ndarray | float) -> np.ndarray:
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class Fields:
    """Where each layer reads, on a coarse grid. region: what the grid covers. ground: [2, gh, gw] into the plate itself,
    moved: [gh, gw] how far, in px. mouths: one [2, gh, gw] into each library frame."""

    region: Region
    step_px: int
    ground: np.ndarray
    moved: np.ndarray
    mouths: list[np.ndarray]


def fields(here: np.ndarray, target: np.ndarray, sources: list[np.ndarray], face_height_px: float) -> Fields:
    """here, target: [P, 2] plate px. sources: [P, 2] each, px of their own frames."""
    ring = _neck(target)
    region = Region.around(np.concatenate([target[OUTLINE], ring]), 0.02 * face_height_px)
    step = max(2, round(STEP_PX * min(1.0, face_height_px / 400)))
    nodes = grid_points(step, region).astype(np.float64)
    shape = nodes.shape[1:]
    flat = nodes.reshape(2, -1).T
    centre = target[STILL_ROWS].mean(axis=0)
    wanted = _parted(target, face_height_px)
    knots = (np.concatenate([wanted, ring]) - centre) / face_height_px
    at = (flat - centre) / face_height_px
    still = np.zeros_like(ring)
    values = [np.concatenate([(here - target) / face_height_px, still])]
    plans = [_similarity(target[STILL_ROWS], s[STILL_ROWS]) for s in sources]
    for source, (matrix, offset) in zip(sources, plans, strict=True):
        unit = np.sqrt(abs(np.linalg.det(matrix)))
        rest = _parted(source, face_height_px * unit) - (wanted @ matrix.T + offset)
        values.append(np.concatenate([rest / face_height_px, still]))
    weights = spline.solve(knots, np.concatenate(values, axis=1), STIFFNESS)
    moved = spline.evaluate(at, spline.radial(at, knots), weights) * face_height_px
    fall = _fall(flat, region, 0.06 * face_height_px)[:, None]
    ground = moved[:, :2] * fall
    mouths = [flat @ m.T + o + moved[:, 2 * i + 2 : 2 * i + 4] for i, (m, o) in enumerate(plans)]
    return Fields(
        region, step, _grid(flat + ground, shape), np.linalg.norm(ground, axis=1).reshape(shape),
        [_grid(m, shape) for m in mouths],
    )  # fmt: skip


def _grid(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.ascontiguousarray(points.T.reshape(2, *shape).astype(np.float32))


def _neck(target: np.ndarray) -> np.ndarray:
    """[R, 2]: points round the lower face that hold the background and the neck."""
    middle = target[STILL_ROWS].mean(axis=0)
    return middle + NECK * (target[JAW_ROWS] - middle)


def _parted(points: np.ndarray, face_height_px: float) -> np.ndarray:
    """The points with the inner lips at least PARTED from each other, the same way on both sides of a field."""
    upper, lower = points[UPPER_INNER[1:-1]], points[LOWER_INNER[1:-1]]
    down = points[LOWER_INNER[5]] * 0 + _down(points)
    gap = (lower - upper) @ down
    push = np.maximum(PARTED * face_height_px - gap, 0.0)[:, None] * down / 2
    out = points.astype(np.float64).copy()
    out[UPPER_INNER[1:-1]] -= push
    out[LOWER_INNER[1:-1]] += push
    return out


def _down(points: np.ndarray) -> np.ndarray:
    """[2]: the face's own down, from between the eyes to the nose base."""
    eyes = points[STILL_ROWS][8:12].mean(axis=0)
    way = points[STILL_ROWS][0] - eyes
    return way / np.linalg.norm(way)


def _similarity(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix [2, 2] and offset [2] with b = matrix @ a + offset in the least squares."""
    ca, cb = a.mean(axis=0), b.mean(axis=0)
    x, y = (a - ca).astype(np.float64), (b - cb).astype(np.float64)
    power = (x**2).sum()
    cos = (x * y).sum() / power
    sin = (x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum() / power
    matrix = np.array([[cos, -sin], [sin, cos]])
    return matrix, cb - matrix @ ca


def _fall(points: np.ndarray, region: Region, width_px: float) -> np.ndarray:
    """[Q]: 1 inside, 0 at the region's edge, smooth between."""
    edge = np.minimum(
        np.minimum(points[:, 0] - region.x0, region.x1 - points[:, 0]),
        np.minimum(points[:, 1] - region.y0, region.y1 - points[:, 1]),
    )
    t = np.clip((edge - 1) / width_px, 0.0, 1.0)
    return t * t * (3 - 2 * t)
