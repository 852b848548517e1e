# SPDX-License-Identifier: Apache-2.0
"""A drawing between two others, whose outlines move instead of dissolving into each other.

Both drawings are laid over each other by their outlines: left to left end, and in every column top to top and bottom to
bottom, each on its way from one to the other. There the depths of their regions (skin, ink, teeth ...) are mixed, and
the deepest region is shown: edges travel and stay sharp. A region that only one drawing has is shown as that one has
it, so that a closing mouth keeps its teeth until it is shut.
   Source: Raya & Udupa (1990), shape-based interpolation, with several regions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.arrays import Array, float_array, namespace, number, same_shape
from ofx_lipsync.kernels.launch import launch, on_arrays_device

MOST_REGIONS = 12
_NOWHERE = -1e30
_LEAST, _MOST = 0.125, 8.0
"""Depths grow with the drawing's height by no more: a closed line says little of a wide-open mouth."""


@dataclass(frozen=True)
class Shape:
    """A drawing as the kernel takes it, all on one device.

    pixels: [4, H, W] float32 RGBA, premultiplied. depth: [R, H, W] float32, kernels.distance of its regions; region 0
    is what lies round it. present: [R] float32, 1 where it has the region. outline: [2 + 2 C] float32 canvas px: left
    and right end, then tops and bottoms of C columns between them. corner: canvas pixel (x, y) of pixels[:, 0, 0].
    """

    pixels: Array
    depth: Array
    present: Array
    outline: Array
    corner: tuple[int, int]


def morph(a: Shape, b: Shape, means: Array, phase: float, region: Region, *, lacking_px: float = 3.0) -> Array:
    """Returns [4, H, W] float32 RGBA, premultiplied, unclamped, for the canvas pixels of `region`.

    means: [R, 4] float32, each region's colour where a drawing does not show it. phase: 0 is near a, 1 near b.
    lacking_px: how much less deep a region is where its drawing has none; lines before it are kept so much thicker.
    Each pixel depends on its place alone: tiles equal the whole.
    Raises: UsageError on wrong shapes or types.
    """
    return _run(a, b, means, phase, region, lacking_px)


