# SPDX-License-Identifier: Apache-2.0
"""Every usable mouth of the shot and the reel, with what the choice needs to know of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.plan import PLATE, REEL
from ofx_lipsync.core.pose import describe_pose, fit_pose
from ofx_lipsync.nodes.mouth.points import INDEX, LIP_ROWS, STILL_ROWS

LARGEST = 600
"""Mouths kept; a long shot is thinned to the runs that show the most different ones."""
RUN = 12
"""Frames in a run: thinning keeps runs, so that the walk can follow real motion."""
SEEN = 0.5
FEWEST = 12
"""Clear mouths: of fewer no line can be said, and those with something before them count as well."""


@dataclass(frozen=True)
class Library:
    """K mouths in order of clip and frame. clip: [K] PLATE or REEL. frame: [K]. points: [K, P, 3] plate px.
    front: [K, P, 3] face heights. angles: [K, 3] degrees. scale: [K] px. speed: [K] lip travel a frame.
    travel: [K] the same of the head."""

    clip: np.ndarray
    frame: np.ndarray
    points: np.ndarray
    front: np.ndarray
    angles: np.ndarray
    scale: np.ndarray
    speed: np.ndarray
    travel: np.ndarray

    def beside(self, row: int, away: int) -> int:
        """The row that lies `away` frames from `row` in the same clip, or `row` itself where the run ends."""
        there = row + away
        if not 0 <= there < len(self.frame) or self.clip[there] != self.clip[row]:
            return row
        return there if self.frame[there] == self.frame[row] + away else row

    def take(self, rows: np.ndarray) -> Library:
        return Library(**{name: value[rows] for name, value in vars(self).items()})


def build(plate: FaceTrack | None, reel: FaceTrack | None) -> Library:
    """All mouths of both tracks, thinned to LARGEST."""
    parts = [_of_clip(track, clip) for clip, track in ((PLATE, plate), (REEL, reel)) if track is not None]
    whole = Library(**{n: np.concatenate([vars(p)[n] for p in parts]) for n in vars(parts[0])})
    return whole if len(whole.frame) <= LARGEST else whole.take(_spread(whole))


def usable(track: FaceTrack) -> np.ndarray:
    """[N] bool: frames whose mouth can be seen; where too few are clear, those that are covered as well."""
    seen = track.presence >= SEEN
    clear = seen & track.clear()
    return clear if clear.sum() >= min(FEWEST, int(seen.sum())) else seen


def angles_of(landmarks: np.ndarray) -> np.ndarray:
    """[N, 3]: yaw, pitch, roll in degrees of landmarks [N, 478, 3]."""
    return np.stack(describe_pose(landmarks)[:3], axis=1)


def follows(library: Library) -> np.ndarray:
    """[K, K] int64: frames from mouth i to mouth j where both are of one clip, else a number beyond any shot."""
    gap = library.frame[None, :] - library.frame[:, None]
    return np.where(library.clip[None, :] == library.clip[:, None], gap, 2**40)


def _of_clip(track: FaceTrack, clip: int) -> Library:
    rows = np.flatnonzero(usable(track))
    points = track.landmarks[rows]
    pose = fit_pose(points)
    front, frames = pose.to_front(points[:, INDEX]), track.frames[rows]
    return Library(
        np.full(len(rows), clip, np.int8), frames, points[:, INDEX], front,
        angles_of(points), pose.scale, _speed(front[:, LIP_ROWS], frames),
        head_travel(points[:, INDEX], pose.scale, frames),
    )  # fmt: skip


def head_travel(points: np.ndarray, scale: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """[N]: how far a head goes in a frame, in face heights. points: [N, P, 3] control points, px; scale: [N] px."""
    return _speed(points[:, STILL_ROWS].mean(axis=1, keepdims=True) / scale[0], frames)


def _speed(points: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """[K]: how far points [K, P, 3] travel while the shutter may be open, which is how blurred they are."""
    if len(points) < 2:
        return np.zeros(len(points))
    travel = np.linalg.norm(np.diff(points[..., :2], axis=0), axis=2).mean(axis=1)
    travel = np.where(np.diff(frames) == 1, travel, 0.0)
    return np.maximum(np.concatenate([travel, [0.0]]), np.concatenate([[0.0], travel]))


def _spread(library: Library) -> np.ndarray:
    """Rows of the runs that together show the most different mouths and poses (farthest point first)."""
    starts = np.arange(0, len(library.frame), RUN)
    rows = np.split(np.arange(len(library.frame)), starts[1:])
    look = np.concatenate(
        [library.front[:, LIP_ROWS, :2].reshape(len(library.frame), -1) * 10, library.angles / 10], axis=1
    )
    means = np.stack([look[r].mean(axis=0) for r in rows])
    widest = np.stack([look[r][np.abs(look[r] - look.mean(axis=0)).sum(axis=1).argmax()] for r in rows])
    looks = np.concatenate([means, widest], axis=1)
    chosen = [0]
    near = np.linalg.norm(looks - looks[0], axis=1)
    while len(chosen) < min(LARGEST // RUN, len(rows)):
        chosen.append(int(near.argmax()))
        near = np.minimum(near, np.linalg.norm(looks - looks[chosen[-1]], axis=1))
    return np.concatenate([rows[c] for c in sorted(chosen)])
