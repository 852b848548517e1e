# SPDX-License-Identifier: Apache-2.0
"""A layer over stored pixels, in numbers that any compositing program gets too.

The layer is rounded first, to what an elements file can hold, and the comp is made of the rounded one: so a plain
`over` of that file on the plate is the comp to the last bit, whether or not anybody asked for the file.
"""

from __future__ import annotations

import numpy as np

STEPS = np.float32(8192)
"""Alpha of half files goes by 1/8192: times a half of 11 bits it is exact in float32, so that a program which rounds
once where another rounds twice (fused multiply-add) comps the same bits."""


def rounded(rgba: np.ndarray, half: bool) -> np.ndarray:
    """[4, H, W] float32, premultiplied, of its own: numbers that half holds where `half`; nothing where alpha is 0."""
    layer = np.array(rgba, dtype=np.float32, order="C")
    if half:
        layer[3] = np.rint(layer[3] * STEPS) / STEPS
        with np.errstate(over="ignore"):
            layer = layer.astype(np.float16).astype(np.float32)
    layer[:3] = np.where(layer[3] > 0, layer[:3], 0)
    return layer


def plain_over(layer: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """[3, H, W] float32: layer + (1 - alpha) plate, no clamp. Where alpha is 1 the plate is hidden, NaN and Inf too."""
    alpha = layer[3]
    with np.errstate(invalid="ignore"):
        mixed = layer[:3] + (np.float32(1) - alpha) * plate
    return np.where(alpha == 1, layer[:3], mixed)