@on_arrays_device
def _launched(pixels: Array, a: Shape, b: Shape, means: Array, phase: float, region: Region, lacking: float) -> Array:
    xp = namespace(pixels)
    height, width = region.shape
    out = xp.empty((4, height, width), np.float32)
    present = xp.ascontiguousarray(xp.concatenate([a.present, b.present]))
    given = [xp.ascontiguousarray(array) for s in (a, b) for array in (s.pixels, s.depth, s.outline)]
    corners = [n for s in (a, b) for n in (*s.corner, s.pixels.shape[2], s.pixels.shape[1])]
    numbers = (len(means), (a.outline.shape[0] - 2) // 2, phase, lacking)
    window = (region.x0, region.y0, width, height)
    means = xp.ascontiguousarray(means)
    launch("morph", "morph", (height, width), out, *given, present, means, *numbers, *corners, *window)
    return out


def _run(a: Shape, b: Shape, means: Array, phase: float, region: Region, lacking_px: float) -> Array:
    means = float_array("morph", "means", means, "R 4")
    regions = means.shape[0]
    if not 1 <= regions <= MOST_REGIONS:
        raise UsageError(f"morph: there are {regions} regions, expected 1 to {MOST_REGIONS}")
    a, b = _checked("a", a, regions), _checked("b", b, regions)
    same_shape("morph", "b.outline", b.outline, tuple(a.outline.shape))
    phase = number("morph", "phase", phase, 0.0, 1.0)
    return _launched(a.pixels, a, b, means, phase, region, number("morph", "lacking_px", lacking_px, 0.0, 1e4))


def _checked(name: str, shape: Shape, regions: int) -> Shape:
    pixels = float_array("morph", f"{name}.pixels", shape.pixels, "4 H W")
    depth = float_array("morph", f"{name}.depth", shape.depth, "R H W")
    same_shape("morph", f"{name}.depth", depth, (regions, *pixels.shape[1:]))
    present = float_array("morph", f"{name}.present", shape.present, "R")
    same_shape("morph", f"{name}.present", present, (regions,))
    outline = float_array("morph", f"{name}.outline", shape.outline, "N")
    if outline.shape[0] < 6 or outline.shape[0] % 2:
        raise UsageError(
            f"morph: {name}.outline has {outline.shape[0]} numbers, expected 2 ends, then 2 or more columns"
        )
    return Shape(pixels, depth, present, outline, shape.corner)


def reference(
    a: Shape, b: Shape, means: np.ndarray, phase: float, region: Region, *, lacking_px: float = 3.0
) -> np.ndarray:
    """The definition of `morph`, in float64."""
    y, x = np.mgrid[region.y0 : region.y1, region.x0 : region.x1] + 0.5
    outline = (1 - phase) * a.outline.astype(np.float64) + phase * b.outline
    columns = (len(outline) - 2) // 2
    u = np.clip((x - outline[0]) / (outline[1] - outline[0]), 0, 1)
    top, bottom = _table(outline[2 : 2 + columns], u), _table(outline[2 + columns :], u)
    shown, depths, grown_by, coordinates = [], [], [], []
    for shape in (a, b):
        own = shape.outline.astype(np.float64)
        own_top, own_bottom = _table(own[2 : 2 + columns], u), _table(own[2 + columns :], u)
        at_x = _along(x, outline[0], outline[1], own[0], own[1]) - shape.corner[0]
        at_y = _along(y, top, bottom, own_top, own_bottom) - shape.corner[1]
        grown = np.clip((bottom - top) / np.maximum(own_bottom - own_top, 1), _LEAST, _MOST)
        grown = np.where((x > outline[0]) & (x < outline[1]) & (y > top) & (y < bottom), grown, 1)
        depth = np.stack([grown * _plane(plane, at_x, at_y) for plane in shape.depth])
        depth[shape.present == 0] = _NOWHERE
        shown.append(np.argmax(depth, axis=0))
        depths.append(depth)
        grown_by.append(grown)
        coordinates.append((at_x, at_y))
    depth = (1 - phase) * _told(*depths, lacking_px) + phase * _told(*depths[::-1], lacking_px)
    order = np.argsort(-depth, axis=0, kind="stable")
    first, second = order[0], order[min(1, len(order) - 1)]
    gap = np.take_along_axis(depth, first[None], 0)[0] - np.take_along_axis(depth, second[None], 0)[0]
    share = np.minimum(0.5 + 0.5 * gap, 1) if len(depth) > 1 else np.ones(x.shape)
    out = np.zeros((4, *x.shape))
    for k, weight in ((first, share), (second, 1 - share)):
        colour = means[k].transpose(2, 0, 1).astype(np.float64)
        mean = colour.copy()
        drawn_by = zip((a, b), depths, shown, grown_by, coordinates, (1 - phase, phase), strict=True)
        for shape, d, s, grown, (at_x, at_y), part in drawn_by:
            inside = np.where(s == k, np.clip(np.take_along_axis(d, k[None], 0)[0] / grown - 1, 0, 1), 0)
            with np.errstate(invalid="ignore"):
                drawn = np.stack([_plane(plane, at_x, at_y) for plane in shape.pixels])
                colour = np.where(inside > 0, colour + part * inside * (drawn - mean), colour)
        out = np.where(weight > 0, out + weight * colour, out)
    return out


def _told(own: np.ndarray, other: np.ndarray, lacking_px: float) -> np.ndarray:
    """Depths, with those of regions that this drawing lacks taken after the other's."""
    after = own.max(axis=0) - lacking_px - 2 * (other.max(axis=0) - other)
    return np.where(own > _NOWHERE, own, np.where(other > _NOWHERE, after, _NOWHERE))


def _table(entries: np.ndarray, u: np.ndarray) -> np.ndarray:
    return np.interp(u * (len(entries) - 1), np.arange(len(entries)), entries)


def _along(at: np.ndarray, low: np.ndarray, high: np.ndarray, to_low: np.ndarray, to_high: np.ndarray) -> np.ndarray:
    inside = to_low + (at - low) / np.where(high > low, high - low, 1) * (to_high - to_low)
    return np.where(at <= low, to_low + (at - low), np.where(at >= high, to_high + (at - high), inside))


def _plane(plane: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    height, width = plane.shape
    px, py = np.clip(x - 0.5, 0, width - 1), np.clip(y - 0.5, 0, height - 1)
    ix, iy = px.astype(int), py.astype(int)
    jx, jy, fx, fy = np.minimum(ix + 1, width - 1), np.minimum(iy + 1, height - 1), px - ix, py - iy
    upper = (1 - fx) * plane[iy, ix] + fx * plane[iy, jx]
    return (1 - fy) * upper + fy * ((1 - fx) * plane[jy, ix] + fx * plane[jy, jx])
