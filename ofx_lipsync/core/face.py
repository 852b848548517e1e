# SPDX-License-Identifier: Apache-2.0
"""A face through a shot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LANDMARKS = 478
BLENDSHAPES = 52


@dataclass(frozen=True)
class FaceTrack:
    """One person through the shot; N frames, ascending, gaps allowed where the face is not seen.

    frames: [N] int64. landmarks: [N, 478, 3] float32, plate pixels at full resolution, x right, y down,
    z towards the scene at the same scale (MediaPipe face mesh numbering). Pixel centres are at +0.5.
    presence: [N] float32 0..1, how sure the landmark network is that a face is there.
    blendshapes: [N, 52] float32 0..1, ARKit names in MediaPipe order.
    """

    identity: int
    frames: np.ndarray
    landmarks: np.ndarray
    presence: np.ndarray
    blendshapes: np.ndarray

    def index(self, frame: int) -> int | None:
        """Row of a frame, or None where the face is not seen."""
        row = int(np.searchsorted(self.frames, frame))
        return row if row < len(self.frames) and int(self.frames[row]) == frame else None

    def face_height_px(self) -> np.ndarray:
        """[N] float32: brow-top (10) to chin (152), the unit of 'percent of face height'."""
        return np.linalg.norm(self.landmarks[:, 10, :2] - self.landmarks[:, 152, :2], axis=1)
