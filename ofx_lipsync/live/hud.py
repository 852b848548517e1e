# SPDX-License-Identifier: Apache-2.0
"""What only the performer sees: a level meter, and a line that says how things stand."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ofx_lipsync.live.sound_in import QUIETEST_DB

if TYPE_CHECKING:
    from ofx_lipsync.live.painter import Painter

FONT, SIZE_PX = "DroidSans", 16
INSET_PX = 10
METER_PX = (160, 8)
GREEN, YELLOW, RED, BACK = (0.2, 0.8, 0.3, 1.0), (0.9, 0.8, 0.1, 1.0), (0.9, 0.2, 0.15, 1.0), (0.1, 0.1, 0.1, 0.8)
LOUD_DB, CLIPS_DB = -12.0, -1.0
FLOOR_DB = -60.0


def paint(painter: Painter, window: tuple[int, int], level_db: float, muted: bool, words: str) -> None:
    """Into the window that was shown last. words: the status, or empty for the meter alone."""
    wide, high = METER_PX
    painter.bar(INSET_PX - 1, INSET_PX - 1, wide + 2, high + 2, BACK)
    part = 0.0 if muted else max(0.0, min(1.0, 1 - max(level_db, QUIETEST_DB) / FLOOR_DB))
    colour = RED if level_db > CLIPS_DB else YELLOW if level_db > LOUD_DB else GREEN
    painter.bar(INSET_PX, INSET_PX, round(wide * part), high, colour)
    if muted:
        painter.bar(INSET_PX, INSET_PX + high // 2 - 1, wide, 2, RED)
    if words:
        painter.text(words, written(words, window[0] - 2 * INSET_PX), INSET_PX, 2 * INSET_PX + high, window)


@lru_cache(maxsize=4)
def written(words: str, widest_px: int) -> np.ndarray:
    """[h, w, 4] uint8, premultiplied: light letters on a dark band."""
    import OpenImageIO as oiio

    box = oiio.ImageBufAlgo.text_size(words, SIZE_PX, FONT)
    width, height = max(1, min(widest_px, box.width + 12)), SIZE_PX + 10
    image = oiio.ImageBuf(oiio.ImageSpec(width, height, 4, oiio.FLOAT))
    oiio.ImageBufAlgo.fill(image, BACK_PIXEL)
    oiio.ImageBufAlgo.render_text(image, 6, height - 8, words, SIZE_PX, FONT, (0.95, 0.95, 0.95, 1.0))
    return np.ascontiguousarray(image.get_pixels(oiio.UINT8))


BACK_PIXEL = tuple(channel * BACK[3] for channel in BACK[:3]) + (BACK[3],)


def status(
    delay_s: float, rate: float, level_db: float, muted: bool, expression: str, faults: tuple[str, ...] = ()
) -> str:
    """`sound to picture 92 ms   60 fps   -18 dB   happy   webcam 0 has gone`."""
    delay = "--" if math.isnan(delay_s) else f"{1000 * delay_s:.0f}"
    level = "muted" if muted else f"{level_db:.0f} dB" if level_db > QUIETEST_DB else "no sound"
    parts = (f"sound to picture {delay} ms", f"{rate:.0f} fps", level, expression, *faults)
    return "   ".join(parts)
