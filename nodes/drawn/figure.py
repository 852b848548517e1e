# SPDX-License-Identifier: Apache-2.0
"""The whole character at one moment: head, eyes, brows, mouth, from back to front."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.kernels.over import over
from ofx_lipsync.media.drawing import Drawing, placed
from ofx_lipsync.media.mouth_set import MouthSet

EYES = ("eyes_open", "eyes_half", "eyes_closed")


@dataclass(frozen=True)
class Placing:
    """Where the mouth goes. x, y: moved by a share of the canvas height. turn_deg: clockwise, round its middle."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    turn_deg: float = 0.0


def behind(mouths: MouthSet, expression: str, eyes: int, lift_px: int) -> list[Drawing]:
    """Drawings under the mouth, from the back. eyes: 0 open, 1 half, 2 closed. lift_px: how far brows are raised."""
    found = [mouths.part("head", expression), _eyes(mouths, expression, eyes), mouths.part("brows", expression)]
    if found[2] is not None and lift_px:
        found[2] = Drawing(found[2].pixels, found[2].region.shift(0, -lift_px))
    return [drawing for drawing in found if drawing is not None]


def _eyes(mouths: MouthSet, expression: str, eyes: int) -> Drawing | None:
    """As they are wanted, or as the set has them."""
    return next((d for name in EYES[eyes::-1] if (d := mouths.part(name, expression)) is not None), None)


def stacked(drawings: list[Drawing], canvas: Region, onto: np.ndarray | None = None) -> np.ndarray:
    """[4, H, W] of the canvas, premultiplied: each over those before it, and all over `onto`, which is not changed."""
    planes = np.zeros((4, *canvas.shape), np.float32) if onto is None else onto.copy()
    for drawing in drawings:
        inside = drawing.region.intersect(canvas)
        if not inside.is_empty:
            rows, columns = inside.slices_in(canvas)
            planes[:, rows, columns] = over(placed(drawing, inside), planes[:, rows, columns])
    return planes


def moved(drawing: Drawing, mouths: MouthSet, placing: Placing) -> Drawing:
    """The mouth where it is wanted; whole pixels are moved and not filtered."""
    canvas, middle = mouths.canvas, mouths.mouth_region
    dx, dy = placing.x * canvas.height, placing.y * canvas.height
    if placing.scale == 1 and placing.turn_deg == 0 and dx == round(dx) and dy == round(dy):
        return Drawing(drawing.pixels, drawing.region.shift(round(dx), round(dy)))
    cx, cy = (middle.x0 + middle.x1) / 2, (middle.y0 + middle.y1) / 2
    turn = math.radians(placing.turn_deg)
    cos, sin = math.cos(turn) * placing.scale, math.sin(turn) * placing.scale
    forward = np.array([[cos, -sin], [sin, cos]])
    region = drawing.region
    corners = np.array([[x, y] for x in (region.x0, region.x1) for y in (region.y0, region.y1)], float)
    there = (corners - (cx, cy)) @ forward.T + (cx + dx, cy + dy)
    box = Region.around(there, margin_px=2)
    back = np.linalg.inv(forward)
    shift = np.array([cx, cy]) - back @ np.array([cx + dx, cy + dy]) - np.array([region.x0, region.y0])
    matrix = np.concatenate([back, shift[:, None]], axis=1)
    return Drawing(crop(drawing.pixels, matrix, box.shape, out_origin=(box.x0, box.y0)), box)
