# SPDX-License-Identifier: Apache-2.0
"""How a still moves apart from its mouth: lids, brows and head, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PortraitPlan:
    """N frames, ascending. Amounts are those of params at 1; render multiplies them.

    frames: [N] int64. landmarks: [478, 3] float32, the still's face in its own pixels.
    alive: [N] float32 0..1, 0 where the picture is the still itself; all that follows has been multiplied by it.
    lids: [N] float32 0..1, how far the eyes are shut. brows: [N] float32 0..1, how far they are raised.
    turn: [N, 3] float32 degrees, yaw (+ to the image's right), pitch (+ down), roll (+ clockwise), as the head wanders.
    nod: [N] float32 degrees of pitch, as it stresses words. shift: [N, 2] float32 face heights, right and down.
    """

    frames: np.ndarray
    landmarks: np.ndarray
    alive: np.ndarray
    lids: np.ndarray
    brows: np.ndarray
    turn: np.ndarray
    nod: np.ndarray
    shift: np.ndarray

    def index(self, frame: int) -> int | None:
        """Row of a frame, or None where the still stands as it is."""
        row = int(np.searchsorted(self.frames, frame))
        return row if row < len(self.frames) and int(self.frames[row]) == frame else None
