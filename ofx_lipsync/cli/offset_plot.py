# SPDX-License-Identifier: Apache-2.0
"""A picture of how late a sound is and what was decided: the sound above, below it readings (grey, darker where surer)
and the decided stretches, each in the colour of what gives way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.resync import ResyncPlan
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.writer import put_in_place, scratch_path

WIDTH, HEIGHT, LEFT, RIGHT, STRIP, TOP, BOTTOM = 1400, 560, 90, 20, 130, 20, 50
INK = {"sound": (0.85, 0.2, 0.15), "picture": (0.1, 0.35, 0.8), "mouth": (0.1, 0.6, 0.25)}


def write_plot(
    path: str, plan: ResyncPlan, curve: OffsetCurve | None, sound: Sound, duration_s: float
) -> None:  # fmt: skip
    """A PNG of 1400 x 560. Raises: OutputError where it cannot be written."""
    import OpenImageIO as oiio

    late_ms = plan.late_s * 1000
    low, high = float(late_ms.min()), float(late_ms.max())
    room = max(40.0, 0.25 * (high - low))
    page = _Page(duration_s, low - room, high + room)
    page.wave(sound)
    page.grid(low - room, high + room)
    if curve is not None:
        for t, offset, sure in zip(curve.times_s, curve.offset_s * 1000, curve.confidence, strict=True):
            page.dot(float(t), float(offset), 0.9 - 0.7 * float(sure))
    for begin, end, late, fix in zip(plan.begin_s, plan.end_s, late_ms, plan.fix, strict=True):
        page.line(float(begin), float(late[0]), float(end), float(late[1]), INK[fix])
    picture = oiio.ImageBuf(oiio.ImageSpec(WIDTH, HEIGHT, 3, "uint8"))
    picture.set_pixels(picture.roi, page.pixels)
    for x, y, text in page.words:
        oiio.ImageBufAlgo.render_text(picture, x, y, text, 15, "", (0.2, 0.2, 0.2))
    target = Path(path)
    scratch = scratch_path(target)
    try:
        if not picture.write(str(scratch)):
            raise OutputError(f"{path}: cannot be written ({picture.geterror()}); check space and rights")
        put_in_place(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)


class _Page:
    """pixels: [H, W, 3] float32. words: (x, y, text) to be set on it."""

    def __init__(self, duration_s: float, low_ms: float, high_ms: float) -> None:
        self.pixels = np.ones((HEIGHT, WIDTH, 3), np.float32)
        self.words: list[tuple[int, int, str]] = []
        self._per_s = (WIDTH - LEFT - RIGHT) / duration_s
        self._duration_s = duration_s
        self._top, self._floor = TOP + STRIP + 20, HEIGHT - BOTTOM
        self._low, self._per_ms = low_ms, (self._floor - self._top) / (high_ms - low_ms)

    def _x(self, time_s: float) -> int:
        return round(LEFT + time_s * self._per_s)

    def _y(self, late_ms: float) -> int:
        return round(self._floor - (late_ms - self._low) * self._per_ms)

    def wave(self, sound: Sound) -> None:
        mono, middle = np.abs(sound.mono()), TOP + STRIP // 2
        peak = max(float(mono.max(initial=0.0)), 1e-9)
        for x in range(LEFT, WIDTH - RIGHT):
            span = [((x + i - LEFT) / self._per_s - sound.start_s) * sound.rate_hz for i in (0, 1)]
            part = mono[max(0, int(span[0])) : max(0, int(span[1]) + 1)]
            if len(part):
                reach = round(float(part.max()) / peak * STRIP / 2)
                self.pixels[middle - reach : middle + reach + 1, x] = 0.55

    def grid(self, low_ms: float, high_ms: float) -> None:
        for late in _ticks(low_ms, high_ms, 6):
            y = self._y(late)
            self.pixels[y, LEFT : WIDTH - RIGHT] = 0.6 if late == 0 else 0.88
            self.words.append((8, y + 5, f"{late:+.0f} ms"))
        for at in _ticks(0, self._duration_s, 10):
            x = self._x(at)
            self.pixels[self._top : self._floor, x] = 0.88
            self.words.append((x - 10, HEIGHT - BOTTOM + 25, f"{at:g} s"))

    def dot(self, time_s: float, late_ms: float, grey: float) -> None:
        x, y = self._x(time_s), self._y(late_ms)
        if self._top <= y < self._floor:
            self.pixels[y - 2 : y + 3, x - 2 : x + 3] = grey

    def line(self, t0: float, late0: float, t1: float, late1: float, ink: tuple[float, float, float]) -> None:
        for x in range(self._x(t0), self._x(t1) + 1):
            part = (x - self._x(t0)) / max(1, self._x(t1) - self._x(t0))
            y = self._y(late0 + part * (late1 - late0))
            self.pixels[y - 1 : y + 2, x] = ink


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers between low and high."""
    rough = (high - low) / about
    step = 10.0 ** np.floor(np.log10(rough))
    step *= next(m for m in (1, 2, 5, 10) if step * m >= rough)
    ticks: Any = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    return [float(t) for t in ticks]
