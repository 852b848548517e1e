# SPDX-License-Identifier: Apache-2.0
"""Boxes of whole pixels, half-open, origin top-left, y down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Iterable, Iterator

_BAND_PX = 1 << 16


@dataclass(frozen=True)
class Region:
    """Pixels x0 <= x < x1, y0 <= y < y1 in plate space. May start below zero (overscan)."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def of_size(cls, width_px: int, height_px: int) -> Region:
        return cls(0, 0, width_px, height_px)

    @classmethod
    def around(cls, points: Iterable[Iterable[float]], margin_px: float = 0.0) -> Region:
        """The smallest region holding all points [P, 2+] (x, y, ...) and a margin."""
        xs, ys = zip(*((float(p[0]), float(p[1])) for p in map(tuple, points)), strict=True)
        return cls(
            math.floor(min(xs) - margin_px),
            math.floor(min(ys) - margin_px),
            math.ceil(max(xs) + margin_px),
            math.ceil(max(ys) + margin_px),
        )

    @property
    def width(self) -> int:
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        return max(0, self.y1 - self.y0)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), the order of arrays."""
        return self.height, self.width

    @property
    def is_empty(self) -> bool:
        return self.x1 <= self.x0 or self.y1 <= self.y0

    def intersect(self, other: Region) -> Region:
        return Region(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )

    def union(self, other: Region) -> Region:
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        return Region(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )

    def grow(self, margin_px: int) -> Region:
        return Region(self.x0 - margin_px, self.y0 - margin_px, self.x1 + margin_px, self.y1 + margin_px)

    def shift(self, dx: int, dy: int) -> Region:
        return Region(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def contains(self, other: Region) -> bool:
        return other.is_empty or self.intersect(other) == other

    def aligned(self, multiple: int) -> Region:
        """Grown outwards so that every edge is a multiple (chroma subsampling needs even edges)."""
        m = multiple
        return Region(self.x0 // m * m, self.y0 // m * m, -(-self.x1 // m) * m, -(-self.y1 // m) * m)

    def slices_in(self, outer: Region) -> tuple[slice, slice]:
        """(rows, columns) of this region within an array that covers `outer`."""
        return (
            slice(self.y0 - outer.y0, self.y1 - outer.y0),
            slice(self.x0 - outer.x0, self.x1 - outer.x0),
        )


def bands(shape: tuple[int, ...], most_px: int = _BAND_PX) -> Iterator[slice]:
    """Rows of a picture [H, W], so many at a time that what is worked out of them stays in a processor's cache."""
    height, width = shape
    step = max(1, most_px // max(width, 1))
    for first in range(0, height, step):
        yield slice(first, min(first + step, height))
