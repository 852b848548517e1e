# SPDX-License-Identifier: Apache-2.0
"""Lids that shut and brows that rise, out of the still's own skin.

The upper lid and the skin above it are drawn down over the eye, which stays where it is and is covered, as eyes are; a
soft dark line where the lids meet stands for lashes and the shade between them, in the still's own darkest tone there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.warp import grid_points, warp
from ofx_lipsync.nodes.mouth import spline


class Eye(NamedTuple):
    """Face mesh points of one eye, corner to corner: the edge of the upper lid, of the lower one, the crease above,
    the skin above that, and the brow's lower and upper edge."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    crease: tuple[int, ...]
    above: tuple[int, ...]
    brow: tuple[int, ...]


EYES = (
    Eye(
        (33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133),
        (130, 247, 30, 29, 27, 28, 56, 190, 243), (226, 113, 225, 224, 223, 222, 221, 189, 244),
        (46, 53, 52, 65, 55),
    ),
    Eye(
        (263, 466, 388, 387, 386, 385, 384, 398, 362), (263, 249, 390, 373, 374, 380, 381, 382, 362),
        (359, 467, 260, 259, 257, 258, 286, 414, 463), (446, 342, 445, 444, 443, 442, 441, 413, 464),
        (276, 283, 282, 295, 285),
    ),
)  # fmt: skip
SHUT = 0.96
"""Of the way to the lower lid: there the lashes lie."""
CUT = 0.55
"""Of the way from the tracked edge to the crease: from there up it is surely skin and not eye."""
CREASE_GOES, ABOVE_GOES = 0.42, 0.06
"""How far the crease and the skin above it follow the lid's edge."""
EDGE, LASH = 0.010, 0.016
"""In face heights: softness of the lid's edge, and width of the line where lids meet."""
LASH_SHARE, LASH_FROM = 0.75, 0.6
"""How dark that line is, and how far shut the eye is when it is wholly there."""
LIFT, MOST_LIFT = 0.35, 1.6
"""Of the difference in light (in stops) between a lid and the skin under the eye, how much a shut lid makes up."""
OUTER_GOES = 0.35
"""How far the outer corner sinks with the lid's edge beside it, or its lashes would stay behind as a hook."""
DRAWN, FINE, BELOW, MOST_FINE = 0.02, 0.006, 1.3, 0.12
"""In face heights, how softly drawn-out skin begins, and what counts as fine texture; how many eye heights below the
lid that texture is taken; the most of it, as a share of the light: more is no skin, but the face's edge."""
DRAWN_FROM = 0.4
"""How far shut a lid is whose skin is as drawn out as that; before, it keeps its own texture and does not pop."""
STIFFNESS = 1e-5
BROW_UP = 0.014
"""In face heights, a brow raised whole."""
BROW_REACH = 0.17
MARGIN = 0.03


def touched(landmarks: np.ndarray, lids: float, brows: float, height_px: float) -> list[Region]:
    """What a frame's lids and brows may change: a region for each eye, none where both rest."""
    regions = []
    for eye in EYES if lids > 0 or brows != 0 else ():
        points = landmarks[list(eye.upper + eye.lower + eye.above + eye.brow), :2]
        margin_px = (BROW_REACH if brows != 0 else MARGIN) * height_px + 2
        regions.append(Region.around(np.concatenate([points, points + _below(eye, landmarks)]), margin_px))
    return regions


def brow_field(nodes: np.ndarray, landmarks: np.ndarray, brows: float, height_px: float) -> np.ndarray:
    """[2, gh, gw] px: how far what lies at each node has come from, for brows raised by `brows`.

    Skin follows its brow less and less: none at the lid's edge, none a hand's breadth up the forehead.
    """
    up = -_down(landmarks)
    share = np.zeros(nodes.shape[1:])
    for eye in EYES:
        brow = landmarks[list(eye.brow), :2].astype(np.float64)
        lid = landmarks[list(eye.upper), :2].astype(np.float64)
        room_px = 0.95 * float(_distances(lid[1:-1], brow).min())
        distance, side = _off_line(nodes, brow, up)
        reach = np.where(side > 0, BROW_REACH * height_px, room_px)
        t = np.clip(1 - distance / reach, 0.0, 1.0)
        share = np.maximum(share, t * t * (3 - 2 * t))
    return np.asarray(-brows * BROW_UP * height_px * up[:, None, None] * share)


