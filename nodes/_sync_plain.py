# SPDX-License-Identifier: Apache-2.0
"""How lips and sound are alike without a sync network: as the line's sounds foretell the lips, against how they move.

Mean and size are taken over a few seconds, so that products of both sum up to a correlation over any window.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.nodes._sync_path import averaged

AROUND_STEPS = 150
WEIGHTS = np.array((1, 0.5, 1, 0, 1, 0)) / 3.5
"""Of core.mouth.ARTICULATION: opening, jaw and lower lip say most, the width half as much."""
LEAST = 0.3
"""A curve that moves less than this (1 is about a person's range) is not blown up."""
MOST = 3.0


def plain_map(moves: np.ndarray, seen: np.ndarray, foretold: np.ndarray) -> np.ndarray:
    """moves: [T, 6] as tracked; seen: [T]; foretold: [T + K - 1, 6]. Returns [T, K] float32, 1 where both are alike
    and move as usual."""
    face, sound = _evened(moves, seen), _evened(foretold, np.ones(len(foretold)))
    columns = len(sound) - len(face) + 1
    return np.stack(
        [np.clip(face * sound[k : k + len(face)], -MOST, MOST) @ WEIGHTS for k in range(columns)], axis=1
    ).astype(np.float32)


def _evened(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    away = rows - averaged(rows.astype(np.float64), weight, AROUND_STEPS)
    return np.asarray(away / np.sqrt(averaged(away**2, weight, AROUND_STEPS) + LEAST**2))
