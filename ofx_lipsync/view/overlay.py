# SPDX-License-Identifier: Apache-2.0
"""What is drawn over a picture: face boxes, landmarks, lips as they are and as the line wants them.

All in plate pixels, x right, y down, as the analysis file has them; nothing here knows of GL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterator

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core import landmarks as mesh
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.nodes.mouth.points import LIP_ROWS

RGBA = tuple[float, float, float, float]
NAMES = ("box", "landmarks", "lips", "wanted", "matte")
BOX, OTHER = (0.20, 0.85, 0.72, 1.0), (0.65, 0.65, 0.65, 1.0)
POINTS, LIPS, WANTED = (1.0, 1.0, 1.0, 0.75), (1.0, 0.25, 0.55, 1.0), (1.0, 0.85, 0.25, 1.0)
MATTE = (0.25, 0.55, 1.0, 0.45)
BOX_MARGIN = 0.06
"""Of the face's height: the mesh ends at the brow and the cheek, a box should not."""
CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, -1), (1, 1), (-1, 1)], np.float32)
"""A square as two triangles."""


@dataclass(frozen=True)
class Stroke:
    """A closed line through `points` [N, 2], or a dot on each. colour: RGBA of the display. width_px: on the
    screen, for a picture 1080 px high."""

    points: np.ndarray
    colour: RGBA
    width_px: float
    dots: bool = False


def chosen(text: str) -> frozenset[str]:
    """Overlays by name from `box,lips`, `all` or `none`.  Raises: UsageError naming those there are."""
    if text in ("all", "none"):
        return frozenset(NAMES if text == "all" else ())
    names = text.split(",")
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise UsageError(f"--overlays: got {unknown[0]!r}, expected some of {', '.join(NAMES)}, or all, or none")
    return frozenset(names)


def strokes(analysis: Analysis, frame: int, shown: frozenset[str]) -> list[Stroke]:
    """What is known of a frame. Empty where nobody is seen."""
    return list(_strokes(analysis, frame, shown))


def _strokes(analysis: Analysis, frame: int, shown: frozenset[str]) -> Iterator[Stroke]:
    dubbed = analysis.faces.chosen_track()
    for track in analysis.faces.tracks:
        row = track.index(frame)
        if row is None:
            continue
        points = track.landmarks[row, :, :2]
        if "box" in shown:
            yield Stroke(box(points), BOX if track is dubbed else OTHER, 2.0)
        if track is dubbed:
            yield from _face(points, shown)
    row = analysis.plan.index(frame)
    if "wanted" in shown and row is not None:
        lips = analysis.plan.target[row, LIP_ROWS]
        yield from _loops(lips[: len(mesh.LIPS_OUTER)], lips[len(mesh.LIPS_OUTER) :], WANTED)


def _face(points: np.ndarray, shown: frozenset[str]) -> Iterator[Stroke]:
    if "landmarks" in shown:
        yield Stroke(points, POINTS, 1.6, dots=True)
    if "lips" in shown:
        yield from _loops(points[list(mesh.LIPS_OUTER)], points[list(mesh.LIPS_INNER)], LIPS)


def _loops(outer: np.ndarray, inner: np.ndarray, colour: RGBA) -> Iterator[Stroke]:
    yield Stroke(outer, colour, 1.6)
    yield Stroke(inner, colour, 1.2)


def box(points: np.ndarray) -> np.ndarray:
    """[4, 2] float32: corners round a face, with a margin."""
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    margin = BOX_MARGIN * (y1 - y0)
    left, right, top, bottom = x0 - margin, x1 + margin, y0 - margin, y1 + margin
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def triangles(found: list[Stroke], pixel: float, weight: float = 1.0) -> np.ndarray:
    """[V, 9] float32 vertices, three a triangle: x y in plate pixels; then, for a soft edge, where the vertex lies
    across the line or dot (2, screen pixels) and half its width; then RGBA.

    pixel: plate pixels that one screen pixel covers. weight: how much wider than said; large pictures want more.
    """
    heavy = [replace(s, width_px=s.width_px * weight) for s in found if len(s.points)]
    parts = [_dots(s, pixel) if s.dots else _lines(s, pixel) for s in heavy]
    return np.concatenate(parts) if parts else np.zeros((0, 9), np.float32)


def _dots(stroke: Stroke, pixel: float) -> np.ndarray:
    """Two triangles a dot, whose radius is the stroke's width."""
    across = np.broadcast_to(CORNERS * (stroke.width_px + 1), (len(stroke.points), 6, 2))
    return _vertices(stroke.points[:, None] + across * pixel, across, stroke, stroke.width_px)


def _lines(stroke: Stroke, pixel: float) -> np.ndarray:
    """Two triangles a piece of the loop, longer by half the width at both ends so that corners close."""
    start, half = stroke.points.astype(np.float32), stroke.width_px / 2
    way = np.roll(start, -1, axis=0) - start
    along = way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    ends, side = CORNERS[:, :1], CORNERS[:, 1:] * (half + 1)
    lengthwise = (ends + 1) / 2 * way[:, None] + ends * half * pixel * along[:, None]
    across = np.broadcast_to(np.concatenate([np.zeros_like(side), side], axis=1), (len(start), 6, 2))
    return _vertices(start[:, None] + lengthwise + normal[:, None] * side * pixel, across, stroke, half)


def _vertices(places: np.ndarray, across: np.ndarray, stroke: Stroke, half: float) -> np.ndarray:
    rest = np.broadcast_to(np.array([half, *stroke.colour], np.float32), (*places.shape[:2], 5))
    return np.concatenate([places, across, rest], axis=2).reshape(-1, 9).astype(np.float32)
