# SPDX-License-Identifier: Apache-2.0
"""What the sync network sees of a face: how lips and jaw stand on the face turned to the front, and the pixels there.

Both sides of a mouth are averaged (speech is nearly even, tremble is not), and the person's own mean is taken away, so
that a stranger with thick lips or a long chin looks like anybody.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.articulate import measure
from ofx_lipsync.core.landmarks import (
    CHIN_TIP,
    LIPS_INNER_LOWER,
    LIPS_INNER_UPPER,
    LIPS_OUTER_LOWER,
    LIPS_OUTER_UPPER,
    NOSE_BASE,
)  # fmt: skip
from ofx_lipsync.core.mouth import ARTICULATION
from ofx_lipsync.core.pose import to_front

_ARCS = (LIPS_OUTER_UPPER, LIPS_OUTER_LOWER, LIPS_INNER_UPPER, LIPS_INNER_LOWER)
RIGHT = tuple(point for arc in _ARCS for point in arc[: len(arc) // 2 + 1])
LEFT = tuple(point for arc in _ARCS for point in arc[::-1][: len(arc) // 2 + 1])
"""Half contours from the corner to the middle, so that they can be zipped."""
SHAPE = len(RIGHT) * 3 + 1 + len(ARTICULATION)
SCALE = np.concatenate([np.full(len(RIGHT) * 3 + 1, 40.0), (25.0, 50.0, 40.0, 80.0, 25.0, 80.0)]).astype(np.float32)
"""What face heights are brought to about one by: fixed, or a frozen face would be blown up to a talking one."""

WIDTH, HEIGHT = 64, 48
SQUARE_PX = 160
INTO_SQUARE = np.array(((1.5, 0, 32), (0, 1.5, 80), (0, 0, 1)), np.float64)
"""From a pixel of the lower face (nose to chin, the cheeks' middle) to one of a face square of SQUARE_PX."""


def shape_rows(landmarks: np.ndarray) -> np.ndarray:
    """landmarks: [N, 478, 3] plate px. Returns [N, SHAPE] float32, scaled, with the person's mean still in it."""
    if not len(landmarks):
        return np.zeros((0, SHAPE), np.float32)
    front = to_front(landmarks)
    right, left = front[:, RIGHT], front[:, LEFT] * np.float32((-1, 1, 1))
    lips = (right + left) / 2 - front[:, NOSE_BASE, None] * np.float32((0, 1, 1))
    chin = front[:, CHIN_TIP, 1:2] - front[:, NOSE_BASE, 1:2]
    rows = np.concatenate([lips.reshape(len(front), -1), chin, measure(front)], axis=1)
    return np.asarray(rows * SCALE, np.float32)
