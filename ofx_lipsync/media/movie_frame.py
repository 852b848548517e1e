# SPDX-License-Identifier: Apache-2.0
"""One frame of a movie in its own planes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.laid import plain_over, rounded
from ofx_lipsync.media.native import plane_view, planes_of
from ofx_lipsync.media.plate import Frame, PlateInfo
from ofx_lipsync.media.yuv import Coding, Planes, ycc


class MovieFrame(Frame):
    """picture: a planar FFmpeg frame of our own. ticks, duration: when and how long, in time_base, counted from
    the plate's first frame."""

    def __init__(
        self, number: int, picture: Any, coding: Coding, colour: Colour, info: PlateInfo,
        ticks: int, duration: int, time_base: Fraction,
    ) -> None:  # fmt: skip
        self.number = number
        self.picture = picture
        self.coding = coding
        self.info = info
        self.ticks, self.duration, self.time_base = ticks, duration, time_base
        self.window = self.display = Region.of_size(picture.width, picture.height)
        self.metadata = {"timecode": info.timecode} if info.timecode else {}
        self._colour = colour

    def planes(self) -> Planes:
        return planes_of(self.picture, self.coding)

    def blacken(self) -> None:
        """Every pixel black, alpha solid: ground to draw on."""
        for part in self.picture.format.components:
            if part.is_alpha:
                plane_view(self.picture, part, self.coding.bits)[...] = self.coding.top
        for number, plane in enumerate(self.planes().arrays):
            chroma = number > 0 and not self.coding.is_rgb
            plane[...] = round(self.coding.chroma()[0] if chroma else self.coding.luma()[0])

    def image(self) -> Image:
        rgb = self.planes().rgb(self.window)
        return Image(self._colour.to_working(rgb, self.info.space), self.window, self.display)

    def show(self, other: Frame) -> None:
        if not isinstance(other, MovieFrame):
            raise UsageError(f"frame {self.number}: cannot show a {type(other).__name__}, expected the same movie's")
        self.picture = other.picture

    def composite(self, image: Image, matte: np.ndarray) -> None:
        inside = image.region.intersect(self.window)
        if inside.is_empty:
            return
        covered = matte[inside.slices_in(image.region)] > 0
        box = _bounds(covered, inside)
        if box.is_empty:
            return
        covered = covered[box.slices_in(inside)]
        rgb = self._colour.from_working(image.window(box).pixels, self.info.space)
        _write(self.planes(), rgb, covered, box)

    def lay(self, layer: Image) -> Image:
        part = layer.window(layer.region.intersect(self.window))
        laid = rounded(part.pixels, half=False)
        if not part.region.is_empty:
            under = self._colour.to_working(self.planes().rgb(part.region), self.info.space)
            self.composite(replace(part, pixels=plain_over(laid, under), channels=("R", "G", "B")), laid[3])
        return replace(part, pixels=laid)


def _write(planes: Planes, rgb: np.ndarray, covered: np.ndarray, box: Region) -> None:
    """Codes of encoded rgb [3, H, W] where covered [H, W]; a chroma sample moves only where a covered pixel is its."""
    coding = planes.coding
    rows, columns = box.slices_in(planes.region)
    if coding.is_rgb:
        for plane, values in zip(planes.arrays, rgb, strict=True):
            plane[rows, columns][covered] = _codes(values[covered], 0.0, coding.top, coding.top)
        return
    luma, cb, cr = ycc(rgb, coding)
    planes.arrays[0][rows, columns][covered] = _codes(luma[covered], *coding.luma(), coding.top)
    for number, wanted in ((1, cb), (2, cr)):
        if number < len(planes.arrays):
            change = np.where(covered, wanted - planes.colour(number, box), np.float32(0))
            _write_chroma(planes.arrays[number], change, covered, box, coding)


def _write_chroma(plane: np.ndarray, change: np.ndarray, covered: np.ndarray, box: Region, coding: Coding) -> None:
    """Add the change in colour to the samples as they are: what does not change keeps its code."""
    step_x, step_y = 1 << coding.shift_x, 1 << coding.shift_y
    grid = Region(box.x0 // step_x, box.y0 // step_y, -(-box.x1 // step_x), -(-box.y1 // step_y))
    outer = Region(grid.x0 * step_x, grid.y0 * step_y, grid.x1 * step_x, grid.y1 * step_y)
    at = box.slices_in(outer)
    full, touched = np.zeros(outer.shape, np.float32), np.zeros(outer.shape, bool)
    full[at], touched[at] = change, covered
    hit = _joined(_joined(touched, step_y, np.logical_or).T, step_x, np.logical_or).T
    mean = _centred(_joined(full, step_y, np.add) * np.float32(1 / step_y), step_x)
    samples = plane[grid.y0 : grid.y1, grid.x0 : grid.x1]
    scale = coding.chroma()[1]
    samples[hit] = _codes(mean[hit], samples[hit], scale, coding.top)


def _joined(rows: np.ndarray, step: int, join: np.ufunc) -> np.ndarray:
    """[H / step, W]: every `step` rows joined into one."""
    joined = rows[0::step]
    for phase in range(1, step):
        joined = join(joined, rows[phase::step])
    return joined


def _centred(rows: np.ndarray, step: int) -> np.ndarray:
    """[H, W / step]: a triangle round each left-sited sample, so that colour does not move by half a pixel."""
    if step == 1:
        return rows
    width = rows.shape[1]
    padded = np.pad(rows, ((0, 0), (step - 1, step - 1)))
    weights = [(step - abs(offset)) / step**2 for offset in range(1 - step, step)]
    total = np.zeros((len(rows), width // step), np.float32)
    for n, weight in enumerate(weights):
        total += padded[:, n : n + width : step] * np.float32(weight)
    return total


def _codes(values: np.ndarray, black: float | np.ndarray, scale: float, top: int) -> np.ndarray:
    """Integer codes, rounded half to even and held to what the file can say; NaN is black."""
    codes = np.nan_to_num(values.astype(np.float64), nan=0.0) * scale + black
    return np.clip(np.rint(codes), 0, top)


def _bounds(covered: np.ndarray, region: Region) -> Region:
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not len(rows):
        return Region(0, 0, 0, 0)
    return Region(
        region.x0 + int(columns[0]), region.y0 + int(rows[0]), region.x0 + int(columns[-1]) + 1,
        region.y0 + int(rows[-1]) + 1,
    )  # fmt: skip
