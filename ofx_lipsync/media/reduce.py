# SPDX-License-Identifier: Apache-2.0
"""Area-average reduction: every pixel counts by the area it covers, so nothing rings and nothing aliases."""

from __future__ import annotations

import math
from typing import Callable

import numpy as np

from ofx_lipsync.core.region import Region
from ofx_lipsync.media.plate import strips


def reduced_size(width_px: int, height_px: int, longest_px: int) -> tuple[int, int]:
    """(width, height) with the longest side at most `longest_px`; never enlarged, never below one pixel."""
    longest = max(width_px, height_px)
    if longest <= longest_px:
        return width_px, height_px
    return max(1, round(width_px * longest_px / longest)), max(1, round(height_px * longest_px / longest))


def reduce_area(planes: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """[3, height, width] float32 area average of planes [3, H, W]."""
    reduction = Reduction(planes.shape[1:], (width_px, height_px))
    reduction.add(np.ascontiguousarray(planes.transpose(1, 2, 0), dtype=np.float32))
    return reduction.planes()


def area_average(region: Region, size: tuple[int, int], read: Callable[[Region], np.ndarray]) -> np.ndarray:
    """[3, height, width] float32 of a region that is read strip by strip. size: (width, height).

    read: gives [H, W, 3] float32 of its own for a strip of the region; black where the picture has no pixels.
    """
    reduction = Reduction(region.shape, size)
    for strip in strips(region):
        rows = read(strip)
        # One firefly or NaN would bleach or blacken its whole neighbourhood in the average.
        np.fmin(rows, np.float32(16), out=rows)
        reduction.add(np.fmax(rows, np.float32(-1), out=rows))
    return reduction.planes()


class Reduction:
    """The area average of a picture that comes in strips of rows, so that a 4K frame is never held in float."""

    def __init__(self, shape: tuple[int, ...], size: tuple[int, int]) -> None:
        """shape: (height, width) of the picture. size: (width, height) wanted, not larger."""
        self._width, height = size
        self._edges = np.arange(height + 1) * (shape[0] / height)
        self._sums = np.zeros((height, shape[1] * 3), np.float32)
        self._done = 0

    def add(self, rows: np.ndarray) -> None:
        """The next rows, [h, W, 3] float32."""
        flat = rows.reshape(len(rows), -1)
        begin, end = self._done, self._done + len(rows)
        self._done = end
        first = int(np.searchsorted(self._edges, begin, side="right")) - 1
        for row in range(first, min(int(np.searchsorted(self._edges, end)), len(self._sums))):
            low, high = max(self._edges[row], begin) - begin, min(self._edges[row + 1], end) - begin
            self._sums[row] += _covered(flat, float(low), float(high))

    def planes(self) -> np.ndarray:
        """[3, height, width] float32."""
        height = len(self._sums)
        means = self._sums * np.float32(height / self._done)
        planes = np.ascontiguousarray(means.reshape(height, -1, 3).transpose(2, 0, 1))
        return _along_rows(planes, self._width)


def _covered(rows: np.ndarray, low: float, high: float) -> np.ndarray:
    """[W] sum of rows [h, W] from `low` to `high`, split rows by the part that is inside; at least one row apart."""
    first, last = math.ceil(low), math.floor(high)
    total: np.ndarray = rows[first:last].sum(axis=0)
    if first > low:
        total += rows[first - 1] * np.float32(first - low)
    if high > last:
        total += rows[last] * np.float32(high - last)
    return total


def _along_rows(planes: np.ndarray, size: int) -> np.ndarray:
    """Sums between fractional edges: whole pixels by reduceat, minus what lies before, plus what spills over."""
    old = planes.shape[2]
    if size == old:
        return planes
    edges = np.arange(size) * (old / size)
    first = edges.astype(np.int64)
    spill = np.take(planes, first, axis=2) * (edges - first).astype(np.float32)
    sums = np.add.reduceat(planes, first, axis=2)
    sums -= spill
    sums[..., :-1] += spill[..., 1:]
    sums *= np.float32(size / old)
    return sums
