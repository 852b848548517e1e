# SPDX-License-Identifier: Apache-2.0
"""One clock for all sides, and when each sample of a device was heard on it.

A sound card counts with its own crystal, and the computer is told of each block a little late, by another amount each
time. A delay-locked loop follows the card's rate and smooths the lateness away, without ever jumping.
Source: Adriaensen, "Using a DLL to filter time" (2005), with a bandwidth that narrows as the rate becomes known.
"""

from __future__ import annotations

import math
import time

FASTEST_HZ, SLOWEST_HZ = 1.0, 0.005
"""Bandwidth of the loop, in the first second and after minutes."""
TRUSTED_S = 0.02
"""A block that comes later than this was held up by the computer; the card did not slow down."""
EARLY_S = 0.03
"""No sound comes before it was made: one that is so much too early proves that the others were late."""
BEHIND_S, FOR_S = 0.05, 0.5
"""Where even the promptest block in so long is so late, the device has paused, and the loop begins again."""
GAP_S = 0.5
"""Beyond this it begins again at once."""
WORST_PPM = 1000
"""No card is further off."""


def now() -> float:
    """Seconds of the clock that every part of the live performer goes by."""
    return time.monotonic()


class DeviceClock:
    """When samples were heard; one object a device from its opening on. Not shared between threads."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.samples = 0
        """Heard up to now."""
        self.restarts = 0
        self._begin()

    def _begin(self) -> None:
        self._end_s = math.nan
        self._period_s = 1 / self.rate_hz
        self._age_s = self._behind_s = 0.0

    @property
    def drift_ppm(self) -> float:
        """How much faster than it says the device counts, in millionths."""
        return (1 / (self._period_s * self.rate_hz) - 1) * 1e6

    def block(self, count: int, now_s: float) -> None:
        """`count` more samples, the last of which came at `now_s`."""
        if not count:
            return
        self.samples += count
        expected_s, length_s = self._end_s + count * self._period_s, count / self.rate_hz
        late_s = now_s - expected_s
        self._behind_s = self._behind_s + length_s if late_s > BEHIND_S else 0.0
        if not -EARLY_S <= late_s <= GAP_S or self._behind_s > FOR_S:  # the first block as well: it is no number late
            self.restarts += not math.isnan(late_s)
            self._begin()
            self._end_s = now_s
        else:
            self._follow(expected_s, max(-TRUSTED_S, min(TRUSTED_S, late_s)), length_s)

    def _follow(self, expected_s: float, late_s: float, length_s: float) -> None:
        self._age_s += length_s
        turn = 2 * math.pi * length_s * max(SLOWEST_HZ, min(FASTEST_HZ, 1 / self._age_s))
        turn = min(turn, 0.5)
        self._end_s = expected_s + math.sqrt(2) * turn * late_s
        slower = (self._period_s + turn * turn * late_s / (length_s * self.rate_hz)) * self.rate_hz
        self._period_s = max(1 - WORST_PPM * 1e-6, min(1 + WORST_PPM * 1e-6, slower)) / self.rate_hz

    def time_of(self, sample: float) -> float:
        """When a sample was heard; samples may lie a little ahead of what has come."""
        return self._end_s + (sample - self.samples) * self._period_s
