# SPDX-License-Identifier: Apache-2.0
"""Ink for views: antialiased lines, dots and boxes in sRGB colours, laid over a picture or on their own."""

from __future__ import annotations

from typing import Iterable

import numpy as np

from ofx_lipsync.core.region import Region

Rgb = tuple[float, float, float]
FACE, LIPS, WANTED, OTHER = (0.2, 0.85, 1.0), (1.0, 0.85, 0.2), (1.0, 0.35, 0.3), (0.6, 0.6, 0.6)
GOOD, POOR, DIM, DARK = (0.25, 0.85, 0.35), (0.95, 0.25, 0.2), (0.35, 0.35, 0.38), (0.06, 0.06, 0.07)


class Ink:
    """rgb: [3, H, W] sRGB 0..1; alpha: [H, W] 0..1, how much of it covers. Points are in the pixels of `region`."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.rgb = np.zeros((3, *region.shape), np.float32)
        self.alpha = np.zeros(region.shape, np.float32)

    def line(self, points: np.ndarray, colour: Rgb, width_px: float = 1.5, closed: bool = False) -> None:
        """points: [N, 2]."""
        ends = np.concatenate([points, points[:1]]) if closed else points
        for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            self._segment(start, end, colour, width_px)

    def dots(self, points: np.ndarray, colour: Rgb, radius_px: float) -> None:
        for point in points.tolist():
            self._segment(point, point, colour, 2 * radius_px)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Rgb, width_px: float = 1.5) -> None:
        self.line(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), colour, width_px, closed=True)

    def fill(self, x0: float, y0: float, x1: float, y1: float, colour: Rgb, alpha: float = 1.0) -> None:
        """A whole-pixel box."""
        inside = Region(round(x0), round(y0), round(x1), round(y1)).intersect(self.region)
        if not inside.is_empty:
            self._lay(inside, np.full(inside.shape, alpha, np.float32), colour)

    def graph(
        self, box: tuple[float, float, float, float], values: Iterable[float], colour: Rgb, width_px: float
    ) -> None:
        """Values 0..1 along a box x0 y0 x1 y1, the first at its left edge, 1 at its top."""
        heights = np.clip(np.nan_to_num(np.fromiter(values, np.float64)), 0, 1)
        if len(heights) > 1:
            x = np.linspace(box[0], box[2], len(heights))
            self.line(np.stack([x, box[3] - heights * (box[3] - box[1])], axis=1), colour, width_px)

    def _segment(self, start: list[float], end: list[float], colour: Rgb, width_px: float) -> None:
        if not np.isfinite([*start, *end]).all():
            return
        box = Region.around([start, end], width_px / 2 + 1).intersect(self.region)
        if box.is_empty:
            return
        y, x = np.ogrid[box.y0 + 0.5 : box.y1, box.x0 + 0.5 : box.x1]
        across, down = end[0] - start[0], end[1] - start[1]
        length2 = across * across + down * down or 1.0
        along = np.clip(((x - start[0]) * across + (y - start[1]) * down) / length2, 0, 1)
        distance = np.hypot(x - start[0] - along * across, y - start[1] - along * down)
        self._lay(box, np.clip(width_px / 2 + 0.5 - distance, 0, 1).astype(np.float32), colour)

    def _lay(self, box: Region, cover: np.ndarray, colour: Rgb) -> None:
        rows, columns = box.slices_in(self.region)
        target, alpha = self.rgb[:, rows, columns], self.alpha[rows, columns]
        target += cover * (np.array(colour, np.float32)[:, None, None] - target)
        # Under thin ink the colour must be the ink's own, or edges darken.
        np.copyto(target, np.array(colour, np.float32)[:, None, None], where=(alpha == 0) & (cover > 0))
        np.maximum(alpha, cover, out=alpha)
