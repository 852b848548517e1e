# SPDX-License-Identifier: Apache-2.0
"""Premultiplied patch over plate (Porter and Duff 1984): out = patch + (1 - alpha) * plate."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels.arrays import Array, float_array, namespace, same_shape
from ofx_lipsync.kernels.launch import launch, on_arrays_device


@on_arrays_device
def over(patch: Array, plate: Array) -> Array:
    """Returns [3 or 4, H, W] float32, as many channels as `plate`, with no clamp.

    patch: [4, H, W] float32 RGBA, premultiplied, scene-linear. plate: [3 or 4, H, W] float32 of the same size.
    Where alpha is exactly 0 the result is the plate bit for bit (NaN, Inf and -0.0 too) whatever the patch's colour;
    where it is exactly 1 the plate is hidden, its NaN and Inf too.
    Each pixel depends on itself alone: a window of the result is `over` of the windows.
    Raises: UsageError on wrong shapes or types.
    """
    patch = float_array("over", "patch", patch, "4 H W")
    plate = float_array("over", "plate", plate, "C H W")
    if plate.shape[0] not in (3, 4):
        raise UsageError(f"over: plate has {plate.shape[0]} channels, expected 3 (RGB) or 4 (RGBA)")
    same_shape("over", "patch", patch, (4, *plate.shape[1:]))
    xp = namespace(plate)
    out = xp.empty(plate.shape, np.float32)
    patch, plate = xp.ascontiguousarray(patch), xp.ascontiguousarray(plate)
    channels, height, width = plate.shape
    launch("over", "over", (height, width), out, patch, plate, channels, width, height)
    return out


def reference(patch: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """The definition of `over`."""
    alpha = patch[3]
    colour = patch[: len(plate)]
    mixed = colour + (np.float32(1) - alpha) * plate
    return np.where(alpha == 0, plate, np.where(alpha == 1, colour, mixed))
