# SPDX-License-Identifier: Apache-2.0
"""A face through a shot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Sequence

import numpy as np

from ofx_lipsync.core.timing import FrameRange

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

    def held(self, frames: Sequence[int], cuts: Sequence[int]) -> FaceTrack:
        """The track with every missing frame of `frames` standing on the nearest seen frame of the same take."""
        take = np.searchsorted(np.asarray(sorted(cuts), np.int64), self.frames, side="right")
        kept, rows = [], []
        for frame in sorted(frames):
            same = np.flatnonzero(take == np.searchsorted(np.asarray(sorted(cuts)), frame, side="right"))
            if len(same):
                kept.append(frame)
                rows.append(int(same[np.argmin(np.abs(self.frames[same] - frame))]))
        return replace(
            self,
            frames=np.asarray(kept, np.int64),
            landmarks=self.landmarks[rows],
            presence=self.presence[rows],
            blendshapes=self.blendshapes[rows],
        )


@dataclass(frozen=True)
class FaceAnalysis:
    """Everybody in a shot. cuts: first frame after each cut. chosen: index into tracks, -1 where nobody is seen."""

    tracks: tuple[FaceTrack, ...]
    cuts: tuple[int, ...]
    chosen: int

    def chosen_track(self) -> FaceTrack | None:
        """The person to dub, or None."""
        return self.tracks[self.chosen] if 0 <= self.chosen < len(self.tracks) else None

    def missing(self, frames: Sequence[int]) -> FrameRange:
        """Those of `frames` where the chosen person is not seen."""
        track = self.chosen_track()
        seen = set() if track is None else set(track.frames.tolist())
        return FrameRange(frame for frame in frames if frame not in seen)
