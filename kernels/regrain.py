# SPDX-License-Identifier: Apache-2.0
"""Grain put back: noise with a wanted spectrum, mixed to channels, as strong as the light under it asks for.

    out_c = image_c + amount * sqrt(v_c0 + v_c1 L + v_c2 L^2) * sum_k mix_ck (taps_k * white_k),   L = max(image_c, 0)
white_k at a pixel is a hash of the pixel, k and the seed: no tile, no order and no machine changes it.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels.arrays import Array, float_array, namespace, same_shape
from ofx_lipsync.kernels.launch import launch, on_arrays_device

_UNIT = np.float32(2.64290e-5)
"""Brings the sum of four numbers of 16 bits to deviation 1: sqrt(3) / 65536."""


@on_arrays_device
def regrain(
    image: Array, amount: Array, taps: Array, mix: Array, level: Array, *, seed: int, origin: tuple[int, int] = (0, 0)
) -> Array:
    """Returns [3, H, W] float32: `image` with grain, with no clamp.

    image: [3, H, W] float32, scene-linear; its top-left pixel is plate pixel `origin` = (x, y).
    amount: [H, W] float32, how much of the grain; where it is 0 the image keeps its bits.
    taps: [3, T, T] float32, T odd, the filter of each of three noises; sum of squares 1 keeps deviation 1.
    mix: [3, 3] float32, channel by noise. level: [3, 3] float32, per channel the variance at no light, per light and
        per light squared; at least 0.
    seed: another seed, another grain; a frame's number belongs in it.
    NaN and Inf stay as they are on their own pixel.
    Raises: UsageError on wrong shapes or types.
    """
    image, amount = float_array("regrain", "image", image, "3 H W"), float_array("regrain", "amount", amount, "H W")
    taps = float_array("regrain", "taps", taps, "3 T T")
    mix, level = float_array("regrain", "mix", mix, "3 3"), float_array("regrain", "level", level, "3 3")
    same_shape("regrain", "amount", amount, image.shape[1:])
    size = taps.shape[1]
    if size % 2 == 0 or taps.shape[2] != size:
        raise UsageError(f"regrain: taps is {list(taps.shape)} float32, expected [3, T, T] with T odd")
    xp = namespace(image)
    image, amount, taps, mix, level = (xp.ascontiguousarray(a) for a in (image, amount, taps, mix, level))
    height, width = image.shape[1:]
    deep, wide = height + size - 1, width + size - 1
    noise, out = xp.empty((3, deep, wide), np.float32), xp.empty(image.shape, np.float32)
    corner = origin[0] - size // 2, origin[1] - size // 2
    launch("regrain", "white", (deep, wide), noise, 3, _signed(seed), *map(int, corner), wide, deep)
    launch("regrain", "regrain", (height, width), out, image, amount, noise, taps, size, mix, level, width, height)
    return out


def reference(
    image: np.ndarray, amount: np.ndarray, taps: np.ndarray, mix: np.ndarray, level: np.ndarray, *, seed: int,
    origin: tuple[int, int] = (0, 0),
) -> np.ndarray:  # fmt: skip
    """The definition of `regrain`, in float64."""
    size, (height, width) = taps.shape[1], image.shape[1:]
    noise = white_reference(
        seed, (height + size - 1, width + size - 1), (origin[0] - size // 2, origin[1] - size // 2)
    ).astype(np.float64)
    clump = np.zeros(image.shape)
    for j in range(size):
        for n in range(size):
            clump += taps[:, j, n, None, None].astype(np.float64) * noise[:, j : j + height, n : n + width]
    light = image.astype(np.float64)
    held = np.where(np.isfinite(light), np.maximum(light, 0), 0)
    square = sum(level[:, i, None, None].astype(np.float64) * held**i for i in range(3))
    grain = np.sqrt(square) * np.einsum("ck,kyx->cyx", mix.astype(np.float64), clump)
    return np.where(np.isfinite(light) & (amount != 0), light + amount * grain, light)


def white_reference(seed: int, shape: tuple[int, int], origin: tuple[int, int]) -> np.ndarray:
    """[3, H, W] float32: the noise of plate pixels from `origin` on, bit for bit that of the kernel."""
    x = np.arange(origin[0], origin[0] + shape[1]).astype(np.int64).astype(np.uint32)
    y = np.arange(origin[1], origin[1] + shape[0]).astype(np.int64).astype(np.uint32)[:, None]
    planes = np.arange(3, dtype=np.uint32)[:, None, None]
    row = _stirred(y + _stirred(planes + _stirred(np.array([[[_signed(seed)]]]).astype(np.uint32))))
    a = _stirred(x + row)
    b = _stirred(a ^ np.uint32(0x68BC21EB))
    total = sum((part.astype(np.int64) for part in (a & 0xFFFF, a >> 16, b & 0xFFFF, b >> 16)), np.int64(-131070))
    return np.asarray(total.astype(np.float32) * _UNIT)


def _stirred(h: np.ndarray) -> np.ndarray:
    h = h ^ (h >> np.uint32(16))
    h = h * np.uint32(0x7FEB352D)
    h = h ^ (h >> np.uint32(15))
    h = h * np.uint32(0x846CA68B)
    return np.asarray(h ^ (h >> np.uint32(16)))


def _signed(seed: int) -> int:
    """The seed's low 32 bits, as a C int holds them."""
    low = seed & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low
