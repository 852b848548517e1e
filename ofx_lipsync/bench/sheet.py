# SPDX-License-Identifier: Apache-2.0
"""Contact sheets: plate, result and matte under each other, so that an eye can judge what a figure cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.region import Region

GAP_PX = 4
GAP_GREY = 0.12


@dataclass(frozen=True)
class Column:
    """One frame of a sheet: pictures of equal size, top to bottom, [3, H, W] float32 display values 0..1."""

    pictures: tuple[np.ndarray, ...]


def column(plate: Clip, result: Clip, frame: int, region: Region, matte: np.ndarray | None, zoom: int) -> Column:
    """plate, result: looked at over `region`; matte: [H, W] over the same region, or None."""
    longest = max(region.width, region.height)
    pictures = [clip.look(frame, region, longest).pixels for clip in (plate, result)]
    if matte is not None:
        pictures.append(np.broadcast_to(matte, (3, *matte.shape)).astype(np.float32))
    return Column(tuple(np.repeat(np.repeat(p, zoom, axis=1), zoom, axis=2) for p in pictures))


def sheet(columns: Sequence[Column]) -> np.ndarray:
    """[3, H, W] float32: columns side by side with a thin grey gap."""
    rows = [_joined([c.pictures[r] for c in columns], axis=2) for r in range(len(columns[0].pictures))]
    return _joined(rows, axis=1)


def _joined(pictures: Sequence[np.ndarray], axis: int) -> np.ndarray:
    shape = list(pictures[0].shape)
    shape[axis] = GAP_PX
    gap = np.full(shape, GAP_GREY, np.float32)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.concatenate(parts, axis=axis)
