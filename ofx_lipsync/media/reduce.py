# SPDX-License-Identifier: Apache-2.0
"""Area-average reduction: every pixel counts by the area it covers, so nothing rings and nothing aliases."""

from __future__ import annotations

import numpy as np


def reduced_size(width_px: int, height_px: int, longest_px: int) -> tuple[int, int]:
    """(width, height) with the longest side at most `longest_px`; never enlarged, never below one pixel."""
    longest = max(width_px, height_px)
    if longest <= longest_px:
        return width_px, height_px
    return max(1, round(width_px * longest_px / longest)), max(1, round(height_px * longest_px / longest))


def reduce_area(planes: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """[C, height, width] float32 area average of planes [C, H, W] float32, rows first (they lie contiguously)."""
    return _along(_along(planes, 1, height_px), 2, width_px)


def _along(planes: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Sums between fractional edges: whole rows by reduceat, minus what lies before, plus what spills over."""
    old = planes.shape[axis]
    if size == old:
        return planes
    edges = np.arange(size) * (old / size)
    first = edges.astype(np.int64)
    shape = [1] * planes.ndim
    shape[axis] = size
    spill = np.take(planes, first, axis=axis) * (edges - first).astype(np.float32).reshape(shape)
    sums = np.add.reduceat(planes, first, axis=axis)
    sums -= spill
    np.moveaxis(sums, axis, 0)[:-1] += np.moveaxis(spill, axis, 0)[1:]
    sums *= np.float32(size / old)
    return sums
