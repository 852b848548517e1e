# SPDX-License-Identifier: Apache-2.0
"""Drawings cut into what hangs together, and each piece into regions of one colour, so that one can become another.

A mouth is one piece; a shadow under the lip or a smile line beside it are pieces of their own, which move with the like
of them in the other drawing, and are there or not where it has none. The largest piece of each drawing is its mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.distance import distance
from ofx_lipsync.kernels.morph import Shape, morph
from ofx_lipsync.kernels.over import over
from ofx_lipsync.media.drawing import Drawing, placed, trimmed
from ofx_lipsync.nodes.drawn.palette import Palette, coverage, labelled
from ofx_lipsync.nodes.drawn.pieces import pieces_of

COLUMNS = 65
"""Columns of an outline: enough for the bow of a lip."""
MARGIN_PX = 4
"""Empty pixels round a piece, so that what lies outside of it is a region too."""
OPAQUE = 0.5
FAR_PX = 400.0
LINE_SHARE = 0.03
"""How thick, of a mouth's width, lines are kept where only one of two drawings shows what lies behind them."""
FARTHEST_SHARE = 0.35
"""Pieces further apart than this share of the mouth's width are not the same one."""


@dataclass(frozen=True)
class Piece:
    shape: Shape
    region: Region
    drawing: Drawing
    middle: tuple[float, float]
    main_region: int
    """The colour most of it has."""


def pieces(drawing: Drawing, palette: Palette) -> list[Piece]:
    """The mouth first, then the rest, the largest first."""
    found = []
    for mask in pieces_of(drawing.pixels[3]):
        part = trimmed(Drawing(drawing.pixels * mask, drawing.region))
        found.append(_piece(part, palette))
    return found


def between(a: list[Piece], b: list[Piece], palette: Palette, phase: float) -> Drawing:
    """The in-between drawing of two cut ones; phase: 0 is a, 1 is b."""
    drawn = [_morphed(one, other, palette, phase) for one, other in _pairs(a, b)]
    matched = {id(piece) for pair in _pairs(a, b) for piece in pair}
    alone = a if phase < 0.5 else b
    drawn += [piece.drawing for piece in alone if id(piece) not in matched]
    canvas = Region(0, 0, 0, 0)
    for drawing in drawn:
        canvas = canvas.union(drawing.region)
    if canvas.is_empty:
        return Drawing(np.zeros((4, 1, 1), np.float32), Region(0, 0, 1, 1))
    planes = np.zeros((4, *canvas.shape), np.float32)
    for drawing in reversed(drawn):  # the mouth lies in front
        planes = over(placed(drawing, canvas), planes)
    return Drawing(planes, canvas)


def _pairs(a: list[Piece], b: list[Piece]) -> list[tuple[Piece, Piece]]:
    """Mouth with mouth, and of the rest those of one colour that lie nearest to each other."""
    if not a or not b:
        return []
    pairs, free = [(a[0], b[0])], list(b[1:])
    farthest = FARTHEST_SHARE * max(a[0].region.width, b[0].region.width)
    for one in a[1:]:
        near = [
            (np.hypot(*np.subtract(one.middle, o.middle)), n)
            for n, o in enumerate(free)
            if o.main_region == one.main_region
        ]
        if near and min(near)[0] <= farthest:
            pairs.append((one, free.pop(min(near)[1])))
    return pairs


def _morphed(a: Piece, b: Piece, palette: Palette, phase: float) -> Drawing:
    region = a.region.union(b.region)
    lacking = LINE_SHARE * max(a.region.width, b.region.width)
    return Drawing(morph(a.shape, b.shape, palette.means, phase, region, lacking_px=lacking), region)


def _piece(part: Drawing, palette: Palette) -> Piece:
    pixels = np.ascontiguousarray(np.pad(part.pixels, ((0, 0), (MARGIN_PX, MARGIN_PX), (MARGIN_PX, MARGIN_PX))))
    region = part.region.grow(MARGIN_PX)
    labels = labelled(pixels, palette)
    counts = np.bincount(labels.ravel(), minlength=len(palette.means))
    depth = distance(coverage(pixels, labels, palette), far_px=FAR_PX)
    corner = (region.x0, region.y0)
    shape = Shape(pixels, depth, (counts > 0).astype(np.float32), _outline(pixels[3], corner), corner)
    middle = ((region.x0 + region.x1) / 2, (region.y0 + region.y1) / 2)
    return Piece(shape, region, part, middle, 1 + int(np.argmax(counts[1:])) if len(counts) > 1 else 0)


def _held(held: np.ndarray, row: np.ndarray, way: int, at: np.ndarray) -> np.ndarray:
    """What four pixels at the end of each column hold together: one inside, the outermost solid one, two beyond it."""
    return sum(held[np.clip(row + way * n, 0, len(held) - 1), at] for n in (-1, 0, 1, 2))


def _outline(alpha: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
    """[2 + 2 C] float32: ends, tops and bottoms of what is drawn; a drawing of nothing is a dot in its middle."""
    held = np.clip(alpha, 0, 1)
    solid = alpha > min(OPAQUE, 0.5 * float(held.max(initial=0)))
    columns = np.flatnonzero(solid.any(axis=0))
    if not len(columns):
        middle = (corner[0] + alpha.shape[1] / 2, corner[1] + alpha.shape[0] / 2)
        return np.array([middle[0] - 0.5, middle[0] + 0.5, *[middle[1]] * 2 * COLUMNS], np.float32)
    left, right = int(columns[0]), int(columns[-1]) + 1
    at, solid = np.arange(left, right), solid[:, left:right]
    first = np.argmax(solid, axis=0)
    last = len(alpha) - 1 - np.argmax(solid[::-1], axis=0)
    # an edge lies where its soft pixels say: what they hold is how far it reaches into them
    tops = first + 2 - _held(held, first, -1, at)
    bottoms = last - 1 + _held(held, last, 1, at)
    drawn, where = solid.any(axis=0), np.linspace(left, right, COLUMNS)
    tops, bottoms = (np.interp(where, at[drawn] + 0.5, line[drawn]) for line in (tops, bottoms))
    outline = np.concatenate([[left + corner[0], right + corner[0]], tops + corner[1], bottoms + corner[1]])
    return outline.astype(np.float32)
