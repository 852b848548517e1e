# SPDX-License-Identifier: Apache-2.0
"""The fields that carry pixels to the wanted shape: one thin-plate solve a frame, read on a coarse grid.

All fields share the same knots, the control points where they should be, so that the plate's own skin and the library
mouth meet wherever the matte is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.warp import grid_points
from ofx_lipsync.nodes.mouth import spline
from ofx_lipsync.nodes.mouth.points import (
    COUNT,
    FACE_EDGE,
    JAW_ROWS,
    LIPS_EDGE,
    LOWER_INNER,
    OUTLINE,
    STILL_ROWS,
    TOP,
    UPPER_INNER,
)  # fmt: skip

BESIDE, BELOW = 0.06, 0.15
"""The plate holds still this far outside the face, in face heights: hair, ears and background beside it sooner than the
neck below the chin, which a jaw covers and uncovers. Further, a collar would be seen to breathe."""
RIM = 0.03
"""The edge of what may move is soft over this much, in face heights, and nothing moves there."""
REACH = 0.10
"""The mouth layer has pixels this far beyond its outline, in face heights, for a wide feather."""
STILL_PX, MOVED_PX = 0.03, 0.3
"""The plate does not move at all where it should by up to STILL_PX, and as it should from STILL_PX + MOVED_PX."""
STIFFNESS = 2e-4
PARTED = 0.006
"""Lips are kept this far apart where one field serves both: two points on one spot would tear it."""
NODES = 40
"""Grid nodes in a face height: far closer than control points lie, whatever the size of the face."""
INSET = 0.014
"""In face heights, how wide the rim of tooth along a tracked lip may be."""
RULER = 3.4
"""Face heights in the way from between the eyes to the nose base."""
LIP_ROOM = 0.06
"""Round the lips, in face heights, the upper and the lower lip have fields of their own."""


@dataclass(frozen=True)
class MouthMap:
    """Where a library frame is read, [2, gh, gw] each. whole: skin, both lips and what is between, as one sheet.
    upper, lower: the same, but each lip goes its own way, so that lips can part and meet. skull: with the head, for
    upper teeth."""

    whole: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    skull: np.ndarray


@dataclass(frozen=True)
class Fields:
    """region: what the grids cover, a node every step_px. ground: [2, gh, gw] into the plate itself; lips: the same
    for the upper and the lower lip, each going its own way. edge: [E, 2] plate
    px, on and beyond which the ground holds still. mouths: into each library frame."""

    region: Region
    step_px: int
    ground: np.ndarray
    lips: tuple[np.ndarray, np.ndarray]
    edge: np.ndarray
    mouths: list[MouthMap]


def touched(edge: np.ndarray, target: np.ndarray, face_height_px: float) -> Region:
    """All that a frame's layers may change. edge: as `lower_face` gives it."""
    return Region.around(edge, 1).union(Region.around(target[OUTLINE], REACH * face_height_px))


def solve_fields(here: np.ndarray, target: np.ndarray, sources: list[np.ndarray], face_height_px: float) -> Fields:
    """here, target: [P, 2] plate px. sources: [P, 2] each, px of their own frames."""
    ring = _neck(target, face_height_px)
    edge = lower_face(here, target, face_height_px)
    region = touched(edge, target, face_height_px)
    step = max(2, round(face_height_px / NODES))
    nodes = grid_points(step, region).astype(np.float64)
    at = nodes.reshape(2, -1).T
    heads = [similarity(target[STILL_ROWS], source[STILL_ROWS]) for source in sources]
    moves = [np.concatenate([here - target, np.zeros_like(ring)])]
    for source, (matrix, offset) in zip(sources, heads, strict=True):
        moves.append(np.concatenate([source - (target @ matrix.T + offset), np.zeros_like(ring)]))
    knots = np.concatenate([target, ring])
    near = _near(at, target[LIPS_EDGE], LIP_ROOM * face_height_px + 3 * step)
    inset = [np.zeros(2)] + [_inset(source, target) for source in sources]
    moved = _moves(at, near, knots, np.concatenate(moves, axis=1), np.concatenate(inset), face_height_px)
    held = _on_the_face(at, target, face_height_px) * _inside(at, edge, face_height_px)
    ground = _settled(moved[0][:, :2] * held[:, None])
    shape = nodes.shape[1:]
    mouths = []
    for i, (matrix, offset) in enumerate(heads):
        skull = at @ matrix.T + offset
        whole, upper, lower = (_grid(skull + move[:, 2 * i + 2 : 2 * i + 4], shape) for move in moved)
        mouths.append(MouthMap(whole, upper, lower, _grid(skull, shape)))
    lips = _grid(at + moved[1][:, :2], shape), _grid(at + moved[2][:, :2], shape)
    return Fields(region, step, _grid(at + ground, shape), lips, edge.astype(np.float32), mouths)


