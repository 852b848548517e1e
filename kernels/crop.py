# SPDX-License-Identifier: Apache-2.0
"""Antialiased affine resample: cuts a face out of a plate and turns it upright for a network.

Along each output axis the matrix makes one pixel s input pixels long. For s <= 1 the picture is read once per pixel.
For s > 1, n = ceil(s) points per axis are read and averaged, at a distance of d = sqrt((s^2 - 1) / (n^2 - 1)) input
pixels (never more than 1, so no input pixel is missed). The variance of such a row of points is (s^2 - 1) / 12: that of
a pixel s long less that of the input's own pixel. It grows smoothly with s, so that the softness of a slow zoom does
not pop where n changes.
While s is 4 or more on both axes, the picture is first halved by means of 2 x 2 pixels. An axis gets 16 points at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels.arrays import Array, choice, float_array, namespace, strides
from ofx_lipsync.kernels.launch import launch, on_arrays_device

FILTERS = ("linear", "cubic")
OUTSIDE = ("black", "hold")
_HALVE_FROM = 4.0
_MOST_POINTS = 16


@on_arrays_device
def crop(
    image: Array,
    matrix: Array,
    shape: tuple[int, int],
    *,
    out_origin: tuple[int, int] = (0, 0),
    filter: str = "linear",
    outside: str = "black",
) -> Array:
    """Returns [C, height, width] float32: `image` resampled through `matrix`, with no clamp.

    image: [C, H, W] float32 of any strides; pixel (0, 0) covers 0..1. Where it is a window of a plate, the matrix
        maps to the window's coordinates.
    matrix: [2, 3], maps an output pixel's centre (x + 0.5, y + 0.5) to image coordinates (x, y).
    shape: (height, width) of the result, whose top-left pixel is out_origin = (x, y): tiles equal the whole.
    filter: "linear", or "cubic" (Catmull-Rom, sharper when enlarging; overshoots at hard edges).
    outside: what lies beyond the image, "black" (0) or "hold" (its border pixel).

    A point on a pixel's centre gives that pixel bit for bit; NaN and Inf spread over the filter's footprint.
    Raises: UsageError on wrong shapes, types or a matrix that is not finite.
    """
    image = float_array("crop", "image", image, "C H W")
    affine = _affine(matrix)
    height, width = _size(shape)
    cubic = choice("crop", "filter", filter, FILTERS)
    edge = choice("crop", "outside", outside, OUTSIDE)
    while min(_lengths(affine)) >= _HALVE_FROM and max(image.shape[1:]) > 1:
        image, affine = halve(image), affine * 0.5
    (samples_x, step_x), (samples_y, step_y) = (_spread(length) for length in _lengths(affine))
    out = namespace(image).empty((image.shape[0], height, width), np.float32)
    along_x, along_y = affine[:, 0] * step_x, affine[:, 1] * step_y
    picture = (image, *strides("crop", image), image.shape[0], image.shape[2], image.shape[1], edge, cubic)
    points = (*affine.ravel().tolist(), *along_x.tolist(), *along_y.tolist(), samples_x, samples_y)
    launch("crop", "crop", (height, width), out, *picture, *points, *map(int, out_origin), width, height)
    return out


@on_arrays_device
def halve(image: Array) -> Array:
    """Returns [C, ceil(H / 2), ceil(W / 2)] float32, means of 2 x 2 pixels; an odd last row or column counts twice."""
    image = float_array("halve", "image", image, "C H W")
    channels, high, wide = image.shape
    height, width = -(-high // 2), -(-wide // 2)
    out = namespace(image).empty((channels, height, width), np.float32)
    launch("crop", "halve", (height, width), out, image, *strides("halve", image), channels, wide, high, width, height)
    return out


def reference(
    image: np.ndarray,
    matrix: np.ndarray,
    shape: tuple[int, int],
    *,
    out_origin: tuple[int, int] = (0, 0),
    filter: str = "linear",
    outside: str = "black",
) -> np.ndarray:
    """The definition of `crop`, in float64."""
    affine = np.asarray(matrix, np.float64)
    picture = image.astype(np.float64)
    while min(_lengths(affine)) >= _HALVE_FROM and max(picture.shape[1:]) > 1:
        odd = [(0, 0), *((0, side % 2) for side in picture.shape[1:])]
        even = np.pad(picture, odd, mode="edge")
        picture = (even[:, 0::2, 0::2] + even[:, 0::2, 1::2] + even[:, 1::2, 0::2] + even[:, 1::2, 1::2]) / 4
        affine = affine * 0.5
    (nx, dx), (ny, dy) = (_spread(length) for length in _lengths(affine))
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]] + 0.5
    at = np.stack([x + out_origin[0], y + out_origin[1], np.ones_like(x)])
    centre = np.einsum("ij,jhw->ihw", affine, at)  # [2, height, width]
    total = np.zeros((len(picture), *shape))
    for j in range(ny):
        for i in range(nx):
            offset = affine[:, 0] * dx * (i - (nx - 1) / 2) + affine[:, 1] * dy * (j - (ny - 1) / 2)
            total += sample(picture, centre + offset[:, None, None], filter, outside)
    return total / (nx * ny)


def sample(picture: np.ndarray, at: np.ndarray, filter: str, outside: str) -> np.ndarray:
    """[C, ...] float64: `picture` [C, H, W] read at coordinates `at` [2, ...] (x, y), pixel centres at +0.5."""
    whole = np.floor(at - 0.5)
    f = at - 0.5 - whole
    reach, weight = {"linear": ((0, 1), _tent), "cubic": ((-1, 0, 1, 2), keys)}[filter]
    total = np.zeros((len(picture), *at.shape[1:]))
    for row in reach:
        for column in reach:
            x, y = whole[0].astype(int) + column, whole[1].astype(int) + row
            value = picture[:, y.clip(0, picture.shape[1] - 1), x.clip(0, picture.shape[2] - 1)]
            beyond = (x < 0) | (y < 0) | (x >= picture.shape[2]) | (y >= picture.shape[1])
            value = np.where(beyond & (outside == "black"), 0.0, value)
            w = weight(column - f[0]) * weight(row - f[1])
            on_centre = (f[0] == 0) & (f[1] == 0)
            total += np.where(on_centre & (w == 0), 0.0, w * value)
    return total


def _tent(t: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(t), 0)


def keys(t: np.ndarray) -> np.ndarray:
    """Keys 1981, eq. 15: the Catmull-Rom cubic."""
    t = np.abs(t)
    return np.where(t < 1, (1.5 * t - 2.5) * t**2 + 1, np.where(t < 2, ((2.5 - 0.5 * t) * t - 4) * t + 2, 0))


def _affine(matrix: Array) -> np.ndarray:
    affine = np.asarray(matrix, np.float64)
    if affine.shape != (2, 3) or not np.isfinite(affine).all():
        raise UsageError(f"crop: matrix is {affine.tolist()}, expected [2, 3] finite numbers")
    return affine


def _size(shape: Sequence[int]) -> tuple[int, int]:
    if len(shape) != 2 or min(shape) < 0:
        raise UsageError(f"crop: shape is {tuple(shape)}, expected (height, width)")
    return int(shape[0]), int(shape[1])


def _lengths(affine: np.ndarray) -> tuple[float, float]:
    """How many input pixels one output pixel spans along x and along y."""
    return float(math.hypot(*affine[:, 0])), float(math.hypot(*affine[:, 1]))


def _spread(length: float) -> tuple[int, float]:
    """(number of points, their distance in output pixels) along an axis whose pixel spans `length` input pixels."""
    count = min(max(1, math.ceil(length)), _MOST_POINTS)
    if count == 1:
        return 1, 0.0
    return count, math.sqrt((length**2 - 1) / (count**2 - 1)) / length