class Lid(NamedTuple):
    """cover, lash, drawn: [H, W] 0..1 of a region: the lid, the line at its edge, and how far its skin is drawn out.
    grid: [2, gh, gw] where its skin is read; even: the same for its fine texture."""

    cover: np.ndarray
    lash: np.ndarray
    drawn: np.ndarray
    grid: np.ndarray
    even: np.ndarray


def lid(eye: Eye, landmarks: np.ndarray, amount: float, region: Region, step_px: int, height_px: float) -> Lid:
    """The upper lid `amount` (0..1) of the way down."""
    upper, lower, crease, above, brow = (landmarks[list(ids), :2].astype(np.float64) for ids in eye)
    down = amount * SHUT * (lower - upper)
    down[0] = OUTER_GOES * down[1:4].mean(axis=0)
    edge, folded = upper + down, crease + CREASE_GOES * down
    folded[0] = crease[0] + 0.6 * down[0]
    skin = upper + amount * CUT * (crease - upper)
    knots = np.concatenate([edge, folded, above + ABOVE_GOES * down, brow])
    sources = np.concatenate([skin, crease, above, brow])
    nodes = grid_points(step_px, region).astype(np.float64)
    moves = _spread(nodes, knots, sources - knots, height_px)
    line = _rounded(edge)
    soft_px, line_px = max(EDGE * height_px, 1.0), max(LASH * height_px, 1.5) / 2
    cover = matte(_loop(line, above), region, feather_px=soft_px, erode_px=-soft_px / 2)
    drawn_px = DRAWN * height_px
    drawn = matte(_loop(line, folded), region, feather_px=drawn_px, erode_px=-drawn_px / 2)
    thin = np.sin(np.linspace(0, np.pi, len(line)))[:, None] ** 0.5 * _down(landmarks) * line_px / 2
    lash = matte(_loop(line - thin, line + thin), region, feather_px=line_px, erode_px=-line_px / 2)
    even = nodes + _below(eye, landmarks)[:, None, None]
    share = np.float32(min(amount / DRAWN_FROM, 1.0))
    return Lid(cover, lash, share * drawn, (nodes + moves).astype(np.float32), even.astype(np.float32))


def _below(eye: Eye, landmarks: np.ndarray) -> np.ndarray:
    """[2] px from a lid to the skin under the eye."""
    tall = np.linalg.norm(landmarks[list(eye.lower), :2] - landmarks[list(eye.crease), :2], axis=1).max()
    return np.asarray(_down(landmarks) * float(tall) * BELOW)


