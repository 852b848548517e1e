# SPDX-License-Identifier: Apache-2.0
"""A library mouth at the wanted shape: skin and lips carried by the field, and between the lips what belongs there.

Where the library mouth is about as open as wanted, all of it is real pixels. Where lips must part or meet further than
they did, each lip goes its own way, upper teeth stay with the skull, and what was never filmed is a dark mouth.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.warp import warp
from ofx_lipsync.nodes.mouth.field import Fields, MouthMap, gap_px, shut_over_teeth, similarity
from ofx_lipsync.nodes.mouth.points import LIPS_EDGE, LOWER_INNER, STILL_ROWS, UPPER_INNER

ONE, MANY = (0.02, 0.10), (0.7, 1.2)
"""How different two gaps are (natural log of their ratio) before real pixels give way to the built mouth, and when they
have. One mouth that is stretched all through a shot looks like rubber; of many, the odd stretched one passes."""
SLIT = 0.008
"""A gap narrower than this, in face heights, shows nothing of the mouth's inside."""
SEEN_ONE, SEEN_MANY = (0.005, 0.014), (0.014, 0.032)
"""Shut lips that part less than this, in face heights, are only pulled: a built inside so thin would look cut in. One
mouth is pulled less: the dark line between its lips, drawn out, is seen as a smear."""
EDGE, LEAST_EDGE_PX = 0.009, 1.0
"""Softness of the lips' inner edge, in face heights, and the least of it: a harder one looks cut in with a knife."""
DRAWN, SOFTEST = 0.9, 0.03
"""One mouth's edge is as soft as the lips' steepest edge times the first, and in face heights the second at most."""
GUM = 0.015
"""Above the teeth the library frame's lip is read this far, in face heights, as gum; a dark rim would look drawn."""
CREASE, FOLD = np.array([0.30, 0.42, 0.42], np.float32), 0.018
"""The shade where shut lips meet: how much darker than they are, and in face heights how wide."""
DARK = np.array([0.060, 0.022, 0.020], np.float32)
TONGUE = np.array([0.40, 0.14, 0.13], np.float32)
"""What is seen deep in an open mouth, relative to the skin's red, green and blue."""
TEETH, TINT = 0.74, 0.85
"""How bright teeth are in the lips' shade, relative to the skin, and how much of its colour (in stops) they have:
ivory in white light, and no strange hue under any varnish or lamp."""
TOOTH, INCISOR, SCALLOP = 0.014, 0.045, 0.0045
"""In face heights: how far upper teeth show below the resting upper lip, how wide a front tooth is, and how far up the
notch between two goes."""


def mouth_pixels(
    part: Image, source: np.ndarray, target: np.ndarray, maps: MouthMap, fields: Fields, window: Region,
    skin: np.ndarray, face_height_px: float, poverty: float,
) -> np.ndarray:  # fmt: skip
    """[3, h, w] float32 of `window`. part: the library frame's crop. source, target: [P, 2] control points there and
    here. skin: [3] the skin's colour round the mouth. poverty: 0..1, how much the library is one mouth."""

    def read(grid: np.ndarray, box: Region) -> np.ndarray:
        corner = (part.region.x0, part.region.y0)
        return warp(part.pixels, grid, fields.step_px, fields.region, window=box, origin=corner)

    pixels = read(maps.whole, window)
    box = Region.around(target[LIPS_EDGE], 0.05 * face_height_px).intersect(window)
    if box.is_empty:
        return pixels
    built = how_built(source, target, face_height_px, poverty)
    if built == 0:
        return pixels
    rows, columns = box.slices_in(window)
    whole = pixels[:, rows, columns]
    crease = CREASE * np.float32(shut_over_teeth(source, target, face_height_px))
    soft_px = _edge_px(face_height_px) + poverty * _softer_px(part, source, face_height_px)
    lips = _lips(read(maps.upper, box), read(maps.lower, box), target, box, crease, face_height_px)
    edge_px = min(soft_px, gap_px(target) / 2 + 0.005 * face_height_px)
    grown_px = min(edge_px / 2, gap_px(target) / 3)  # a soft edge must not part lips that are shut
    opening = Region.around(_inner(target), edge_px + grown_px + 2).intersect(box)
    if not opening.is_empty:
        part_of_lips = lips[(slice(None), *opening.slices_in(box))]
        inside = _inside(read(maps.skull, opening), source, target, opening, skin, face_height_px, poverty)
        between = matte(_inner(target), opening, feather_px=edge_px, erode_px=-grown_px)
        part_of_lips += between * (inside - part_of_lips)
    zone = matte(
        target[LIPS_EDGE].astype(np.float32), box, feather_px=0.03 * face_height_px, erode_px=-0.045 * face_height_px
    )
    pixels[:, rows, columns] = whole + (built * zone) * (lips - whole)
    return pixels


