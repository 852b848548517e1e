# SPDX-License-Identifier: Apache-2.0
"""Picture planes of a movie as RGB and back, in float, without limits: super-whites survive.

Every output pixel depends on its own neighbourhood only, and by the same float operations wherever the crop
begins: a crop of a crop has the same bits. Source: ITU-R BT.601, BT.709, BT.2020 (matrix and code ranges).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.region import Region

MARGIN_PX = 8
"""Around a crop, so that chroma beside its edge is at hand: two samples of the coarsest subsampling (4:1:1)."""


@dataclass(frozen=True)
class Coding:
    """How codes become colour. kr, kb: luma weights of red and blue, or 0 for RGB planes (order R, G, B).

    shift_x, shift_y: log2 of the chroma subsampling. bits: of a code. full: codes use the whole range.
    """

    kr: float
    kb: float
    bits: int
    full: bool
    shift_x: int
    shift_y: int

    @property
    def is_rgb(self) -> bool:
        return self.kr == 0

    @property
    def top(self) -> int:
        return (1 << self.bits) - 1

    def luma(self) -> tuple[float, float]:
        """(code of black, codes from black to white)."""
        scale = 1 << (self.bits - 8)
        return (0.0, float(self.top)) if self.full or self.is_rgb else (16.0 * scale, 219.0 * scale)

    def chroma(self) -> tuple[float, float]:
        """(code of no colour, codes per unit of Cb or Cr)."""
        scale = 1 << (self.bits - 8)
        return 128.0 * scale, float(self.top) if self.full else 224.0 * scale


@dataclass(frozen=True)
class Planes:
    """Planes of a region as stored: [luma, Cb, Cr] or [R, G, B] or [grey]; region begins on the chroma grid."""

    arrays: list[np.ndarray]
    region: Region
    coding: Coding

    def cut(self, region: Region) -> Planes:
        """The part that `region` needs, as views: on the chroma grid, with a margin where there is picture."""
        step = 1 << max(self.coding.shift_x, self.coding.shift_y)
        outer = region.grow(MARGIN_PX).aligned(step).intersect(self.region)
        rows, columns = outer.slices_in(self.region)
        cut = [self.arrays[0][rows, columns]]
        for chroma in self.arrays[1:]:
            cut.append(chroma[_halved(rows, self.coding.shift_y), _halved(columns, self.coding.shift_x)])
        return Planes(cut, outer, self.coding)

    def rgb(self, region: Region) -> np.ndarray:
        """[3, H, W] float32, encoded as the movie is, for a region inside."""
        rows, columns = region.slices_in(self.region)
        if self.coding.is_rgb:
            return np.stack([plane[rows, columns] for plane in self.arrays]).astype(np.float32) / np.float32(
                self.coding.top
            )
        black, scale = self.coding.luma()
        luma = (self.arrays[0][rows, columns].astype(np.float32) - np.float32(black)) * np.float32(1.0 / scale)
        if len(self.arrays) == 1:
            return np.stack([luma] * 3)
        return _rgb(luma, self.colour(1, region), self.colour(2, region), self.coding)

    def colour(self, plane: int, region: Region) -> np.ndarray:
        """[H, W] float32 of Cb or Cr (-0.5..0.5) at every pixel: between samples by straight lines.

        Samples lie on the left pixel of their group and midway between its rows, as MPEG-2 and H.264 have them.
        """
        neutral, scale = self.coding.chroma()
        step_y, step_x = 1 << self.coding.shift_y, 1 << self.coding.shift_x
        rows, columns = region.slices_in(self.region)
        samples = _padded(self.arrays[plane], rows, columns, step_y, step_x).astype(np.float32)
        samples -= np.float32(neutral)
        samples *= np.float32(1.0 / scale)
        tall = _rows_between(samples, step_y)
        first = rows.start % step_y
        return _columns_between(tall[first : first + region.height], step_x, columns.start % step_x, region.width)


def ycc(rgb: np.ndarray, coding: Coding) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(luma 0..1, Cb, Cr) of encoded rgb [3, H, W]."""
    kr, kb = np.float32(coding.kr), np.float32(coding.kb)
    luma = rgb[0] * kr + rgb[2] * kb + rgb[1] * np.float32(1.0 - coding.kr - coding.kb)
    cb = (rgb[2] - luma) * np.float32(0.5 / (1.0 - coding.kb))
    cr = (rgb[0] - luma) * np.float32(0.5 / (1.0 - coding.kr))
    return luma, cb, cr


def _rgb(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray, coding: Coding) -> np.ndarray:
    kr, kb = coding.kr, coding.kb
    kg = 1.0 - kr - kb
    rgb = np.empty((3, *luma.shape), np.float32)
    np.add(luma, cr * np.float32(2.0 * (1.0 - kr)), out=rgb[0])
    np.add(luma, cb * np.float32(2.0 * (1.0 - kb)), out=rgb[2])
    np.subtract(luma, cr * np.float32(2.0 * kr * (1.0 - kr) / kg), out=rgb[1])
    rgb[1] -= cb * np.float32(2.0 * kb * (1.0 - kb) / kg)
    return rgb


def _padded(chroma: np.ndarray, rows: slice, columns: slice, step_y: int, step_x: int) -> np.ndarray:
    """The samples under picture rows and columns, one more above, below and to the right; the picture's rim repeats."""
    margin = 1 if step_y > 1 else 0
    across = slice(columns.start // step_x, -(-columns.stop // step_x) + (1 if step_x > 1 else 0))
    down = np.arange(rows.start // step_y - margin, -(-rows.stop // step_y) + margin)
    samples = chroma[np.clip(down, 0, len(chroma) - 1), across]
    if across.stop > chroma.shape[1]:
        samples = np.concatenate([samples, samples[:, -1:]], axis=1)
    return samples


def _rows_between(samples: np.ndarray, n: int) -> np.ndarray:
    """[(rows - 2) * n, W]: picture rows, whose centres fall between sample rows."""
    if n == 1:
        return samples
    tall = np.empty((len(samples) - 2, n, samples.shape[1]), np.float32)
    for phase in range(n):
        place = (phase + 0.5) / n + 0.5  # from the sample row above, in sample rows
        above = int(place)
        weight = np.float32(place - above)
        np.multiply(samples[above : above + len(tall)], np.float32(1) - weight, out=tall[:, phase])
        tall[:, phase] += samples[above + 1 : above + 1 + len(tall)] * weight
    return tall.reshape(-1, samples.shape[1])


def _columns_between(rows: np.ndarray, n: int, first: int, width: int) -> np.ndarray:
    """[H, width]: picture columns, of which every n-th lies on a sample."""
    if n == 1:
        return rows[:, :width]
    here, there = rows[:, :-1], rows[:, 1:]
    wide = np.empty((*here.shape, n), np.float32)
    wide[..., 0] = here
    for phase in range(1, n):
        np.multiply(here, np.float32(1 - phase / n), out=wide[..., phase])
        wide[..., phase] += there * np.float32(phase / n)
    return wide.reshape(len(rows), -1)[:, first : first + width]


def _halved(span: slice, shift: int) -> slice:
    return slice(span.start >> shift, -(-span.stop >> shift))
