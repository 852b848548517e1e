# SPDX-License-Identifier: Apache-2.0
"""Sixty frames a second: when the next is due, and how many came when they should."""

from __future__ import annotations

import time
from collections import deque
from statistics import mean

from ofx_lipsync.live.clock import now

BEHIND_S = 0.1
"""A stage that was held up for longer goes on from here, and does not catch up."""


class Pace:
    """rate: frames a second."""

    def __init__(self, rate: float) -> None:
        self.step_s = 1 / rate
        self.frames = self.late = 0
        """late: those that were finished after the next one was due."""
        self.stalls = 0
        self.longest_s = 0.0
        """Between two frames."""
        self._due_s = now()
        self._last_s = 0.0
        self._lengths: deque[float] = deque([self.step_s], maxlen=120)

    @property
    def rate(self) -> float:
        """Frames a second, over the last two seconds."""
        return 1 / mean(self._lengths)

    def wait(self) -> float:
        """Until the next frame is due; the time at which it is drawn."""
        time.sleep(max(0.0, self._due_s - now()))
        return now()

    def done(self) -> None:
        """The frame is finished."""
        at_s = now()
        if self._last_s:
            self._lengths.append(at_s - self._last_s)
            self.longest_s = max(self.longest_s, at_s - self._last_s)
        self._last_s = at_s
        self.frames += 1
        self._due_s += self.step_s
        self.late += at_s > self._due_s
        if at_s - self._due_s > BEHIND_S:
            self.stalls += 1
            self._due_s = at_s
