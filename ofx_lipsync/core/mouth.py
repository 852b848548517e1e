# SPDX-License-Identifier: Apache-2.0
"""What a mouth should do over time, apart from whose mouth it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ARTICULATION = ("open", "width", "jaw", "upper", "lower", "pucker")
"""Channels of an articulation curve, measured on a face turned to the front, as a fraction of face height,
minus the person's rest (lips closed, relaxed), divided by the person's range; 0 = rest, +1 = the 95th percentile
of their speech on that channel:
open    inner lips apart, middle of the mouth
width   corner to corner (negative = narrower than rest: rounded)
jaw     chin below the nose
upper   upper lip's lower edge raised
lower   lower lip's upper edge lowered
pucker  lips pushed forward (depth)
"""

TWO_WAY = np.array([name in ("width", "pucker") for name in ARTICULATION])
"""Channels that leave rest to both sides: for some people shut lips are nearly the widest, so that the 95th percentile
says little of how far they go. Their range is half of the whole travel, 5th to 95th percentile."""


def reach_of(raw: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """[6] a person's range per channel. raw: [N, 6] articulation in face heights; closed: [6] it with lips shut."""
    low, high = np.quantile(raw, [0.05, 0.95], axis=0)
    return np.asarray(np.where(TWO_WAY, (high - low) / 2, high - closed))


@dataclass(frozen=True)
class MouthCurve:
    """times_s: [T] float64, centre of each sample on the shot's clock. values: [T, 6] float32, see ARTICULATION.
    closure: [T] float32 0..1, how surely the lips are shut (p b m, and silence). voice: [T] float32 0..1."""

    times_s: np.ndarray
    values: np.ndarray
    closure: np.ndarray
    voice: np.ndarray


@dataclass(frozen=True)
class AudioAnalysis:
    """A line as the networks hear it. mel: [80, M] float32, 80 columns a second. loudness_db: [T] float32 relative to
    full scale at each shot frame. curve: the mouth's wish at each shot frame's centre. mel_start_s: where the mel's
    first column lies on the shot's clock; NaN where an older analysis file does not say."""

    mel: np.ndarray
    loudness_db: np.ndarray
    curve: MouthCurve
    mel_start_s: float = 0.0
