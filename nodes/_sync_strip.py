# SPDX-License-Identifier: Apache-2.0
"""A heat strip: time across, the sound late above and early below, bright where lips and sound are alike; the offset as
a line, as bright as it is sure."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.offset import FaceSync

HEAT = np.array(
    ((0.02, 0.02, 0.06), (0.25, 0.05, 0.38), (0.65, 0.17, 0.37), (0.95, 0.45, 0.15), (1.0, 0.85, 0.35), (1, 1, 0.85)),
    np.float32,
)
"""From least to most alike, sRGB."""
LINE = np.array((0.25, 0.95, 1.0), np.float32)
DARK, BRIGHT = 0.0, 0.7
"""Likeness that is shown darkest and brightest: fixed, so that strips of different shots can be compared."""
LEAST_SEEN = 0.15
"""A line that is not sure at all is still seen, faintly."""


def strip(face: FaceSync, width: int, height: int) -> np.ndarray:
    """Returns [3, height, width] float32, sRGB 0..1."""
    times = face.curve.times_s
    if not len(times):
        return np.zeros((3, height, width), np.float32)
    at_s = times[0] + (np.arange(width) + 0.5) / width * (times[-1] - times[0])
    columns = np.clip(np.searchsorted(times, at_s), 0, len(times) - 1)
    count = len(face.offsets_s)
    rows = np.clip(((1 - (np.arange(height) + 0.5) / height) * count).astype(np.int64), 0, count - 1)
    level = np.clip((face.scores[columns][:, rows].T - DARK) / (BRIGHT - DARK), 0, 1)
    picture = heat(level)
    lowest, highest = face.offsets_s[0], face.offsets_s[-1]
    drawn = (1 - (face.curve.offset_s[columns] - lowest) / (highest - lowest)) * (height - 1)
    near = np.clip(1.5 - np.abs(np.arange(height)[:, None] - drawn), 0, 1)
    share = near * np.maximum(face.curve.confidence[columns], LEAST_SEEN)
    return np.asarray(picture * (1 - share) + LINE[:, None, None] * share, np.float32)


def heat(level: np.ndarray) -> np.ndarray:
    """[...] 0..1 -> [3, ...] sRGB."""
    stops = np.linspace(0, 1, len(HEAT))
    return np.stack([np.interp(level, stops, channel) for channel in HEAT.T]).astype(np.float32)


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB 0..1 to light, IEC 61966-2-1."""
    return np.asarray(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4), np.float32)
