# SPDX-License-Identifier: Apache-2.0
"""One frame's pixels: the plate's jaw and cheeks moved, and a library mouth brought to the same shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ofx_lipsync.core.choice import keep_only
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import PLATE, REEL, MouthPlan, Patch
from ofx_lipsync.core.region import Region, bands
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.warp import warp
from ofx_lipsync.nodes.mouth.field import REACH, RIM, Fields, lower_face, solve_fields, touched
from ofx_lipsync.nodes.mouth.finisher import Finisher, widest
from ofx_lipsync.nodes.mouth.lips import how_built, made_up, mouth_pixels, unlike
from ofx_lipsync.nodes.mouth.moved import moved
from ofx_lipsync.nodes.mouth.points import LIPS_EDGE, OUTLINE, STILL_ROWS

EASES_IN = 0.3
"""Strength from which the library mouth hides the plate's: below, both have nearly one shape and may mix."""

FASTEST = 0.4
"""A head that moves further in a frame, in face heights, is another head."""


def source_region(points: np.ndarray) -> Region:
    """What a library frame must give for a mouth with control points [P, 2]: its outline and a third of its size."""
    outline = points[OUTLINE]
    return Region.around(outline, 0.35 * float(np.ptp(outline, axis=0).max()))


def region_of(plan: MouthPlan, row: int, strength: float) -> Region:
    """Where `paint` has pixels for a frame of the plan: of a patch all but the pixels."""
    height_px = float(plan.face_height_px[row])
    here, target = _shapes(plan, row, strength * float(plan.strength[row]))
    return touched(lower_face(here, target, height_px), target, height_px)


def paint(
    plate: Clip, frame: int, reel: Clip | None, plan: MouthPlan, row: int, strength: float,
    finisher: Finisher | None = None,
) -> Patch | None:  # fmt: skip
    """Both layers for a frame of the plan, None where the mouth is outside the data window; strength: of the params.
    finisher: mends the mouth with a network, where one is asked for.

    Nothing is read from outside a data window: warps hold its border instead, or a chin at the edge turned black.
    """
    height_px = float(plan.face_height_px[row])
    amount = strength * float(plan.strength[row])
    here, target = _shapes(plan, row, amount)
    used = range(2 if plan.cross[row] > 0 else 1)
    sources = [plan.source[row, i].astype(np.float64) for i in used]
    fields = solve_fields(here, target, sources, height_px)
    region = fields.region
    inside = region.intersect(plate.window(frame))
    if Region.around(target[LIPS_EDGE]).intersect(inside).is_empty:
        return None
    own = plate.crop(frame, inside)
    outline = target[OUTLINE].astype(np.float32)
    skin = _skin(outline, target, region, height_px)
    tone = _tone(own.pixels, skin[inside.slices_in(region)])
    window = Region.around(outline, REACH * height_px).intersect(region)
    mixed: Any
    mixed, built, apart = np.float32(0), 0.0, 0.0
    made = np.zeros(region.shape, np.float32)
    rows, columns = window.slices_in(region)
    for i, share in zip(used, (1 - plan.cross[row], plan.cross[row]), strict=False):
        part = _library_mouth(plate, reel, plan, row, i)
        poverty = float(plan.built[row])
        own_mouth = mouth_pixels(part, sources[i], target, fields.mouths[i], fields, window, tone, height_px, poverty)
        mixed = own_mouth if len(used) == 1 else mixed + share * own_mouth
        made[rows, columns] += share * made_up(sources[i], target, window, height_px, poverty)
        built += float(share) * float(how_built(sources[i], target, height_px, poverty))
        apart += float(share) * unlike(sources[i], target, height_px)
    if finisher is not None and (mended := finisher.amount(built, apart)) > 0:
        known = widest(plan)
        part = _library_mouth(plate, reel, plan, *known)
        mixed = finisher.finish(mixed, window, target, sources[0], height_px, mended, built, part, plan.source[known])
    reach_px = REACH * height_px
    alpha = _matte_near(outline, region, reach_px / 2, -reach_px) * np.float32(_eased(amount / EASES_IN))
    return Patch(
        premultiplied(mixed, window, alpha, region, own),
        _ground(own, fields, height_px),
        outline,
        skin,
        float(plan.confidence[row]),
        height_px,
        made,
        motion=_unsmeared(plan, row),
        moved=moved(fields, target, height_px),
    )


def head_motion(plan: MouthPlan, row: int) -> np.ndarray:
    """[2] px a frame: how the head moves in a row of the plan, by its neighbours; none beside a cut or a gap."""
    near = [n for n in (row - 1, row + 1) if 0 <= n < len(plan.frames) and abs(plan.frames[n] - plan.frames[row]) == 1]
    here = plan.here[row][STILL_ROWS].astype(np.float64)
    steps = [(plan.here[n][STILL_ROWS] - here).mean(axis=0) * (n - row) for n in near]
    most_px = FASTEST * float(plan.face_height_px[row])
    steps = [step for step in steps if np.hypot(*step) < most_px]
    return np.mean(steps, axis=0) if steps else np.zeros(2)