def made_up(
    source: np.ndarray, target: np.ndarray, window: Region, face_height_px: float, poverty: float
) -> np.ndarray:
    """[h, w] of `window`, 0..1: where `mouth_pixels` shows what no camera saw, and no grain of one."""
    share = np.zeros(window.shape, np.float32)
    box = Region.around(target[LIPS_EDGE], 0.05 * face_height_px).intersect(window)
    built = how_built(source, target, face_height_px, poverty)
    if built == 0 or box.is_empty:
        return share
    edge_px = _edge_px(face_height_px)
    between = matte(_inner(target), box, feather_px=edge_px, erode_px=-min(edge_px / 2, gap_px(target) / 3))
    seen, shown = seen_inside(source, target, face_height_px)
    known = matte(seen.astype(np.float32), box, feather_px=edge_px, erode_px=-edge_px / 4) * shown
    share[box.slices_in(window)] = built * between * (1 - known)
    return share


def how_built(source: np.ndarray, target: np.ndarray, face_height_px: float, poverty: float) -> np.float32:
    """0..1: 0 where the field alone can carry a mouth as open as `source` to `target`, [P, 2] control points each."""
    return _how_built(gap_px(source) / face_height_px, gap_px(target) / face_height_px, poverty)


def unlike(source: np.ndarray, target: np.ndarray, face_height_px: float) -> float:
    """How different the gaps of two mouths are: natural log of their ratio, 0 for the same."""
    return _apart(gap_px(source) / face_height_px, gap_px(target) / face_height_px)


def _how_built(there: float, here: float, poverty: float) -> np.float32:
    """how_built from gaps in face heights."""
    same, other = (many + poverty * (one - many) for many, one in zip(MANY, ONE, strict=True))
    share = _eased((_apart(there, here) - same) / (other - same))
    seen_from, seen_to = (many + poverty * (one - many) for many, one in zip(SEEN_MANY, SEEN_ONE, strict=True))
    return share * _eased((here - seen_from) / (seen_to - seen_from)) if here > there else share


def _apart(there: float, here: float) -> float:
    return abs(float(np.log((here + SLIT) / (there + SLIT))))


def _lips(
    upper: np.ndarray, lower: np.ndarray, target: np.ndarray, box: Region, crease: np.ndarray, face_height_px: float
) -> np.ndarray:
    """Both lips, each from its own field, met on the line between them; crease: [3] how much darker that line is."""
    line = (target[UPPER_INNER] + target[LOWER_INNER]) / 2
    across = line[-1] - line[0]
    down = np.array([-across[1], across[0]])
    ends = np.stack([line[-1] + across, line[-1] + across + 2 * down, line[0] - across + 2 * down, line[0] - across])
    below = np.concatenate([line, ends]).astype(np.float32)
    feather_px = _edge_px(face_height_px)
    share = matte(below, box, feather_px=feather_px, erode_px=-feather_px / 2)
    edge = target[LIPS_EDGE].astype(np.float32)
    fold_px = FOLD * face_height_px
    fold = matte(below, box, feather_px=fold_px, erode_px=-fold_px / 2)
    on_line = 4 * fold * (1 - fold) * matte(edge, box, feather_px=0.02 * face_height_px)
    return (upper + share * (lower - upper)) * (1 - on_line * crease[:, None, None])


def _inside(
    skull: np.ndarray, source: np.ndarray, target: np.ndarray, box: Region, skin: np.ndarray, face_height_px: float,
    poverty: float,
) -> np.ndarray:  # fmt: skip
    """[3, h, w]: what is seen between the lips: what the library frame shows there, held to the skull, and round it a
    dark mouth with a tongue low in it, and teeth where a frame with shut lips shows none."""
    seen, shown = seen_inside(source, target, face_height_px)
    matrix, offset = similarity(source[STILL_ROWS], target[STILL_ROWS])
    edge_px = _edge_px(face_height_px)
    known = matte(seen.astype(np.float32), box, feather_px=edge_px, erode_px=-edge_px / 4) * shown
    rest = source[UPPER_INNER] @ matrix.T + offset
    built = _built_mouth(rest, target, box, skin, face_height_px, poverty * float(1 - shown))
    return (built + known * (skull - built)).astype(np.float32)


def seen_inside(source: np.ndarray, target: np.ndarray, face_height_px: float) -> tuple[np.ndarray, np.float32]:
    """[Q, 2] px of the target frame: what of a mouth's inside the library frame shows, held to the skull; and how much
    0..1 it shows anything."""
    matrix, offset = similarity(source[STILL_ROWS], target[STILL_ROWS])
    seen = np.concatenate([source[UPPER_INNER], source[LOWER_INNER][-2:0:-1]]) @ matrix.T + offset
    up = -np.array([matrix[1, 0], matrix[1, 1]]) / np.linalg.norm(matrix[1])
    seen[1 : len(UPPER_INNER) - 1] += GUM * face_height_px * up
    return seen, _eased(gap_px(source) / face_height_px / SLIT - 1)


