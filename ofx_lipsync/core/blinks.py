# SPDX-License-Identifier: Apache-2.0
"""Eyes that blink now and then: a face that speaks without blinking stares.

People who talk blink about 20 times a minute, at uneven times; lids fall faster than they rise.
Source: Bentivoglio et al., "Analysis of blink rate patterns in normal subjects" (1997); Trutoiu et al., "Modeling and
animating eye blinks" (2011).
"""

from __future__ import annotations

import numpy as np

MEAN_S, SHORTEST_S = 3.0, 0.9
"""Between two blinks on average, and at least."""
FALL_S, SHUT_S, RISE_S = 0.08, 0.03, 0.17


def blinks(times_s: np.ndarray, seed: int) -> np.ndarray:
    """times_s: [T] ascending -> [T] float32: 0 open, 1 shut. The same seed gives the same blinks at any rate."""
    lids = np.zeros(len(times_s), np.float32)
    if not len(times_s):
        return lids
    rng = np.random.default_rng(seed)
    at_s = float(rng.uniform(0.3, MEAN_S))
    while at_s < times_s[-1]:
        since_s = times_s - at_s
        falling = _eased(since_s / FALL_S)
        rising = 1 - _eased((since_s - FALL_S - SHUT_S) / RISE_S)
        lids = np.maximum(lids, np.minimum(falling, rising)).astype(np.float32)
        at_s += SHORTEST_S + float(rng.exponential(MEAN_S - SHORTEST_S))
    return lids


def _eased(part: np.ndarray) -> np.ndarray:
    part = np.clip(part, 0, 1)
    return np.asarray(part * part * (3 - 2 * part))
