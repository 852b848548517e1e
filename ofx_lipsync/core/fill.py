# SPDX-License-Identifier: Apache-2.0
"""Which frames of a shot are to be rebuilt, and from which good ones; whose faces and mouths are in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.plan import MouthPlan

MISSING, BLACK, NUMBERS, FROZEN, LISTED, UNREADABLE = "missing", "black", "nan", "frozen", "listed", "unreadable"
NOWHERE = -(2**40)
"""No frame: a gap at the head or tail of a take has good frames on one side only."""


@dataclass(frozen=True)
class FillPlan:
    """N bad frames, ascending. before, after: [N] int64, the nearest good frame of the same take on either side, or
    NOWHERE. why: N words, what is wrong with each."""

    frames: np.ndarray
    before: np.ndarray
    after: np.ndarray
    why: tuple[str, ...]

    def index(self, frame: int) -> int | None:
        """Row of a bad frame, or None where the plate is good."""
        row = int(np.searchsorted(self.frames, frame))
        return row if row < len(self.frames) and int(self.frames[row]) == frame else None

    def part(self, row: int) -> float:
        """How far a bad frame lies from the good one before (0) to the one after (1); at one side only, all of it."""
        before, after = int(self.before[row]), int(self.after[row])
        if NOWHERE in (before, after):
            return 1.0 if before == NOWHERE else 0.0
        return (int(self.frames[row]) - before) / (after - before)

    def sources(self, row: int) -> tuple[int, ...]:
        """The good frames that a bad one is rebuilt from."""
        return tuple(int(f) for f in (self.before[row], self.after[row]) if f != NOWHERE)


@dataclass(frozen=True)
class FillAnalysis:
    """tracks: everybody, through the gaps. mouths: of the bad frames that get one."""

    plan: FillPlan
    faces: FaceAnalysis
    tracks: tuple[FaceTrack, ...]
    mouths: MouthPlan
