# SPDX-License-Identifier: Apache-2.0
"""Landmarks -> the channels of `mouth.ARTICULATION`, before they are made relative to the person.

Everything is measured on the face turned to the front, in face heights, so it is the same for a head that turns,
nods, tilts or comes nearer. Signs: a wider, more open, more raised, more lowered, more pushed-out mouth is larger.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.landmarks import LIP_CORNER_LEFT, LIP_CORNER_RIGHT
from ofx_lipsync.core.mouth import ARTICULATION
from ofx_lipsync.core.pose import to_front

_UPPER_EDGE, _LOWER_EDGE = [13, 82, 312], [14, 87, 317]
_NOSE_BASE = [2, 97, 326]
_CHIN = [152, 148, 377, 175, 199]
_UPPER_LIP = [0, 37, 267, 11]
"""The upper lip shows pushed-out lips better than the lower one, which rides on the jaw."""


def articulation(landmarks: np.ndarray) -> np.ndarray:
    """landmarks: [N, 478, 3], plate px. Returns [N, 6] float32, columns as mouth.ARTICULATION, in face heights.

    `open` is 0 for shut lips to about 0.003 and 0.05..0.12 at the widest of plain speech.
    """
    return measure(to_front(landmarks))


def measure(front: np.ndarray) -> np.ndarray:
    """front: [N, 478, 3] in face heights, turned to the front (pose.to_front). Returns [N, 6] float32."""
    nose = front[:, _NOSE_BASE].mean(axis=1)
    upper, lower = front[:, _UPPER_EDGE, 1].mean(axis=1), front[:, _LOWER_EDGE, 1].mean(axis=1)
    channels = {
        "open": lower - upper,
        "width": np.linalg.norm(front[:, LIP_CORNER_RIGHT] - front[:, LIP_CORNER_LEFT], axis=1),
        "jaw": front[:, _CHIN, 1].mean(axis=1) - nose[:, 1],
        "upper": nose[:, 1] - upper,
        "lower": lower - nose[:, 1],
        "pucker": nose[:, 2] - front[:, _UPPER_LIP, 2].mean(axis=1),
    }
    return np.stack([channels[name] for name in ARTICULATION], axis=1).astype(np.float32)
