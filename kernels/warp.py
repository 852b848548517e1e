# SPDX-License-Identifier: Apache-2.0
"""Mesh warp: moves the picture by a coarse grid of source coordinates, smoothly between the nodes.

Between nodes the displacement follows a Catmull-Rom surface (through the nodes, first derivative continuous; Catmull
and Rom 1974), so cheeks bend without the facets of a linear mesh. Beyond the border nodes it goes on linearly.
"""

from __future__ import annotations

import math

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.arrays import Array, choice, float_array, namespace, number, strides
from ofx_lipsync.kernels.crop import FILTERS, keys, sample
from ofx_lipsync.kernels.launch import launch, on_arrays_device

_SHARP_TO = 1.5
"""The cubic reads every second pixel of a picture shrunk this much without visible aliasing."""


@on_arrays_device
def warp(
    image: Array,
    grid: Array,
    step_px: int,
    region: Region,
    *,
    window: Region | None = None,
    origin: tuple[int, int] = (0, 0),
    filter: str = "cubic",
    shrink: float = 1.0,
) -> Array:
    """Returns [C, height, width] float32 of `window` (all of `region` by default), with no clamp.

    image: [C, H, W] float32 of any strides; its top-left pixel is plate pixel `origin` = (x, y). Its border is held.
    grid: [2, gh, gw] float32. Node (row i, column j) stands at the plate point (region.x0 + j * step_px,
        region.y0 + i * step_px), which is a pixel's *corner* (centres are at +0.5), and holds the plate point (x, y)
        to read there. It must reach the region's far edges: gw >= ceil(width / step_px) + 1, gh likewise
        (`grid_points` gives the nodes). A grid equal to its own nodes leaves the picture bit for bit as it is.
    step_px: whole pixels between nodes.
    region: the plate pixels that the grid covers. window: the part of it to make; tiles equal the whole.
    filter: "cubic" (Catmull-Rom; keeps teeth crisp, rings by up to 1/8 of a hard edge) or "linear".
    shrink: how much smaller the map makes the picture, as one number for the shot or frame. Beyond 1.5 several points a
        pixel are averaged (as in `crop`, smoothly growing with shrink), so that fine detail does not sparkle.

    Where a coordinate is not finite, the pixel is NaN. NaN and Inf of the image spread over the filter's footprint.
    Raises: UsageError on wrong shapes, types or a grid too small for the region.
    """
    image = float_array("warp", "image", image, "C H W")
    cubic = choice("warp", "filter", filter, FILTERS)
    samples, spacing = _spread(number("warp", "shrink", shrink, 0.0, 16.0))
    window = region if window is None else window
    nodes = _displacement(grid, step_px, region)
    if not region.contains(window):
        raise UsageError(f"warp: window {window} is not inside region {region}")
    channels, high, wide = image.shape
    height, width = window.shape
    out = namespace(image).empty((channels, height, width), np.float32)
    picture = (image, *strides("warp", image), channels, wide, high)
    mesh = (nodes, nodes.shape[1], nodes.shape[2], int(step_px), spacing, samples, cubic)
    corner = (window.x0 - region.x0, window.y0 - region.y0, window.x0 - int(origin[0]), window.y0 - int(origin[1]))
    launch("warp", "warp", (height, width), out, *picture, *mesh, *corner, width, height)
    return out


