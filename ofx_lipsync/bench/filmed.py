# SPDX-License-Identifier: Apache-2.0
"""A clean talking clip as if it had been shot: larger, with grain known to the number, under a changing light."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.media.reduce import reduce_area, reduced_size


@dataclass(frozen=True)
class Grain:
    """variance: constant, per light and per light squared, scene-linear (still sensor, photons, emulsion).
    size_px: of a clump, the deviation of the blur that white noise went through. alike: how much channels share."""

    variance: tuple[float, float, float]
    size_px: float = 0.0
    alike: float = 0.0

    def level(self, light: np.ndarray) -> np.ndarray:
        """Its standard deviation at an amount of light."""
        held = np.maximum(light, 0)
        constant, photons, emulsion = self.variance
        return np.asarray(np.sqrt(constant + photons * held + emulsion * held**2), np.float32)

    def field(self, shape: tuple[int, int], seed: int) -> np.ndarray:
        """[3, H, W] float32 with mean 0 and deviation 1."""
        white = np.random.Generator(np.random.Philox(seed)).standard_normal((4, *shape), np.float32)
        if self.size_px:
            white = blur(white, self.size_px) * np.float32(_blurred_to(self.size_px))
        return np.asarray(np.sqrt(1 - self.alike) * white[:3] + np.sqrt(self.alike) * white[3:], np.float32)


@functools.lru_cache(maxsize=8)
def _blurred_to(size_px: float) -> float:
    """What brings blurred white noise back to deviation 1."""
    impulse = np.zeros((1, 41, 41), np.float32)
    impulse[0, 20, 20] = 1
    return 1 / float(np.sqrt((blur(impulse, size_px).astype(np.float64) ** 2).sum()))


@dataclass(frozen=True)
class Filmed:
    """A clip `zoom` times as large, with grain, in a light that depends on the frame. Implements core.clip.Clip.

    soften_px: blurs the small clip first, so that its own noise is gone.
    light: frame -> a factor, or [H, W] of them. seed: other seeds are other takes of the same grain."""

    clean: Clip
    zoom: float = 1.0
    soften_px: float = 0.0
    grain: Grain | None = None
    seed: int = 1
    light: Callable[[int, Region], np.ndarray | float] | None = None

    @property
    def frames(self) -> Sequence[int]:
        return self.clean.frames

    @property
    def rate(self) -> Rate:
        return self.clean.rate

    @property
    def display(self) -> Region:
        box = self.clean.display
        return Region.of_size(round(box.width * self.zoom), round(box.height * self.zoom))

    def window(self, frame: int) -> Region:
        return self.display

    def crop(self, frame: int, region: Region) -> Image:
        inside = region.intersect(self.display)
        pixels = np.zeros((3, *region.shape), np.float32)
        rows, columns = inside.slices_in(self.display)
        pixels[(slice(None), *inside.slices_in(region))] = _shot(self, frame)[:, rows, columns]
        return Image(pixels, region, self.display)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        light = np.clip(self.crop(frame, region).pixels, 0, 1)
        size = reduced_size(region.width, region.height, longest_px)
        shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)
        return Image(reduce_area(shown, *size), Region.of_size(*size), Region.of_size(*size))


@functools.lru_cache(maxsize=6)
def _shot(clip: Filmed, frame: int) -> np.ndarray:
    small, shape = clip.clean.crop(frame, clip.clean.display).pixels, clip.display.shape
    if clip.soften_px:
        small = blur(small, clip.soften_px)
    step = 1 / clip.zoom
    pixels = small
    if clip.zoom != 1:
        pixels = crop(small, np.array([[step, 0, 0], [0, step, 0]]), shape, filter="cubic", outside="hold")
    if clip.light is not None:
        pixels = pixels * np.asarray(clip.light(frame, clip.display), np.float32)
    if clip.grain is None:
        return np.asarray(pixels)
    return np.asarray(pixels + clip.grain.level(pixels) * clip.grain.field(shape, clip.seed * 1_000_003 + frame))
