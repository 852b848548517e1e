# SPDX-License-Identifier: Apache-2.0
"""Mouths that overlap as mouths do: each sound pulls the lips before it is heard and lets go after.

Source: Cohen & Massaro, "Modeling coarticulation in synthetic visual speech" (1993): a sound's dominance falls off as
alpha * exp(-|t - ti| / tau) to either side, and what is seen is the mean of all mouths, weighed by dominance. Instead
of a time ti each 10 ms frame pulls by how surely the sound was heard in it.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.phones import OVR

STEP_S = 0.01
_TABLE = {
    "sil": (0.7, 0.05, 0.05), "PP": (5.0, 0.022, 0.014), "FF": (3.5, 0.03, 0.02), "TH": (0.9, 0.03, 0.03),
    "DD": (0.5, 0.03, 0.03), "kk": (0.35, 0.03, 0.03), "CH": (1.2, 0.05, 0.04), "SS": (0.8, 0.035, 0.03),
    "nn": (0.45, 0.03, 0.03), "RR": (0.7, 0.05, 0.04), "aa": (1.0, 0.05, 0.055), "E": (0.8, 0.05, 0.05),
    "ih": (0.8, 0.05, 0.05), "oh": (1.1, 0.07, 0.06), "ou": (1.4, 0.09, 0.06),
}  # fmt: skip
"""Viseme: how strongly it pulls, and how long before and after itself, in s. Lips that shut win over any vowel, but
briefly; rounding comes early (a w is seen before it is heard); tongue sounds leave the lips to their neighbours."""
REACH = 4
"""Falling off is followed for so many times tau; less than 2 % is left."""


def dominance(posteriors: np.ndarray) -> np.ndarray:
    """posteriors: [T, 15] of core.phones.OVR, 100 a second -> [T, 15] float32 weights, each row summing to 1."""
    if not len(posteriors):
        return np.zeros(posteriors.shape, np.float32)
    pulls = np.empty(posteriors.shape, np.float32)
    for column, viseme in enumerate(OVR):
        strength, before_s, after_s = _TABLE[viseme]
        pulls[:, column] = strength * _spread(posteriors[:, column], before_s, after_s)
    total = pulls.sum(axis=1, keepdims=True)
    return np.divide(pulls, total, out=np.zeros_like(pulls), where=total > 0)


def _spread(heard: np.ndarray, before_s: float, after_s: float) -> np.ndarray:
    """[T]: each frame pulls the ones before and after it; the strongest pull counts, so that a long sound is not
    stronger than a short one."""
    ahead, behind = (np.exp(-np.arange(1, int(REACH * s / STEP_S) + 1) * STEP_S / s) for s in (before_s, after_s))
    kernel = np.concatenate([ahead[::-1], [1.0], behind])
    padded = np.pad(heard, (len(behind), len(ahead)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel))
    return np.asarray((windows * kernel[::-1]).max(axis=1))
