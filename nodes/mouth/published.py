# SPDX-License-Identifier: Apache-2.0
"""A mouth by a public checkpoint of the published layout: the lower face whole, from the sound, at 96 px.

Its own preprocessing decides what it must see: the box of its face detector squeezed into 96 x 96, display-encoded,
blue first, the lower half blank beside the frame itself. What comes back is the difference to that small picture,
added to the plate's display values, so that pores and grain stay, and highlights and negatives are not clamped.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import MouthPlan, Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.nodes.mouth.field import lower_face, touched
from ofx_lipsync.nodes.mouth.layers import premultiplied
from ofx_lipsync.nodes.mouth.neural import EYES, inverse, shifted, through
from ofx_lipsync.nodes.mouth.points import JAW_ROWS, LIPS_EDGE, NOSE_BASE_ROW, OUTLINE, TOP

LAYOUT = "wav2lip"
SIDE_PX = 96
BLANK_FROM = SIDE_PX // 2
HIGH, WIDE = 1.03, 0.82
"""The box in face heights: S3FD's boxes reach from the forehead to just below the chin and from cheek to cheek, higher
than wide, and were squeezed square. On a mean face (core/pose.py) this is 0.03 below the hairline to 0.03 below the
chin, and 0.01 beside each cheek."""
NOSE_BASE = 0.57
"""The nose base lies at this share of the box's height, so that no jaw makes the box pump."""
GROWN, SOFT = 0.02, 0.08
"""The matte reaches so far beyond jaw and cheeks, in face heights, and fades over so much: a jaw may drop."""
RIM = 0.06
"""It fades over this share of the box's height towards its rim and its blank half's upper edge."""
LIPS_FADE, FINE = 0.03, 0.25
"""Round the old lips, in face heights, their fine edges go, or they would show through the new mouth as a ghost: up to
this much of the display's range, since what differs more is a light."""
CHEEKS_TO = 0.75 * SIDE_PX
"""Blend compares colours on the cheeks, outside the folds and above this row. Below, a chin drops or rises, and what is
new there would be taken for a wrong colour: a shut chin over an open one went pink."""


class Network(Protocol):
    def make(self, heard: np.ndarray, face: np.ndarray) -> np.ndarray:
        """[3, 96, 96] for mel [80, 16] and faces [6, 96, 96]."""
        ...


def region_of(plan: MouthPlan, row: int) -> Region:
    """All that `paint` reads of the plate, and where its patch has pixels."""
    here, height_px = plan.here[row].astype(np.float64), float(plan.face_height_px[row])
    box = Region.around(through(box_matrix(here, height_px), CORNERS), 2 + 2 * height_px / SIDE_PX)
    return touched(lower_face(here, here, height_px), here, height_px).union(box)


CORNERS = np.array([[0.0, 0.0], [SIDE_PX, 0.0], [SIDE_PX, SIDE_PX], [0.0, SIDE_PX]])
LOWER_CORNERS = np.array([[0.0, BLANK_FROM], [SIDE_PX, BLANK_FROM], [SIDE_PX, SIDE_PX], [0.0, SIDE_PX]])


def box_matrix(points: np.ndarray, face_height_px: float) -> np.ndarray:
    """[2, 3] float64: px of the network's picture to those of control points [P, 2]; upright to the eyes."""
    across = points[EYES[2:]].mean(axis=0) - points[EYES[:2]].mean(axis=0)
    across = across / np.linalg.norm(across)
    turn = np.stack([WIDE * across, HIGH * np.array([-across[1], across[0]])], axis=1) * (face_height_px / SIDE_PX)
    offset = points[NOSE_BASE_ROW] - turn @ np.array([SIDE_PX / 2, NOSE_BASE * SIDE_PX])
    return np.concatenate([turn, offset[:, None]], axis=1)


def paint(
    plate: Clip, frame: int, plan: MouthPlan, row: int, strength: float, network: Network, heard: np.ndarray
) -> Patch | None:
    """The patch of a frame, None where the mouth is outside the data window. heard: [80, 16] of the line's mel.

    The lower face is one layer; nothing of the plate is moved under it.
    """
    here, height_px = plan.here[row].astype(np.float64), float(plan.face_height_px[row])
    region = region_of(plan, row)
    inside = region.intersect(plate.window(frame))
    if Region.around(here[LIPS_EDGE]).intersect(inside).is_empty:
        return None
    own = plate.crop(frame, inside)
    amount = strength * float(plan.strength[row])
    matrix = box_matrix(here, height_px)
    window = inside.slices_in(region)
    alpha = np.zeros(region.shape, np.float32)
    layer = repainted(own, here, matrix, height_px, network, heard, amount)
    alpha[window] = lower_matte(here, matrix, height_px, inside)
    empty = np.zeros((4, *region.shape), np.float32)
    nothing = Image(empty, region, own.display, ("R", "G", "B", "A"), own.colour, True)
    outline = face_outline(here)
    return Patch(
        premultiplied(layer, inside, alpha, region, own), nothing, outline, _cheeks(here, matrix, height_px, region),
        float(plan.confidence[row]), height_px,
    )  # fmt: skip