def _built_mouth(
    rest: np.ndarray, target: np.ndarray, box: Region, skin: np.ndarray, face_height_px: float, teeth: float
) -> np.ndarray:
    """[3, h, w]: a mouth nobody filmed. rest: [11, 2] the upper lip's inner edge at rest, to which upper teeth are
    pinned; teeth: 0..1, how much of them to show."""
    upper, lower = target[UPPER_INNER], target[LOWER_INNER]
    across = upper[-1] - upper[0]
    x, y = _mouth_axes(box, upper[0], across)
    wide = float(np.linalg.norm(across))
    low, high, still = (float(_below(points[4:7], upper[0], across).mean()) for points in (lower, upper, rest))
    side = (x - wide / 2) / wide
    tongue = np.exp(-((side / 0.34) ** 2)) * _ramp((y - high) / max(low - high, 1.0), 0.35, 1.1)
    dark = DARK[:, None, None] + tongue * 0.7 * (TONGUE - DARK)[:, None, None]
    notch = np.cos(np.pi * (x - wide / 2) / (INCISOR * face_height_px) * (1 + np.abs(side))) ** 12
    edge = still + face_height_px * (TOOTH * (1 - (side / 0.42) ** 2) - SCALLOP * notch)
    band = _ramp((edge - y) / face_height_px, -0.006, 0.008) * _ramp(np.abs(side), 0.42, 0.2)
    shade = 0.3 + 0.7 * _ramp((y - high) / face_height_px, 0.0, 0.022)
    bright = max(float(skin.mean()), 1e-6)
    ivory = TEETH * bright * np.clip(skin / bright, 0.1, 4.0) ** TINT
    enamel = ivory[:, None, None] * (1 - 0.2 * notch) * shade * _ramp(np.abs(side), 0.5, 0.0)
    cavity = skin[:, None, None] * dark
    return cavity + teeth * band * (enamel - cavity)


def _edge_px(face_height_px: float) -> float:
    return max(EDGE * face_height_px, LEAST_EDGE_PX)


def _softer_px(part: Image, source: np.ndarray, face_height_px: float) -> float:
    """How much softer than usual a still draws its lips: a crisp mouth in sfumato is a sticker. Px of the still, which
    is as large as the plate where it is one."""
    box = Region.around(source[LIPS_EDGE], 0.01 * face_height_px).intersect(part.region)
    if min(box.shape) < 3:
        return 0.0
    light = np.sqrt(np.maximum(np.nan_to_num(part.window(box).pixels.mean(axis=0), posinf=0.0), 0.0))
    steepest = float(np.quantile(np.hypot(*np.gradient(light)), 0.98))
    drawn_px = float(np.ptp(np.quantile(light, [0.02, 0.98]))) / max(steepest, 1e-6)
    most_px = max(SOFTEST * face_height_px, LEAST_EDGE_PX)
    return min(max(DRAWN * drawn_px, _edge_px(face_height_px)), most_px) - _edge_px(face_height_px)


def _ramp(values: np.ndarray, start: float, end: float) -> np.ndarray:
    """0 at start, 1 at end, smooth between; falling where end is less than start."""
    t = np.clip((values - start) / (end - start), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _below(points: np.ndarray, corner: np.ndarray, across: np.ndarray) -> np.ndarray:
    """[Q] px: how far points [Q, 2] lie below the line through the mouth's corners."""
    unit = across / np.linalg.norm(across)
    away = points - corner
    return away[:, 1] * unit[0] - away[:, 0] * unit[1]


def _mouth_axes(box: Region, corner: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Px along and below the line through the mouth's corners, at the pixels of a box."""
    unit = across / np.linalg.norm(across)
    x = np.arange(box.x0, box.x1) + 0.5 - corner[0]
    y = np.arange(box.y0, box.y1)[:, None] + 0.5 - corner[1]
    return x * unit[0] + y * unit[1], y * unit[0] - x * unit[1]


def _inner(points: np.ndarray) -> np.ndarray:
    """[Q, 2] float32: the lips' inner edge, rounded (Catmull-Rom, three pieces a side)."""
    loop = np.concatenate([points[UPPER_INNER], points[LOWER_INNER][-2:0:-1]])
    before, after, next_after = np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0), np.roll(loop, -2, axis=0)
    t = np.array([0.0, 1 / 3, 2 / 3])[None, :, None]
    a, b, c, d = (p[:, None] for p in (before, loop, after, next_after))
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.ascontiguousarray(curve.reshape(-1, 2), np.float32)


def _eased(t: float) -> np.float32:
    held = min(max(t, 0.0), 1.0)
    return np.float32(held * held * (3 - 2 * held))
