# SPDX-License-Identifier: Apache-2.0
"""Motion blur of a head that moves: a sharp mouth on it looks stuck on.

The track says which way and how far a head goes in a frame, here and where the library mouth was filmed; a shutter is
open for a share of that. Blurs along one way add up as squares of their lengths, so what the mouth lacks is
shutter * sqrt(here^2 - there^2). Reading the length off the plate, by how weak edges along the way are beside those
across, gave 1.7 to 9.7 px for a true 5: mouths of other shapes have other edges.
"""

from __future__ import annotations

import math

import numpy as np

from ofx_lipsync.kernels.crop import crop

LEAST_PX = 0.6
"""A shorter smear is finer than what reading between pixels takes away."""


def smeared(picture: np.ndarray, way: np.ndarray) -> np.ndarray:
    """[C, H, W] float32: the mean of the picture along `way` [2] px, half of it before and half behind."""
    length = float(np.hypot(*way))
    if length < LEAST_PX:
        return picture
    count = math.ceil(length) + 1
    total = np.zeros_like(picture)
    for part in (np.arange(count) + 0.5) / count - 0.5:
        matrix = np.array([[1, 0, way[0] * part], [0, 1, way[1] * part]])
        total += crop(picture, matrix, picture.shape[1:], outside="hold")
    return np.asarray(total / np.float32(count))
