# SPDX-License-Identifier: Apache-2.0
"""What an edit leaves behind: holes of digital silence in the sound, and cuts in the picture.

Within a pause nobody hears where a splice is; these say it, or at least where it is likelier than elsewhere.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ofx_lipsync.models.bands import RATE_HZ

SILENT = 1e-5
"""A room is never as quiet as this: -100 dB under full scale."""
LEAST_S, MOST_S = 0.01, 1.2
"""Holes of this length are an edit's; shorter ones are chance, longer ones a pause that was muted."""


def holes(samples: np.ndarray, per_step: int) -> np.ndarray:
    """samples: [N] mono at 16 kHz. Returns [N / per_step] float32: 1 where a hole begins or ends; what lies before the
    sound and after it is none."""
    found = np.zeros(len(samples) // per_step, np.float32)
    edges = np.flatnonzero(np.diff(np.abs(samples) < SILENT, prepend=False, append=False))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        inside = first > 0 and last < len(samples)
        if inside and LEAST_S <= (last - first) / RATE_HZ <= MOST_S:
            found[np.minimum(np.array([first, last]) // per_step, len(found) - 1)] = 1
    return found


def cut_moments(cuts: Sequence[int], frames: Sequence[int], times_s: np.ndarray, steps_s: np.ndarray) -> np.ndarray:
    """[T] float32: 1 at the first moment after each cut. cuts: first frames after them; times_s: [F] when each of
    frames is shown; steps_s: [T] the moments."""
    found = np.zeros(len(steps_s), np.float32)
    rows = np.searchsorted(np.asarray(frames), np.asarray(cuts, np.int64))
    at = np.searchsorted(steps_s, times_s[rows[rows < len(times_s)]] - 1e-6)
    found[at[at < len(found)]] = 1
    return found
