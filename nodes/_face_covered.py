# SPDX-License-Identifier: Apache-2.0
"""Frames in which something lies over a mouth: a hand, a cup, a microphone.

No network says it. The skin round the mouth is compared, point by point, with what it mostly is in the shot, after the
upper face's light has been taken out; and lips are looked for, which are redder than skin: a hand has a face's colour.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.kernels.crop import halve
from ofx_lipsync.models.face_mesh import Roi

ROUND = (
    (164, 167, 393, 165, 391, 92, 322, 186, 410, 57, 287, 43, 273, 106, 335, 182, 406, 18, 83, 313, 200, 201, 421)
    + (199, 208, 428, 216, 436, 212, 432, 202, 422)
)  # fmt: skip
ABOVE = (50, 280, 117, 346, 101, 330, 10, 151, 4, 1, 205, 425)
LIPS = ((0, 13), (37, 82), (267, 312), (17, 14), (84, 87), (314, 317), (40, 80), (270, 310), (91, 88), (321, 318))
"""Pairs across the red of the lips, in whose middle it is read."""
FEWEST = 12
"""Frames: of fewer nobody can say what is usual."""
LEAST, TIMES = 0.22, 3.0
"""Natural logs of light, root mean square over the points: no speech and no shadow of a jaw moves skin so far, nor so
many times as far as it mostly does."""
PALE = (0.6, 0.8)
"""Of their red, lips that speak kept half or more on 15 clips of GRID; under a hand they kept a seventh or less."""
LEAST_RED = 0.04
"""Lips that are no redder than skin, in logs, say nothing when they are gone."""
DARK = 0.02
"""Added to display values, so that black is not infinitely dark."""


def skin(square: np.ndarray, roi: Roi, landmarks: np.ndarray) -> np.ndarray:
    """[K, 3] float32 logs of light at ROUND and ABOVE. square: [3, 256, 256] display values, what `roi` shows;
    landmarks: [478, 3] plate px."""
    small = halve(halve(square))
    side = small.shape[1]
    there = np.linalg.inv(np.vstack([roi.matrix(side), [0, 0, 1]]))[:2]
    lips = landmarks[np.array(LIPS), :2].mean(axis=1)
    points = np.concatenate([landmarks[list(ROUND + ABOVE), :2], lips])
    at = points @ there[:, :2].T + there[:, 2]
    column, row = np.clip(np.nan_to_num(at).astype(np.int64), 0, side - 1).T
    return np.asarray(np.log(np.maximum(small[:, row, column].T, 0) + DARK), np.float32)


def covered(skins: np.ndarray) -> np.ndarray:
    """[N] float32 0..1, how surely the mouth is covered, from what `skin` [N, K, 3] gave of each frame of a track."""
    if len(skins) < FEWEST:
        return np.zeros(len(skins), np.float32)
    away = strangeness(skins)
    usual = max(LEAST, TIMES * float(np.median(away)))
    strange, pale = (away / usual - 1) / 0.5, (paleness(skins) - PALE[0]) / (PALE[1] - PALE[0])
    return np.clip(np.maximum(strange, pale), 0, 1).astype(np.float32)


def strangeness(skins: np.ndarray) -> np.ndarray:
    """[N]: how far the skin round the mouth is from what it mostly is."""
    skins = skins.astype(np.float64)
    light = skins - skins[:, len(ROUND) : len(ROUND) + len(ABOVE)].mean(axis=1, keepdims=True)
    return _away(light[:, : len(ROUND)])


def paleness(skins: np.ndarray) -> np.ndarray:
    """[N]: how much of their colour lips have lost beside the skin round them, 0 for none, 1 for all."""
    skins = skins.astype(np.float64)
    red = skins[:, :, 0] - skins[:, :, 1:].mean(axis=2)
    redder = np.median(red[:, len(ROUND) + len(ABOVE) :], axis=1) - red[:, : len(ROUND)].mean(axis=1)
    usual = float(np.median(redder))
    return np.asarray(1 - redder / usual if usual > LEAST_RED else np.zeros(len(skins)))


def _away(light: np.ndarray) -> np.ndarray:
    away = light - np.median(light, axis=0)
    return np.asarray(np.sqrt((away**2).mean(axis=(1, 2))))
