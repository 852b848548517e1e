# SPDX-License-Identifier: Apache-2.0
"""Low-frequency colour match: brings a patch's broad light and colour to the plate's, and keeps its detail.

A smooth field is found where both show the same skin (weight > 0) and carried over the whole patch by normalised
convolution (Knutsson and Westin 1993). With G a Gaussian blur, sums over the pixels whose colours are finite, a bar for
the weighted mean over the patch and e = 0.001:
    offset:  patch + (G[w (plate - patch)] + e * mean(plate - patch)) / (G[w] + e)
    gain:    patch * (G[w plate] + e * mean(plate)) / (G[w patch] + e * mean(patch))
so that the field becomes the weighted mean where no weight is near. The blur runs on cells of a quarter of sigma.
"""

from __future__ import annotations

import math

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.arrays import Array, choice, float_array, namespace, number, same_shape
from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.kernels.launch import launch, on_arrays_device

MODES = ("offset", "gain")
FAR = 1e-3
"""Smoothed weight below which the mean takes over: about 3.7 sigma from the nearest full weight."""
MOST_GAIN = 4.0
"""Two stops: a gain beyond comes from a dark patch's noise, not from light."""


@on_arrays_device
def match(
    patch: Array,
    plate: Array,
    weight: Array,
    *,
    sigma_px: float,
    mode: str = "offset",
    region: Region | None = None,
) -> Array:
    """Returns [C, height, width] float32: `patch` corrected, with no clamp of its values.

    patch, plate: [C, H, W] float32, scene-linear, of the same pixels. weight: [H, W] float32, how far both show the
        same thing, such as the ring of skin round the mouth; 0, below 0 and NaN count as nothing.
    sigma_px: how broad the field is, 0.5 to 1000. mode: "offset" adds (safe in the dark), "gain" multiplies (true for
        a change of light; held to 1/4..4, and 1 where the smoothed patch is not above 0).
    region: the part to return, counted from the patch's top-left pixel; the field is always that of the whole patch,
        so tiles equal the whole.
    NaN and Inf in the plate leave the field untouched; in the patch they stay on their own pixel. Without any weight
    the patch comes back as it is.
    Raises: UsageError on wrong shapes or types.
    """
    patch, plate = float_array("match", "patch", patch, "C H W"), float_array("match", "plate", plate, "C H W")
    weight = float_array("match", "weight", weight, "H W")
    same_shape("match", "plate", plate, patch.shape)
    same_shape("match", "weight", weight, patch.shape[1:])
    gain = choice("match", "mode", mode, MODES)
    sigma = number("match", "sigma_px", sigma_px, 0.5, 1000.0)
    whole = Region.of_size(patch.shape[2], patch.shape[1])
    region = region or whole
    if not whole.contains(region):
        raise UsageError(f"match: region {region} is not inside the patch {list(patch.shape)}")
    cell, fine_sigma = _cells(sigma)
    field = _field(_sums(patch, plate, weight, gain, cell), fine_sigma, gain)
    xp = namespace(patch)
    window = xp.ascontiguousarray(patch[:, region.y0 : region.y1, region.x0 : region.x1])
    out = xp.empty(window.shape, np.float32)
    channels, height, width = window.shape
    mesh = (gain, cell, field.shape[1], field.shape[2], channels)
    launch("match", "match", (height, width), out, window, field, *mesh, region.x0, region.y0, width, height)
    return out


def reference(
    patch: np.ndarray,
    plate: np.ndarray,
    weight: np.ndarray,
    *,
    sigma_px: float,
    mode: str = "offset",
    region: Region | None = None,
) -> np.ndarray:
    """The definition of `match` in float64: the formula above at full resolution, every pixel seen by every other."""
    before, wanted = patch.astype(np.float64), plate.astype(np.float64)
    known = (weight > 0) & np.isfinite(before - wanted).all(axis=0)
    w = np.where(known, weight, 0.0)
    above = np.where(known, wanted if mode == "gain" else wanted - before, 0.0)
    below = np.where(known, before if mode == "gain" else np.ones_like(before), 0.0)
    rows, columns = (_toeplitz(side, sigma_px) for side in w.shape)

    def smooth(planes: np.ndarray) -> np.ndarray:
        return rows @ (w * planes) @ columns.T

    means = [(w * planes).sum(axis=(1, 2), keepdims=True) / max(w.sum(), 1e-30) for planes in (above, below)]
    below_smooth = smooth(below) + FAR * means[1]
    if not w.any():
        field = np.full(before.shape, float(mode == "gain"))
    else:
        field = (smooth(above) + FAR * means[0]) / below_smooth
    if mode == "gain":
        field = np.where(below_smooth > 0, field.clip(1 / MOST_GAIN, MOST_GAIN), 1.0)
    out = before * field if mode == "gain" else before + field
    region = region or Region.of_size(patch.shape[2], patch.shape[1])
    return out[:, region.y0 : region.y1, region.x0 : region.x1]


def _toeplitz(length: int, sigma_px: float) -> np.ndarray:
    """[length, length]: Gaussian blur as a matrix, black outside."""
    distance = np.arange(length)[:, None] - np.arange(length)
    return np.exp(-0.5 * (distance / sigma_px) ** 2) / (sigma_px * math.sqrt(2 * math.pi))


def _cells(sigma_px: float) -> tuple[int, float]:
    """(cell side in px, sigma in cells): the cells' mean and the linear reading between them blur by cell^2 / 4."""
    cell = max(1, int(sigma_px / 4))
    return cell, math.sqrt(sigma_px**2 - (cell**2 / 4 if cell > 1 else 0.0)) / cell


def _sums(patch: Array, plate: Array, weight: Array, gain: int, cell: int) -> Array:
    xp = namespace(patch)
    patch, plate, weight = (xp.ascontiguousarray(array) for array in (patch, plate, weight))
    channels, high, wide = patch.shape
    height, width = -(-high // cell), -(-wide // cell)
    sums = xp.empty((2 * channels + 1, height, width), np.float32)
    size = (gain, cell, channels, wide, high, width, height)
    launch("match", "match_cells", (height, width), sums, patch, plate, weight, *size)
    return sums


def _field(sums: Array, sigma: float, gain: int) -> Array:
    """[C, rows, columns] float32: what to add to the patch, or to multiply it by, at the cells' centres."""
    xp = namespace(sums)
    channels = len(sums) // 2
    totals = sums.sum(axis=(1, 2), dtype=np.float64)
    none = totals[-1] <= 0
    means = (FAR * totals[:-1] / xp.where(none, 1.0, totals[-1])).astype(np.float32)
    smooth = blur(sums[:-1], sigma, outside="black") + means[:, None, None]
    above, below = smooth[:channels], smooth[channels:]
    usable = below > 0
    field = xp.where(usable, above / xp.where(usable, below, 1), float(gain))
    return xp.ascontiguousarray((field.clip(1 / MOST_GAIN, MOST_GAIN) if gain else field).astype(np.float32))