def repainted(
    own: Image, here: np.ndarray, matrix: np.ndarray, height_px: float, network: Network, heard: np.ndarray,
    amount: float,
) -> np.ndarray:  # fmt: skip
    """[3, h, w]: the plate's own pixels with `amount` of what the network would change, scene-linear."""
    region = own.region
    light = displayed(own.pixels)
    shown = np.clip(np.nan_to_num(light, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    seen = crop(shown, shifted(matrix, region), (SIDE_PX, SIDE_PX), outside="hold")
    difference = network.make(heard, faces(seen))[::-1] - seen
    back = inverse(matrix)
    corner = through(back, np.array([[float(region.x0), float(region.y0)]]))[0]
    placed = np.concatenate([back[:, :2], corner[:, None]], axis=1)
    large = crop(np.concatenate([difference, seen]), placed, region.shape, filter="cubic", outside="hold")
    lips = here[LIPS_EDGE].astype(np.float32)
    old = matte(lips, region, feather_px=LIPS_FADE * height_px, erode_px=-LIPS_FADE * height_px)
    with np.errstate(invalid="ignore"):
        fine = np.clip(np.nan_to_num(light - large[3:], nan=0.0, posinf=0.0, neginf=0.0), -FINE, FINE)
        return linear(light + np.float32(amount) * (large[:3] - old * fine))


def faces(seen: np.ndarray) -> np.ndarray:
    """[6, 96, 96] BGR: the face without its lower half, then the whole. seen: [3, 96, 96] RGB, 0..1."""
    whole = seen[::-1]
    blank = whole.copy()
    blank[:, BLANK_FROM:] = 0
    return np.concatenate([blank, whole])


def face_outline(here: np.ndarray) -> np.ndarray:
    """[Q, 2] float32: round the jaw from cheekbone to cheekbone, and over cheeks and nose tip."""
    return here[np.concatenate([JAW_ROWS, TOP])].astype(np.float32)


def lower_matte(here: np.ndarray, matrix: np.ndarray, height_px: float, region: Region) -> np.ndarray:
    """[H, W]: the lower face, within the half of the box that the network had to fill."""
    half = through(matrix, LOWER_CORNERS).astype(np.float32)
    filled = matte(half, region, feather_px=RIM * HIGH * height_px)
    return filled * matte(face_outline(here), region, feather_px=SOFT * height_px, erode_px=-GROWN * height_px)


def _cheeks(here: np.ndarray, matrix: np.ndarray, height_px: float, region: Region) -> np.ndarray:
    """[H, W]: skin that no mouth moves far."""
    corners = np.array([[0.0, BLANK_FROM], [SIDE_PX, BLANK_FROM], [SIDE_PX, CHEEKS_TO], [0.0, CHEEKS_TO]])
    soft_px = LIPS_FADE * height_px
    band = matte(through(matrix, corners).astype(np.float32), region, feather_px=soft_px)
    mouth = matte(here[OUTLINE].astype(np.float32), region, feather_px=soft_px, erode_px=-soft_px)
    return band * (1 - mouth) * matte(face_outline(here), region, feather_px=soft_px)


def displayed(light: np.ndarray) -> np.ndarray:
    """sRGB's curve (IEC 61966-2-1) of scene-linear values, going on above 1, and the same below 0 with its sign."""
    size = np.abs(light)
    curved = 1.055 * np.maximum(size, np.float32(0.0031308)) ** np.float32(1 / 2.4) - 0.055
    return np.copysign(np.where(size <= 0.0031308, 12.92 * size, curved), light).astype(np.float32)


def linear(shown: np.ndarray) -> np.ndarray:
    """The inverse of displayed."""
    size = np.abs(shown)
    curved = ((np.maximum(size, np.float32(0.04045)) + 0.055) / 1.055) ** np.float32(2.4)
    return np.copysign(np.where(size <= 0.04045, size / 12.92, curved), shown).astype(np.float32)
