# SPDX-License-Identifier: Apache-2.0
"""Gaussian blur: weights exp(-k^2 / (2 sigma^2)), cut at 4 sigma, sum 1, along rows and then down columns."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.arrays import Array, choice, float_array, namespace, number
from ofx_lipsync.kernels.launch import launch, on_arrays_device

OUTSIDE: dict[str, Literal["constant", "edge"]] = {"black": "constant", "hold": "edge"}
"""What lies beyond the image -> the pad mode that makes it."""


@on_arrays_device
def blur(image: Array, sigma_px: float, *, outside: str = "hold", region: Region | None = None) -> Array:
    """Returns [C, height, width] float32: `image` blurred, with no clamp.

    image: [C, H, W] float32. sigma_px: standard deviation, 0 to 1000; 0 changes nothing. Its cost grows with it.
    outside: what lies beyond the image, "hold" (its border pixel) or "black" (0).
    region: the part to make, counted from the image's top-left pixel; all by default. Tiles equal the whole.
    NaN and Inf spread over the filter's footprint (4 sigma each way).
    Raises: UsageError on wrong shapes or types.
    """
    image = float_array("blur", "image", image, "C H W")
    choice("blur", "outside", outside, tuple(OUTSIDE))
    region = region or Region.of_size(image.shape[2], image.shape[1])
    if not Region.of_size(image.shape[2], image.shape[1]).contains(region):
        raise UsageError(f"blur: region {region} is not inside the image {list(image.shape)}")
    weights = gaussian(number("blur", "sigma_px", sigma_px, 0.0, 1000.0))
    xp, reach = namespace(image), len(weights) // 2
    taps, (height, width) = xp.asarray(weights, np.float32), region.shape
    padded = _padded(image, region.grow(reach), outside)
    channels, rows, _ = padded.shape
    across = xp.empty((channels, rows, width), np.float32)
    launch("blur", "blur_rows", (channels * rows, width), across, padded, taps, taps.size, width, channels * rows)
    out = xp.empty((channels, height, width), np.float32)
    size = (channels * height, width)
    launch("blur", "blur_columns", size, out, across, taps, taps.size, channels, width, height)
    return out


def gaussian(sigma_px: float) -> np.ndarray:
    """[2 * reach + 1] float64 weights with the sum 1; [1.0] for sigma 0."""
    reach = math.ceil(4 * sigma_px)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma_px, 1e-9)) ** 2)
    return weights / weights.sum()


def reference(image: np.ndarray, sigma_px: float, *, outside: str = "hold", region: Region | None = None) -> np.ndarray:
    """The definition of `blur`, in float64."""
    weights = gaussian(sigma_px)
    reach = len(weights) // 2
    padded = np.pad(image.astype(np.float64), ((0, 0), (reach, reach), (reach, reach)), mode=OUTSIDE[outside])
    height, width = image.shape[1:]
    across = sum(w * padded[:, :, k : k + width] for k, w in enumerate(weights))
    full = sum(w * across[:, k : k + height] for k, w in enumerate(weights))
    region = region or Region.of_size(width, height)
    return full[:, region.y0 : region.y1, region.x0 : region.x1]


def _padded(image: Array, region: Region, outside: str) -> Array:
    """`image` over `region`, which may reach beyond it; contiguous."""
    inside = region.intersect(Region.of_size(image.shape[2], image.shape[1]))
    rows, columns = inside.slices_in(Region.of_size(image.shape[2], image.shape[1]))
    beyond = [(0, 0), (inside.y0 - region.y0, region.y1 - inside.y1), (inside.x0 - region.x0, region.x1 - inside.x1)]
    xp = namespace(image)
    return xp.ascontiguousarray(xp.pad(image[:, rows, columns], beyond, mode=OUTSIDE[outside]))