def _unsmeared(plan: MouthPlan, row: int) -> np.ndarray:
    """[2] px a frame: the head's motion less, as blurs add, that of the head whose mouth is shown. A reel's is not
    known, and taken for still."""
    motion = head_motion(plan, row)
    speed = float(np.hypot(*motion))
    if speed == 0:
        return motion
    there = 0.0
    for which, share in ((0, 1 - float(plan.cross[row])), (1, float(plan.cross[row]))):
        other = plan.index(int(plan.source_frame[row, which])) if plan.source_clip[row, which] == PLATE else None
        there += share * abs(float(head_motion(plan, other) @ motion)) / speed if other is not None else 0.0
    return motion * (max(0.0, speed**2 - there**2) ** 0.5 / speed)


def _library_mouth(plate: Clip, reel: Clip | None, plan: MouthPlan, row: int, which: int) -> Image:
    clip = reel if plan.source_clip[row, which] == REEL and reel is not None else plate
    number = int(plan.source_frame[row, which])
    return clip.crop(number, _readable(source_region(plan.source[row, which]), clip.window(number)))


def _shapes(plan: MouthPlan, row: int, amount: float) -> tuple[np.ndarray, np.ndarray]:
    """[P, 2] float64 each: the mouth as it is in the plate, and as it should be."""
    here = plan.here[row].astype(np.float64)
    return here, here + amount * (plan.target[row] - here)


def _ground(own: Image, fields: Fields, height_px: float) -> Image:
    """The plate's chin, cheeks and neck where the new jaw takes them, in one shape whose rim is the plate itself."""
    region = fields.region
    there = warp(own.pixels, fields.ground, fields.step_px, region, origin=(own.region.x0, own.region.y0))
    alpha = matte(fields.edge, region, feather_px=RIM * height_px)
    return premultiplied(there, region, alpha, region, own)


def _readable(region: Region, window: Region) -> Region:
    """The part of a region inside a data window; its nearest pixel where there is none."""
    inside = region.intersect(window)
    if not inside.is_empty:
        return inside
    x, y = min(max(region.x0, window.x0), window.x1 - 1), min(max(region.y0, window.y0), window.y1 - 1)
    return Region(x, y, x + 1, y + 1)


def premultiplied(pixels: np.ndarray, window: Region, alpha: np.ndarray, region: Region, like: Image) -> Image:
    """RGBA over `region`. pixels: [3, h, w] straight colour of a `window` of it, beyond which there is none.

    Where alpha [H, W] is 0 nothing is left of the colour, NaN included.
    """
    rows, columns = window.slices_in(region)
    layer = np.empty((4, *region.shape), np.float32)
    layer[3] = alpha
    if window != region:
        layer[:3] = 0
    colour, share = layer[:3, rows, columns], alpha[rows, columns]
    with np.errstate(invalid="ignore"):
        for band in bands(share.shape):
            np.multiply(pixels[:, band], share[band], out=colour[:, band])
            keep_only(share[band] > 0, colour[:, band])
    return Image(layer, region, like.display, ("R", "G", "B", "A"), like.colour, True)


def _skin(outline: np.ndarray, target: np.ndarray, region: Region, height_px: float) -> np.ndarray:
    """[H, W]: skin inside the outline, without the lips."""
    inside = _matte_near(outline, region, 0.06 * height_px, -0.02 * height_px)
    lips = target[LIPS_EDGE].astype(np.float32)
    return inside * (1 - _matte_near(lips, region, 0.03 * height_px, -0.04 * height_px))


def _matte_near(outline: np.ndarray, region: Region, feather_px: float, erode_px: float) -> np.ndarray:
    """[H, W] of `region`: the outline's matte, worked out where it is not 0."""
    made = np.zeros(region.shape, np.float32)
    box = Region.around(outline, feather_px + abs(erode_px) + 2).intersect(region)
    if not box.is_empty:
        made[box.slices_in(region)] = matte(outline, box, feather_px=feather_px, erode_px=erode_px)
    return made


def _tone(pixels: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """[3] float32: the mean colour under a weight, without NaN and Inf."""
    light, total = np.zeros(3), 0.0
    for band in bands(skin.shape):
        if not skin[band].any():
            continue
        numbers, weight = pixels[:, band], skin[band]
        finite = np.isfinite(numbers)
        if not finite.all():
            numbers, weight = np.where(finite, numbers, 0), weight * finite.all(axis=0)
        light += (numbers * weight).sum(axis=(1, 2), dtype=np.float64)
        total += float(weight.sum(dtype=np.float64))
    return (light / max(total, 1e-6)).astype(np.float32)


def _eased(t: np.ndarray | float) -> np.ndarray:
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3 - 2 * t)
