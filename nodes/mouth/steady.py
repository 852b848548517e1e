# SPDX-License-Identifier: Apache-2.0
"""A box round the mouth that goes with the head: what a compositor stabilises the mouth by."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.nodes.mouth.field import similarity
from ofx_lipsync.nodes.mouth.points import OUTLINE, STILL_ROWS

ROOM = 0.25
"""The box is this share of the mouth layer's width larger on every side."""


def corners(plan: MouthPlan) -> tuple[int, np.ndarray]:
    """(the frame that the others are brought to, [N, 4, 2] plate px).

    On that frame, the middle one of the plan, the box stands upright; on others it moves, turns and grows as nose, eyes
    and temples do, which do not speak. Order: lower left, lower right, upper right, upper left.
    """
    middle = len(plan.frames) // 2
    points = plan.here.astype(np.float64)
    outline = points[middle][OUTLINE]
    room = ROOM * float(np.ptp(outline[:, 0]))
    (x0, y0), (x1, y1) = outline.min(axis=0) - room, outline.max(axis=0) + room
    box = np.array([[x0, y1], [x1, y1], [x1, y0], [x0, y0]])
    still = points[middle][STILL_ROWS]
    moves = [similarity(still, here[STILL_ROWS]) for here in points]
    return int(plan.frames[middle]), np.stack([box @ matrix.T + offset for matrix, offset in moves])
