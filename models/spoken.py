# SPDX-License-Identifier: Apache-2.0
"""What the articulation network sees of a line, fifty times a second: what mouths do for the sounds that were heard,
how loud the voice is, and its colour in broad strokes.

Sounds come as gestures (core/gestures.py) and not as names: a vowel that no filmed person ever said lies between ones
that were.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.gestures import GESTURES, gestures
from ofx_lipsync.core.phones import LIPS
from ofx_lipsync.models.bands import BANDS

PER_STEP = 2
"""Frames of 10 ms to a step."""
STEPS_HZ = 100 // PER_STEP
FORMANT = slice(6, 18)
"""Bands of the first formant, 250-900 Hz: it rises as the jaw falls."""
BROAD = 12
QUIETEST_DB, SCALE_DB = -70.0, 20.0
INPUTS = len(GESTURES) + len(LIPS) + 2 + BROAD


def spoken(phones: np.ndarray, lips: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """phones: [T, P] posteriors, lips: [T, 3], as heard. bands: [T, 48] dB of the voice at speech level
    (models/loudness.py). Returns [ceil(T / 2), INPUTS] float32; step k is centred at k * 20 ms + 10 ms."""
    loud = np.stack([_together(bands), _together(bands[:, FORMANT])], axis=1)
    broad = np.maximum(bands, QUIETEST_DB).reshape(len(bands), BROAD, BANDS // BROAD).mean(axis=2)
    rows = np.concatenate([phones @ gestures(), lips, _scaled(loud), _scaled(broad)], axis=1)
    rows = np.concatenate([rows, rows[len(rows) - len(rows) % PER_STEP :]])  # an odd last frame is a step of its own
    return rows.reshape(-1, PER_STEP, INPUTS).mean(axis=1).astype(np.float32)


def without_colour(rows: np.ndarray) -> np.ndarray:
    """Rows that tell nothing of the voice but its sounds and loudness."""
    rows = rows.copy()
    rows[:, INPUTS - BROAD :] = 0
    return rows


def _together(bands: np.ndarray) -> np.ndarray:
    return 10 * np.log10((10 ** (bands / 10)).sum(axis=1))


def _scaled(level_db: np.ndarray) -> np.ndarray:
    return np.maximum(level_db, QUIETEST_DB) / SCALE_DB + 1.5
