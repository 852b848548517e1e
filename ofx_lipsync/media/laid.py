# SPDX-License-Identifier: Apache-2.0
"""A layer over stored pixels, in numbers that any compositing program gets too.

The layer is rounded first, to what an elements file can hold, and the comp is made of the rounded one: so a plain
`over` of that file on the plate is the comp to the last bit, whether or not anybody asked for the file.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.choice import chosen, keep_only

STEPS = np.float32(8192)
"""Alpha of half files goes by 1/8192: times a half of 11 bits it is exact in float32, so that a program which rounds
once where another rounds twice (fused multiply-add) comps the same bits."""

_BEYOND, _SMALL = np.float32(65520).view(np.uint32), np.float32(2**-14).view(np.uint32)


def rounded(rgba: np.ndarray, half: bool) -> np.ndarray:
    """[4, H, W] float32, premultiplied, of its own: numbers that half holds where `half`; nothing where alpha is 0."""
    layer = np.array(rgba, dtype=np.float32, order="C")
    if half:
        layer[3] = np.rint(layer[3] * STEPS) / STEPS
        layer = held_by_half(layer)
    keep_only(layer[3] > 0, layer[:3])
    return layer


def held_by_half(numbers: np.ndarray) -> np.ndarray:
    """float32, rounded as a half file rounds: to 11 bits, ties to even, and below 2^-14 to steps of 2^-24.

    NumPy's own way to half and back takes three times as long; it is left what is beyond half, NaN and Inf.
    """
    bits = np.ascontiguousarray(numbers).view(np.uint32)
    size = bits & np.uint32(0x7FFFFFFF)
    if size.size and size.max() >= _BEYOND:
        with np.errstate(over="ignore"):
            return numbers.astype(np.float16).astype(np.float32)
    made = size >> np.uint32(13)
    made &= np.uint32(1)
    made += size
    made += np.uint32(0xFFF)
    made &= np.uint32(0xFFFFE000)
    small = size.view(np.float32) + np.float32(0.5)
    small -= np.float32(0.5)
    made = chosen(size < _SMALL, small.view(np.uint32), made)
    made |= bits & np.uint32(0x80000000)
    return made.view(np.float32)


def plain_over(layer: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """[3, H, W] float32: layer + (1 - alpha) plate, no clamp. Where alpha is 1 the plate is hidden, NaN and Inf too."""
    alpha = layer[3]
    with np.errstate(invalid="ignore"):
        mixed = (np.float32(1) - alpha) * plate
        mixed += layer[:3]
    return chosen(alpha == 1, layer[:3], mixed)
