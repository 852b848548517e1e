# SPDX-License-Identifier: Apache-2.0
"""Contact sheets of a dub: plate, result and matte under each other, labelled, through the OCIO view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import Dubbed
from ofx_lipsync.tuning.page import FAINT, INK, Page, resized
from ofx_lipsync.tuning.shown import Shower, matte_picture

MARGIN, GAP, BETWEEN, CAPTION, HEAD, SIDE = 24, 26, 4, 28, 66, 66
WIDEST, LEAST, MOST, ACROSS = 1640, 150, 440, 8
"""px: of the sheet and of one picture; frames side by side at most."""
ROWS = ("plate", "result", "matte")


@dataclass(frozen=True)
class Shown:
    """One frame: [3, H, W] display values each, all of one size. note: what to say of it besides its number."""

    frame: int
    plate: np.ndarray
    result: np.ndarray
    matte: np.ndarray
    note: str = ""


def shown(plate: Clip, result: Clip, dubbed: Dubbed | None, frame: int, region: Region, shower: Shower) -> Shown:
    """plate, result: looked at over `region`. dubbed: whose matte is shown."""
    pictures = [shower.picture(clip.crop(frame, region).pixels) for clip in (plate, result)]
    return Shown(frame, pictures[0], pictures[1], matte_picture(region, dubbed))


def contact_sheet(frames: Sequence[Shown], title: str, about: str) -> np.ndarray:
    """[3, H, W] display values."""
    across = min(len(frames), ACROSS)
    room = WIDEST - 2 * MARGIN - SIDE
    width = min(MOST, max(LEAST, (room - (across - 1) * BETWEEN) // across))
    shape = frames[0].plate.shape
    high = round(width * shape[1] / shape[2])
    bands = [frames[i : i + across] for i in range(0, len(frames), across)]
    band_high = CAPTION + len(ROWS) * (high + BETWEEN)
    wide = max(900, 2 * MARGIN + SIDE + across * (width + BETWEEN))
    page = Page(wide, HEAD + len(bands) * (band_high + GAP) + MARGIN - GAP + 14)
    page.words(MARGIN, 14, title, 24, bold=True, within=wide - 2 * MARGIN)
    page.words(MARGIN, 44, about, 16, ink=FAINT, within=wide - 2 * MARGIN)
    for place, band in enumerate(bands):
        _band(page, band, HEAD + 14 + place * (band_high + GAP), width, high)
    return page.array()


def _band(page: Page, frames: Sequence[Shown], top: int, width: int, high: int) -> None:
    for row, name in enumerate(ROWS):
        page.words(MARGIN, top + CAPTION + row * (high + BETWEEN) + high // 2 - 8, name, 17, ink=FAINT)
    for column, one in enumerate(frames):
        x = MARGIN + SIDE + column * (width + BETWEEN)
        text = f"{one.frame}  {one.note}".rstrip()
        page.words(x, top, text, 18, ink=INK, within=width)
        for row, picture in enumerate((one.plate, one.result, one.matte)):
            page.picture(x, top + CAPTION + row * (high + BETWEEN), resized(picture, width, high))