def _inset(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """[2] px of the library frame, towards its chin: how much further into each lip its inner edge is read.

    Where lips close over teeth that showed, tracked edges carry a rim of tooth that would shine between shut lips.
    """
    height_px = RULER * float(np.linalg.norm(source[STILL_ROWS][8:12].mean(axis=0) - source[STILL_ROWS][0]))
    return shut_over_teeth(source, target, height_px) * INSET * height_px * _down(source)


def shut_over_teeth(source: np.ndarray, target: np.ndarray, source_height_px: float) -> float:
    """0..1: how far lips that were open on the library frame are asked to shut."""
    closing = min(max(1 - gap_px(target) / max(gap_px(source), 1e-6), 0.0), 1.0)
    return closing * min(gap_px(source) / source_height_px / (2 * INSET), 1.0)


def _moves(
    at: np.ndarray, near: np.ndarray, knots: np.ndarray, moves: np.ndarray, inset: np.ndarray, face_height_px: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[Q, D] px at points [Q, 2], three times: for both lips as one sheet, for the upper lip, for the lower one.

    Beyond `near` [Q] the three are the same.
    """
    centre = knots[:COUNT].mean(axis=0)
    unit = (knots - centre) / face_height_px
    places = (at - centre) / face_height_px
    upper, lower = UPPER_INNER[1:-1], LOWER_INNER[1:-1]
    whole_knots, whole_moves = _parted(unit, moves, knots)
    basis = spline.radial(places, whole_knots)
    whole = spline.evaluate(places, basis, spline.solve(whole_knots, whole_moves, STIFFNESS))
    result = [whole]
    for lip, other, way in ((upper, lower, -inset), (lower, upper, inset)):
        kept = np.setdiff1d(np.arange(len(knots)), other)
        own = moves.copy()
        own[lip] += way
        weights = spline.solve(unit[kept], own[kept], STIFFNESS)
        one = whole.copy()
        one[near] = spline.evaluate(places[near], spline.radial(places[near], unit[kept]), weights)
        result.append(one)
    return result[0], result[1], result[2]


def _parted(unit: np.ndarray, moves: np.ndarray, knots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knots in face heights with the inner lips at least PARTED from each other, and the moves that go with them.

    Lips that touch share a spot with two moves; there both take the mean of the two, as much as they touch.
    """
    upper, lower = UPPER_INNER[1:-1], LOWER_INNER[1:-1]
    down = _down(knots)
    gap = (unit[lower] - unit[upper]) @ down
    short = np.maximum(PARTED - gap, 0.0)[:, None]
    unit, moves = unit.copy(), moves.copy()
    unit[upper] -= short * down / 2
    unit[lower] += short * down / 2
    touch = short / PARTED / 2
    moves[upper], moves[lower] = (
        moves[upper] + touch * (moves[lower] - moves[upper]),
        moves[lower] + touch * (moves[upper] - moves[lower]),
    )
    return unit, moves


def gap_px(points: np.ndarray) -> float:
    """How far the inner lips are apart in the middle."""
    return float(np.linalg.norm(points[LOWER_INNER[4:7]] - points[UPPER_INNER[4:7]], axis=1).mean())


def _grid(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.ascontiguousarray(points.T.reshape(2, *shape).astype(np.float32))


def _neck(target: np.ndarray, face_height_px: float) -> np.ndarray:
    """[R, 2]: points outside the jaw that hold the background and the neck."""
    jaw, middle = target[JAW_ROWS], target[STILL_ROWS].mean(axis=0)
    out = jaw - middle
    return jaw + out / np.linalg.norm(out, axis=1, keepdims=True) * _room(jaw, target, face_height_px)[:, None]


def _room(at: np.ndarray, target: np.ndarray, face_height_px: float) -> np.ndarray:
    """[Q] px: how far outside the face the plate may move at points [Q, 2]."""
    middle, chin = target[STILL_ROWS].mean(axis=0), target[JAW_ROWS[8]]
    down = _down(target)
    t = np.clip((at - middle) @ down / ((chin - middle) @ down) * 2 - 1, 0.0, 1.0)
    return (BESIDE + (BELOW - BESIDE) * t * t * (3 - 2 * t)) * face_height_px


def _on_the_face(at: np.ndarray, target: np.ndarray, face_height_px: float) -> np.ndarray:
    """[Q]: 1 on the face, falling to 0 over the room outside its edge."""
    edge = target[FACE_EDGE]
    outside = _distance_outside(at, edge)
    t = np.clip(1 - outside / _room(at, target, face_height_px), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def lower_face(here: np.ndarray, target: np.ndarray, face_height_px: float) -> np.ndarray:
    """[E, 2] plate px: one plain shape from the cheekbones round the jaw and a stretch of neck, wherever it moves.

    The chin as it is and as it will be weigh alike, so that the shape moves half as much as either.
    """
    jaw = (here[JAW_ROWS] + target[JAW_ROWS]) / 2
    loop = np.concatenate([jaw, target[TOP]])
    out = loop - loop.mean(axis=0)
    room = np.zeros(len(loop))
    room[: len(jaw)] = _room(jaw, target, face_height_px)
    return loop + out / np.linalg.norm(out, axis=1, keepdims=True) * (room + RIM * face_height_px)[:, None]


def _inside(at: np.ndarray, edge: np.ndarray, face_height_px: float) -> np.ndarray:
    """[Q]: 0 on the edge, beyond it and up to a rim within, 1 from there on as far again as the plate moves beside."""
    inward = _distance_outside(at, edge, within=True)
    t = np.clip((inward / face_height_px - RIM) / BESIDE, 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _settled(moves: np.ndarray) -> np.ndarray:
    """[Q, 2] px: moves too small to see become none: resampled for nothing, skin would lose its texture and shimmer."""
    far = np.linalg.norm(moves, axis=1, keepdims=True)
    t = np.clip((far - STILL_PX) / MOVED_PX, 0.0, 1.0)
    return moves * (t * t * (3 - 2 * t))


def _distance_outside(at: np.ndarray, loop: np.ndarray, within: bool = False) -> np.ndarray:
    """[Q] px: how far points [Q, 2] lie outside a closed loop [E, 2], and 0 inside; or `within` it, and 0 outside."""
    start, way = loop, np.roll(loop, -1, axis=0) - loop
    offset = at[:, None] - start[None]
    along = np.clip((offset * way).sum(axis=2) / np.maximum((way**2).sum(axis=1), 1e-12), 0.0, 1.0)
    nearest = np.linalg.norm(offset - along[..., None] * way, axis=2).min(axis=1)
    level = (loop[None, :, 1] > at[:, None, 1]) != (np.roll(loop[:, 1], -1)[None] > at[:, None, 1])
    slope = np.divide(way[:, 0], way[:, 1], out=np.zeros(len(way)), where=way[:, 1] != 0)
    right = start[None, :, 0] + (at[:, None, 1] - start[None, :, 1]) * slope > at[:, None, 0]
    return np.where(((level & right).sum(axis=1) % 2 == 1) == within, nearest, 0.0)


def _down(points: np.ndarray) -> np.ndarray:
    """[2]: the face's own down, from between the eyes to the nose base."""
    still = points[STILL_ROWS.start : STILL_ROWS.stop]
    way = still[0] - still[8:12].mean(axis=0)
    return way / np.linalg.norm(way)


def similarity(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix [2, 2] and offset [2] with b = matrix @ a + offset in the least squares."""
    ca, cb = a.mean(axis=0), b.mean(axis=0)
    x, y = a - ca, b - cb
    power = (x**2).sum()
    cos = (x * y).sum() / power
    sin = (x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum() / power
    matrix = np.array([[cos, -sin], [sin, cos]])
    return matrix, cb - matrix @ ca


def _near(points: np.ndarray, around: np.ndarray, margin_px: float) -> np.ndarray:
    """[Q] bool: points within the box round others and a margin."""
    low, high = around.min(axis=0) - margin_px, around.max(axis=0) + margin_px
    return ((points >= low) & (points <= high)).all(axis=1)
