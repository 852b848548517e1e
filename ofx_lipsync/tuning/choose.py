# SPDX-License-Identifier: Apache-2.0
"""Frames that tell most of a dub, where nobody names any."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.mouth import ARTICULATION

OPEN, WIDTH = ARTICULATION.index("open"), ARTICULATION.index("width")
APART = 4
"""Frames at least between two that are shown."""


def telling_frames(analysis: Analysis) -> list[int]:
    """Ascending: the widest open mouth of the line, the firmest closure while somebody speaks, and the roundest lips;
    the middle of the shot where nothing is said."""
    curve, painted = analysis.audio.curve, np.isin(analysis.frames, analysis.plan.frames)
    told = (curve.voice > 0.5) & painted
    if not told.any():
        return [int(analysis.frames[len(analysis.frames) // 2])]
    rankings = (curve.values[:, OPEN], curve.closure - curve.values[:, OPEN], -curve.values[:, WIDTH])
    found: list[int] = []
    for ranking in rankings:
        free = told & np.all([np.abs(analysis.frames - frame) >= APART for frame in found] or [told], axis=0)
        if free.any():
            found.append(int(analysis.frames[np.where(free, ranking, -np.inf).argmax()]))
    return sorted(found)


def spread_frames(analysis: Analysis, count: int) -> list[int]:
    """So many frames evenly from the first spoken to the last."""
    spoken = np.flatnonzero(analysis.audio.curve.voice > 0.5)
    first, last = (int(spoken[0]), int(spoken[-1])) if len(spoken) else (0, len(analysis.frames) - 1)
    rows: Sequence[int] = np.unique(np.linspace(first, last, count).round().astype(int)).tolist()
    return [int(analysis.frames[row]) for row in rows]
