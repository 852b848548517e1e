# SPDX-License-Identifier: Apache-2.0
"""How late a sound is against its picture, over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OffsetCurve:
    """times_s: [T] float64, ascending, on the shot's clock (0 s is the start of the plate's first frame).
    offset_s: [T] float32, how much later the sound comes than the lips that made it; negative where it comes early.
    confidence: [T] float32 0..1, how sure that is; 0 where nothing can be told (nobody speaks, no face)."""

    times_s: np.ndarray
    offset_s: np.ndarray
    confidence: np.ndarray

    def at(self, times_s: np.ndarray) -> np.ndarray:
        """[N] float64 seconds: straight between samples, held outside."""
        return np.interp(times_s, self.times_s, self.offset_s)