def _loop(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    return np.concatenate([there, back[::-1]]).astype(np.float32)


def _spread(nodes: np.ndarray, knots: np.ndarray, moves: np.ndarray, height_px: float) -> np.ndarray:
    """[2, gh, gw] px: the smoothest field through moves [K, 2] at knots."""
    centre = knots.mean(axis=0)
    places, at = (knots - centre) / height_px, (nodes.reshape(2, -1).T - centre) / height_px
    found = spline.evaluate(at, spline.radial(at, places), spline.solve(places, moves, STIFFNESS))
    return np.asarray(found.T.reshape(nodes.shape))


def tone(pixels: np.ndarray, eye: Eye, landmarks: np.ndarray, region: Region) -> np.ndarray:
    """[3] the still's own dark along the lid's edge: what lashes and their shade look like in this light or paint."""
    upper, crease = (landmarks[list(ids), :2].astype(np.float64) for ids in (eye.upper, eye.crease))
    band = np.concatenate([_rounded(upper + 0.5 * (crease - upper)), _rounded(upper - 0.3 * (crease - upper))[::-1]])
    inside = matte(band.astype(np.float32), region, feather_px=1.0) > 0.5
    found = pixels[:, inside] if inside.any() else pixels.reshape(3, -1)
    found = found[:, np.isfinite(found).all(axis=0)]
    if not found.size:
        return np.zeros(3, np.float32)
    light = found.mean(axis=0)
    return np.asarray(found[:, light <= np.quantile(light, 0.25)].mean(axis=1), np.float32)


def paint(
    pixels: np.ndarray, region: Region, landmarks: np.ndarray, lids: float, brows: float, height_px: float
) -> np.ndarray:  # fmt: skip
    """[3, H, W] float32: the still's pixels of a region with lids and brows where they should be."""
    step_px = max(1, round(height_px / 400))
    out, corner = pixels, (region.x0, region.y0)
    if brows != 0:
        nodes = grid_points(step_px, region).astype(np.float64)
        lifted = (nodes + brow_field(nodes, landmarks, brows, height_px)).astype(np.float32)
        out = np.asarray(warp(pixels, lifted, step_px, region, origin=corner))
    out = out.copy()
    for eye in EYES if lids > 0 else ():
        around = landmarks[list(eye.upper + eye.lower + eye.above), :2]
        box = Region.around(around, MARGIN * height_px).intersect(region)
        if box.is_empty:
            continue
        shut = lid(eye, landmarks, lids, box, step_px, height_px)
        read = shut.grid + brow_field(shut.grid.astype(np.float64), landmarks, brows, height_px).astype(np.float32)
        skin = _skin(pixels, shut._replace(grid=read), step_px, box, corner, height_px)
        rows, columns = box.slices_in(region)
        dark = tone(pixels, eye, landmarks, region)[:, None, None]
        shown = np.float32(min(lids / LASH_FROM, 1.0) * LASH_SHARE) * shut.lash
        under = out[:, rows, columns]
        covered = under + shut.cover * (skin - under)
        out[:, rows, columns] = covered + shown * (dark - covered)
    return out


def _skin(
    pixels: np.ndarray, shut: Lid, step_px: int, box: Region, corner: tuple[int, int], height_px: float
) -> np.ndarray:
    """[3, h, w]: the lid's skin. Where it is drawn out its broad colour is, and its fine texture is that of the skin
    under the eye, as strong for its light: cracks, weave and pores that stretch would be streaks."""

    def read(part: np.ndarray, grid: np.ndarray) -> np.ndarray:
        return np.asarray(warp(part, grid, step_px, box, origin=corner))

    broad = blur(pixels, max(FINE * height_px, 0.8))
    fine = pixels - broad
    drawn, plain = read(broad, shut.grid), read(fine, shut.grid)
    with np.errstate(divide="ignore", invalid="ignore"):
        texture = np.nan_to_num(read(fine, shut.even) / np.abs(read(broad, shut.even)), nan=0.0)
    lit = drawn * (1 + shut.drawn * (_lift(drawn, read(broad, shut.even), shut.drawn) - 1))
    even = np.clip(texture, -MOST_FINE, MOST_FINE) * lit
    return np.asarray(lit + plain + shut.drawn * (even - plain))


def _lift(lid_skin: np.ndarray, below: np.ndarray, weight: np.ndarray) -> np.float32:
    """How much lighter a lid is made: out of its socket it comes forward, into some of the light under the eye."""
    with np.errstate(invalid="ignore"):
        own, there = (float(np.nansum(part.mean(axis=0) * weight)) for part in (lid_skin, below))
    if not (own > 0 and there > own):
        return np.float32(1)
    return np.float32(min((there / own) ** LIFT, MOST_LIFT))


def _down(landmarks: np.ndarray) -> np.ndarray:
    """[2]: the face's own down, from brow to chin."""
    way = landmarks[152, :2].astype(np.float64) - landmarks[10, :2]
    return np.asarray(way / np.linalg.norm(way))


def _rounded(line: np.ndarray) -> np.ndarray:
    """[4 n - 3, 2]: an open line of points [n, 2], Catmull-Rom between them."""
    ends = np.concatenate([[2 * line[0] - line[1]], line, [2 * line[-1] - line[-2]]])
    a, b, c, d = (ends[k : k + len(line) - 1, None] for k in range(4))
    t = np.array([0.0, 0.25, 0.5, 0.75])[None, :, None]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([curve.reshape(-1, 2), line[-1:]])


def _distances(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """[P] px from points [P, 2] to an open line."""
    return _off_line(points.T[:, None], line, np.array([0.0, -1.0]))[0][0]


def _off_line(at: np.ndarray, line: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """([...], [...]): distance of points [2, ...] from an open line [n, 2], and how far they lie on its `up` side."""
    points = at.reshape(2, -1).T
    start, way = line[:-1], np.diff(line, axis=0)
    along = np.clip(((points[:, None] - start) * way).sum(axis=2) / (way**2).sum(axis=1), 0, 1)
    off = points[:, None] - start - along[..., None] * way
    distance = np.linalg.norm(off, axis=2)
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(points))
    return distance[rows, nearest].reshape(at.shape[1:]), (off[rows, nearest] @ up).reshape(at.shape[1:])
