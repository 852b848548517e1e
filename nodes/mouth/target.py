# SPDX-License-Identifier: Apache-2.0
"""From a curve to where this actor's lips, chin and cheeks should be on each plate frame."""

from __future__ import annotations

from typing import Any, Iterator, Sequence

import numpy as np

from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.nodes.mouth.actor import Actor
from ofx_lipsync.nodes.mouth.points import LOWER_INNER, UPPER_INNER

OPEN, WIDTH, JAW, UPPER, LOWER, PUCKER = range(len(ARTICULATION))
HIGHEST = np.array([1.6, 2.5, 1.6, 2.0, 1.6, 2.5])
LOWEST = np.array([0.0, -3.0, -1.0, -2.0, -1.0, -2.5])
"""No channel is asked for more, in the actor's ranges, or not this actor would be seen but a stretch of skin."""
EASE_S = 0.32
"""Lips part before the voice is heard and close after it; AudioFeature has eased both ends, and is not cut off here."""


def wanted_channels(curve: MouthCurve, frames: Sequence[int], shown_s: np.ndarray, params: Any) -> np.ndarray:
    """[N, 6] channels at each frame, after the artist's params. shown_s: [N] each one's time on the curve's clock."""
    values = _smooth(curve.values, curve.times_s, params.smoothing / 1000)
    voice = _widened(curve.voice, curve.times_s)
    settings = [params.at(int(frame)) for frame in frames]
    late_s = np.array([setting.sync_offset for setting in settings]) / 1000
    at_s = shown_s - late_s
    lead_s = np.array([setting.closure_lead for setting in settings]) / 1000
    values, voice = (_at(part, curve.times_s, at_s) for part in (values, voice))
    # held as well as brought forward, or the lips would part again before the sound
    closure = np.maximum(_at(curve.closure, curve.times_s, at_s + lead_s), _at(curve.closure, curve.times_s, at_s))
    for row, setting in enumerate(settings):
        _direct(values[row], float(closure[row]), float(voice[row]), setting)
    return np.clip(values, LOWEST, HIGHEST)


def _direct(channels: np.ndarray, closure: float, voice: float, params: Any) -> None:
    """The artist's say over one frame's channels [6], in place."""
    speech = 1 - params.hold_closed_in_silence * (1 - voice)
    channels *= speech
    channels[[OPEN, UPPER, LOWER]] *= params.opening
    channels[OPEN] += params.opening_bias * speech
    channels[LOWER] += params.opening_bias * speech
    channels[WIDTH] *= params.width
    channels[JAW] *= params.jaw
    shut = 1 - params.closure * closure
    channels[OPEN] *= shut
    channels[[UPPER, LOWER]] *= 0.5 + 0.5 * shut


def front_points(actor: Actor, channels: np.ndarray) -> np.ndarray:
    """[N, P, 3] control points to the front for channels [N, 6], the inner lips exactly as far apart as `open` says.

    The linear shape leaves a slit where channels disagree, and a slit in p, b, m or silence is seen at once.
    """
    points = actor.pose_free(channels)
    wanted = np.maximum(actor.closed[OPEN] + actor.reach[OPEN] * channels[:, OPEN], 0.0)
    gaps = np.maximum(points[:, LOWER_INNER, 1] - points[:, UPPER_INNER, 1], 0.0)
    middle = gaps[:, 4:7].mean(axis=1)
    full = np.sin(np.linspace(0, np.pi, len(UPPER_INNER)))
    shape = np.where(middle[:, None] > 0.01, gaps / np.maximum(middle, 1e-6)[:, None], full)
    change = wanted[:, None] * shape - (points[:, LOWER_INNER, 1] - points[:, UPPER_INNER, 1])
    points[:, UPPER_INNER[1:-1], 1] -= change[:, 1:-1] / 2
    points[:, LOWER_INNER[1:-1], 1] += change[:, 1:-1] / 2
    return points


def _at(values: np.ndarray, times_s: np.ndarray, at_s: np.ndarray) -> np.ndarray:
    """Values [T, ...] read at other times, straight between samples, held outside."""
    if values.ndim == 1:
        return np.interp(at_s, times_s, values)
    return np.stack([np.interp(at_s, times_s, column) for column in values.T], axis=1)


def _widened(voice: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """[T]: voice that begins and ends EASE_S earlier and later, for lips move before and after they are heard."""
    most = voice.astype(np.float64).copy()
    for there, near in _neighbours(times_s, EASE_S):
        most = np.maximum(most, np.where(near, voice[there], 0.0))
    return most


def _smooth(values: np.ndarray, times_s: np.ndarray, sigma_s: float) -> np.ndarray:
    """[T, C]: a Gaussian mean along time."""
    if sigma_s <= 0:
        return values
    total, weights = values.astype(np.float64), np.ones(len(times_s))
    for there, near in _neighbours(times_s, 3 * sigma_s):
        weight = np.exp(-0.5 * ((times_s[there] - times_s) / sigma_s) ** 2) * near
        total, weights = total + weight[:, None] * values[there], weights + weight
    return total / weights[:, None]


def _neighbours(times_s: np.ndarray, reach_s: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows [T] one, two, ... samples away on either side, and whether [T] they exist and lie within reach."""
    every = np.arange(len(times_s))
    for away in range(1, len(times_s)):
        anybody = False
        for there in (every - away, every + away):
            held = np.clip(there, 0, len(times_s) - 1)
            near = (held == there) & (np.abs(times_s[held] - times_s) <= reach_s)
            anybody |= bool(near.any())
            yield held, near
        if not anybody:
            return