def grid_points(step_px: int, region: Region) -> np.ndarray:
    """[2, gh, gw] float32: the plate points (x, y) of the nodes that cover `region`; as a grid, the identity."""
    columns, rows = -(-region.width // step_px) + 1, -(-region.height // step_px) + 1
    y, x = np.mgrid[0:rows, 0:columns] * step_px
    return np.stack([x + region.x0, y + region.y0]).astype(np.float32)


def read_points(grid: np.ndarray, step_px: int, region: Region) -> np.ndarray:
    """[2, height, width] float64: the plate points (x, y) that `warp` reads at the pixels of `region`, in the plate's
    own measure (centres at +0.5). Where the grid equals its nodes these are the pixels' centres, exactly."""
    nodes = np.asarray(_displacement(grid, step_px, region), np.float64)
    x, y = np.arange(region.width) + 0.5, np.arange(region.height) + 0.5
    move = _weights(y, step_px, nodes.shape[1]) @ nodes @ _weights(x, step_px, nodes.shape[2]).T
    return move + np.stack(np.meshgrid(x + region.x0, y + region.y0))


def reference(
    image: np.ndarray,
    grid: np.ndarray,
    step_px: int,
    region: Region,
    *,
    window: Region | None = None,
    origin: tuple[int, int] = (0, 0),
    filter: str = "cubic",
    shrink: float = 1.0,
) -> np.ndarray:
    """The definition of `warp`, in float64."""
    window = window or region
    samples, spacing = _spread(shrink)
    nodes = _displacement(grid, step_px, region).astype(np.float64)
    picture = image.astype(np.float64)
    total = np.zeros((len(image), *window.shape))
    for j in range(samples):
        for i in range(samples):
            dx, dy = (i - (samples - 1) / 2) * spacing, (j - (samples - 1) / 2) * spacing
            x = np.arange(window.x0, window.x1) + 0.5 + dx
            y = np.arange(window.y0, window.y1) + 0.5 + dy
            wx, wy = _weights(x - region.x0, step_px, nodes.shape[2]), _weights(y - region.y0, step_px, nodes.shape[1])
            move = np.einsum("yi,nij,xj->nyx", wy, nodes, wx)  # [2, height, width]
            at = move + np.stack(np.meshgrid(x, y)) - np.reshape(origin, (2, 1, 1))
            total += sample(picture, at, filter, "hold")
    return total / samples**2


def _weights(position: np.ndarray, step_px: int, count: int) -> np.ndarray:
    """[positions, nodes]: how much each node (the first is a ghost at -step_px) counts at each position."""
    node = np.arange(count) - 1
    return keys(position[:, None] / step_px - node)


def _displacement(grid: Array, step_px: int, region: Region) -> Array:
    """[2, gh + 2, gw + 2] float32: how far from its node each coordinate lies, with a ghost node on every side.

    Small numbers keep their precision where absolute coordinates of an 8K plate lose theirs.
    """
    grid = float_array("warp", "grid", grid, "2 GH GW")
    if region.is_empty:
        raise UsageError(f"warp: region {region} is empty")
    if step_px != int(step_px) or step_px < 1:
        raise UsageError(f"warp: step_px is {step_px}, expected a whole number of 1 or more")
    xp = namespace(grid)
    nodes = grid_points(int(step_px), region)
    if grid.shape[1] < nodes.shape[1] or grid.shape[2] < nodes.shape[2]:
        raise UsageError(f"warp: grid is {list(grid.shape)}, expected at least {list(nodes.shape)} to cover {region}")
    moved = grid[:, : nodes.shape[1], : nodes.shape[2]] - xp.asarray(nodes)
    moved = xp.concatenate([2 * moved[:, :1] - moved[:, 1:2], moved, 2 * moved[:, -1:] - moved[:, -2:-1]], axis=1)
    moved = xp.concatenate(
        [2 * moved[:, :, :1] - moved[:, :, 1:2], moved, 2 * moved[:, :, -1:] - moved[:, :, -2:-1]], axis=2
    )
    return xp.ascontiguousarray(moved)


def _spread(shrink: float) -> tuple[int, float]:
    """(points per axis, their distance in output pixels); one point up to the shrink that the filter bears."""
    excess = shrink / _SHARP_TO
    if excess <= 1:
        return 1, 0.0
    count = max(2, math.ceil(excess))
    return count, math.sqrt((excess**2 - 1) / (count**2 - 1)) / excess
