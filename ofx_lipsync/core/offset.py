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


@dataclass(frozen=True)
class FaceSync:
    """One face against the sound. identity: of its track. curve: its offset over time. offsets_s: [K] float64, those
    that were tried. scores: [T, K] float32, cosines of lips and sound at each moment of the curve and each offset, over
    a window. lse_d, lse_c, offset_s: the whole shot's least mean distance, by how much that is under the median over
    the offsets, and the offset where it lies (Chung and Zisserman 2016): never one without the other."""

    identity: int
    curve: OffsetCurve
    offsets_s: np.ndarray
    scores: np.ndarray
    lse_d: float
    lse_c: float
    offset_s: float


@dataclass(frozen=True)
class SyncReport:
    """Everybody in a shot against its sound. times_s: [T] of every curve. speaking: [T] int64, index into faces of who
    says what is heard, -1 where nobody seen does. voice: [T] float32 0..1, whether anybody is heard."""

    times_s: np.ndarray
    faces: tuple[FaceSync, ...]
    speaking: np.ndarray
    voice: np.ndarray
