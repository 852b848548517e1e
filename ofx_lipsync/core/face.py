# SPDX-License-Identifier: Apache-2.0
"""A face through a shot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.timing import FrameRange

LANDMARKS = 478


HELD_FRAMES = 12
"""The longest gap that `held` closes: half a second. After longer ones a face may be anywhere."""


@dataclass(frozen=True)
class FaceTrack:
    """One person through the shot; N frames, ascending, gaps allowed where the face is not seen.

    frames: [N] int64. landmarks: [N, 478, 3] float32, plate pixels at full resolution, x right, y down,
    z towards the scene at the same scale (MediaPipe face mesh numbering). Pixel centres are at +0.5.
    presence: [N] float32 0..1, how sure the landmark network is that a face is there.
    blendshapes: [N, 52] float32 0..1, ARKit names in MediaPipe order.
    covered: [N] float32 0..1, how surely something lies over the mouth; None where nobody looked.
    """

    identity: int
    frames: np.ndarray
    landmarks: np.ndarray
    presence: np.ndarray
    blendshapes: np.ndarray
    covered: np.ndarray | None = None

    def index(self, frame: int) -> int | None:
        """Row of a frame, or None where the face is not seen."""
        row = int(np.searchsorted(self.frames, frame))
        return row if row < len(self.frames) and int(self.frames[row]) == frame else None

    def face_height_px(self) -> np.ndarray:
        """[N] float32: brow-top (10) to chin (152), the unit of 'percent of face height'."""
        return np.linalg.norm(self.landmarks[:, 10, :2] - self.landmarks[:, 152, :2], axis=1)

    def rows(self) -> tuple[str, ...]:
        """Names of what there is one of for every frame, the frames' numbers aside."""
        always = ("landmarks", "presence", "blendshapes")
        return always if self.covered is None else (*always, "covered")

    def clear(self) -> np.ndarray:
        """[N] bool: frames whose mouth is not covered, as far as anybody looked."""
        return np.ones(len(self.frames), bool) if self.covered is None else self.covered < 0.5

    def held(self, frames: Sequence[int], cuts: Sequence[int]) -> FaceTrack:
        """The track with short gaps closed: between two sightings in one take, at most HELD_FRAMES missing, the face
        goes evenly from the one to the other. Nobody knows where a face is that does not come back."""
        seen = self.frames.tolist()
        missing = np.setdiff1d(np.asarray(frames, np.int64), self.frames)
        after = np.searchsorted(self.frames, missing)
        inside = (after > 0) & (after < len(seen))
        missing, after = missing[inside], after[inside]
        before, last = self.frames[after - 1], self.frames[after]
        take = np.sort(np.asarray(cuts, np.int64))
        same = np.searchsorted(take, before, side="right") == np.searchsorted(take, last, side="right")
        near = same & (last - before - 1 <= HELD_FRAMES)
        at = (after - 1 + (missing - before) / (last - before))[near]
        return self._filled(missing[near], at)

    def _filled(self, frames: np.ndarray, rows: np.ndarray) -> FaceTrack:
        """With further frames, each between two rows of the track (rows: [M] float64)."""
        order = np.argsort(np.concatenate([self.frames, frames]), kind="stable")

        def joined(values: np.ndarray) -> np.ndarray:
            first, part = rows.astype(np.int64), (rows % 1).reshape(-1, *[1] * (values.ndim - 1))
            between = values[first] * (1 - part) + values[first + 1] * part
            return np.concatenate([values, between.astype(values.dtype)])[order]

        parts: dict[str, Any] = {name: joined(getattr(self, name)) for name in self.rows()}
        return replace(self, frames=np.concatenate([self.frames, frames])[order], **parts)


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
