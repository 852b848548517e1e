# SPDX-License-Identifier: Apache-2.0
"""Measures of a dubbed mouth against a true one, all on the tracker's landmarks."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.articulate import articulation
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.landmarks import LIPS_INNER, LIPS_OUTER

LIPS = np.unique(np.concatenate([LIPS_INNER, LIPS_OUTER]))
OPEN, WIDTH = 0, 1


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r of two curves [N]; 0 where either does not move."""
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / spread) if spread > 0 else 0.0


def partial_correlation(made_wanted: float, wanted_old: float, made_old: float) -> float:
    """r of made and old with wanted held fixed, from the three plain correlations."""
    rest = (1 - made_wanted**2) * (1 - wanted_old**2)
    return float((made_old - made_wanted * wanted_old) / np.sqrt(rest)) if rest > 0 else 0.0


def paired(a: FaceTrack, b: FaceTrack) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a and of b that are the same frames: ([M], [M])."""
    _, rows_a, rows_b = np.intersect1d(a.frames, b.frames, return_indices=True)
    return rows_a, rows_b


def mouth_curves(track: FaceTrack) -> np.ndarray:
    """[N, 6] raw articulation of a track, in face heights; see core.mouth.ARTICULATION."""
    return articulation(track.landmarks)


def lip_distance(result: np.ndarray, truth: np.ndarray, face_height_px: np.ndarray) -> float:
    """Mean distance of lip landmarks in % of face height. result, truth: [N, 478, 2+] plate px."""
    apart = np.linalg.norm(result[:, LIPS, :2] - truth[:, LIPS, :2], axis=2).mean(axis=1)
    return float(100 * (apart / face_height_px).mean())


def closure_recall(
    opening: np.ndarray, expected: np.ndarray, closed_below: float, tolerance_frames: int = 1
) -> tuple[int, int]:
    """(closures made, closures expected): an expected closure, a frame index, counts as made when the opening falls
    below `closed_below` within the tolerance."""
    made = 0
    for frame in expected:
        near = opening[max(0, frame - tolerance_frames) : frame + tolerance_frames + 1]
        made += bool(len(near) and near.min() < closed_below)
    return made, len(expected)


def true_closures(opening: np.ndarray, closed_below: float) -> np.ndarray:
    """Frame indices at the middle of every run where the true lips are shut."""
    shut = np.flatnonzero(opening < closed_below)
    runs = np.split(shut, np.flatnonzero(np.diff(shut) > 1) + 1) if len(shut) else []
    return np.asarray([run[len(run) // 2] for run in runs], int)
