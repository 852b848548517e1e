# SPDX-License-Identifier: Apache-2.0
"""Measures of a dubbed mouth against a true one, all on the tracker's landmarks."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.articulate import articulation
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.landmarks import LIPS_INNER, LIPS_OUTER

LIPS = np.unique(np.concatenate([LIPS_INNER, LIPS_OUTER]))
OPEN, WIDTH = 0, 1
LONGEST_CLOSURE = 10
"""Frames; lips shut for longer are a pause, not a consonant."""


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


def closures(made: np.ndarray, truth: np.ndarray, shut_below: float, may_close: np.ndarray) -> tuple[int, int]:
    """(made, expected): brief closures of the true mouth where a p, b or m is said, and how many of them the result
    has, one frame early or late at most.

    made, truth: [N] opening in face heights. may_close: [N] bool, frames at or beside a p, b or m.
    """
    expected = [
        run for run in _runs(truth < shut_below) if run[1] - run[0] <= LONGEST_CLOSURE and may_close[slice(*run)].any()
    ]
    found = sum(bool((made[max(0, first - 1) : last + 1] < shut_below).any()) for first, last in expected)
    return found, len(expected)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Half-open stretches where flags [N] hold."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
