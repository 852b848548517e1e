# SPDX-License-Identifier: Apache-2.0
"""Cuts inside a range, from small pictures of the whole frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.nodes._face_search import finite

THUMBNAIL_PX = 48
_LEAST = 0.025
"""A cut changes the picture by at least this much (mean absolute difference, sRGB 0..1)."""
_TIMES = 4.0
"""And this many times as much as the frames around it change: hand-held shots and pans change all the time."""
_AROUND = 5


def thumbnail(plate: Clip, frame: int) -> np.ndarray:
    """[3, h, w] uint8: the whole frame, 48 px long."""
    pixels = finite(plate.look(frame, plate.display, THUMBNAIL_PX).pixels)
    return np.rint(pixels * 255).astype(np.uint8)


def change(before: np.ndarray, after: np.ndarray) -> float:
    """Mean absolute difference of two thumbnails, 0..1. Exposure is taken out: a flash or a flicker is no cut."""
    a, b = before.astype(np.float32), after.astype(np.float32)
    if a.shape != b.shape:
        return 1.0
    gain = (a.mean() + 1) / (b.mean() + 1)
    return float(np.abs(a - b * gain).mean() / 255)


def find_cuts(thumbnails: Sequence[np.ndarray]) -> list[int]:
    """Rows that start a new take. A frame unlike both neighbours, which are alike, is a flash and no cut."""
    changes = [change(a, b) for a, b in pairwise(thumbnails)]
    cuts = []
    for row in range(1, len(thumbnails)):
        around = changes[max(0, row - 1 - _AROUND) : row - 1] + changes[row : row + _AROUND]
        if _jumps(changes[row - 1], around) and not _flash(thumbnails, row):
            cuts.append(row)
    return cuts


def jumps(thumbnails: Sequence[np.ndarray]) -> bool:
    """Whether the last thumbnail may start a new take, before what follows is known. Errs towards yes."""
    latest = thumbnails[-_AROUND - 2 :]
    changes = [change(a, b) for a, b in pairwise(latest)]
    return len(changes) > 0 and _jumps(changes[-1], changes[:-1])


def _jumps(here: float, around: Sequence[float]) -> bool:
    usual = float(np.median(around)) if around else _LEAST / 2
    return here > _LEAST and here > _TIMES * usual


def _flash(thumbnails: Sequence[np.ndarray], row: int) -> bool:
    beyond = [(row - 1, row + 1), (row - 2, row)]
    pairs = [(a, b) for a, b in beyond if a >= 0 and b < len(thumbnails)]
    return any(change(thumbnails[a], thumbnails[b]) < _LEAST for a, b in pairs)
