# SPDX-License-Identifier: Apache-2.0
"""How much later one side is than the other, from what both saw of the same mouth.

A sound card, a webcam and the way through each have delays that nobody knows. While somebody talks, the voice's mouth
and the face's open and shut together: the shift at which both agree best is the difference of their delays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEP_S = 0.005
REACH_S = 0.4
LEAST_S = 4.0
"""Of talk, for an answer."""
SURE = 0.4
"""Correlation from which the answer is believed."""


@dataclass(frozen=True)
class Offset:
    """late_s: how much later the second side is than the first. agreement: their correlation then, -1..1."""

    late_s: float
    agreement: float

    @property
    def sure(self) -> bool:
        return self.agreement >= SURE


def offset_between(
    first_s: np.ndarray, first: np.ndarray, second_s: np.ndarray, second: np.ndarray, reach_s: float = REACH_S
) -> Offset | None:
    """Times [N] and values [N] of each side, ascending. None where there is too little, or nothing moves."""
    if min(len(first_s), len(second_s)) < 2:
        return None
    begin, end = max(first_s[0], second_s[0]) + reach_s, min(first_s[-1], second_s[-1]) - reach_s
    if end - begin < LEAST_S:
        return None
    times = np.arange(begin, end, STEP_S)
    told = np.interp(times, first_s, first)
    shifts = np.arange(-round(reach_s / STEP_S), round(reach_s / STEP_S) + 1) * STEP_S
    agree = np.array([_correlation(told, np.interp(times + shift, second_s, second)) for shift in shifts])
    best = int(np.argmax(agree))
    if not agree[best] > 0:
        return None
    return Offset(float(shifts[best] + _between(agree, best) * STEP_S), float(agree[best]))


def _between(agree: np.ndarray, best: int) -> float:
    """Where the top of the curve lies beside its highest point, in steps: a parabola through three points."""
    if not 0 < best < len(agree) - 1:
        return 0.0
    left, top, right = agree[best - 1 : best + 2]
    bend = left - 2 * top + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / spread) if spread > 0 else 0.0
