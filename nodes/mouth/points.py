# SPDX-License-Identifier: Apache-2.0
"""Which face mesh points steer the lower face, and how they are grouped.

CONTROL is the order of every [P, ...] array of the plate engine: lips first, then the skin that moves with lips
and jaw, then the points that hold still.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core import landmarks as mesh

LIPS = mesh.LIPS_OUTER + mesh.LIPS_INNER
CHEEKS = (
    (164, 167, 393, 165, 391, 92, 322, 186, 410, 206, 426, 203, 423, 205, 425, 216, 436, 57, 287, 212, 432)
    + (43, 273, 202, 422, 204, 424, 194, 418, 106, 335, 182, 406, 210, 430, 135, 364, 214, 434)
    + (192, 416, 207, 427, 187, 411, 213, 433)
)  # fmt: skip
CHIN = (18, 83, 313, 200, 201, 421, 199, 208, 428, 175, 171, 396, 32, 262, 140, 369, 169, 394)
JAW = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
STILL = (2, 97, 326, 98, 327, 1, 64, 294, 33, 133, 263, 362, 50, 280, 117, 346, 234, 454, 127, 356, 93, 323)
MOVING = LIPS + CHEEKS + CHIN + JAW
CONTROL = MOVING + STILL

INDEX = np.array(CONTROL)
COUNT = len(CONTROL)


def rows(ids: tuple[int, ...]) -> np.ndarray:
    """Positions of face mesh points within CONTROL."""
    return np.array([CONTROL.index(i) for i in ids])


LIP_ROWS = slice(0, len(LIPS))
MOVING_ROWS = slice(0, len(MOVING))
STILL_ROWS = slice(len(MOVING), COUNT)
UPPER_INNER = rows(mesh.LIPS_INNER_UPPER)
LOWER_INNER = rows(mesh.LIPS_INNER_LOWER)
LIPS_EDGE = rows(mesh.LIPS_OUTER)
NOSE_BASE_ROW = CONTROL.index(mesh.NOSE_BASE)
JAW_ROWS = rows(JAW)
FACE_EDGE = rows((*JAW, 323, 454, 356, 127, 234, 93))
"""Round the face from temple to temple over the chin."""
TOP = rows((280, 1, 50))
"""Over the cheeks and the tip of the nose: the upper edge of what a jaw moves."""
OUTLINE = rows(
    (2, 97, 98, 203, 206, 216, 212, 202, 210, 169, 140, 171, 175, 396, 369, 394, 430, 422, 432, 436, 426, 423, 327, 326)
)
"""The edge of the mouth layer: under the nose, down the folds of the cheeks, round the chin pad."""
