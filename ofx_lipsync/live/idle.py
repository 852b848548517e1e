# SPDX-License-Identifier: Apache-2.0
"""What keeps a character alive that no webcam moves: blinks now and then, and a little sway."""

from __future__ import annotations

import math
import random

BLINK_S, APART_S = 0.16, (2.0, 6.5)
"""How long a blink takes, and how far apart blinks are."""
SWAY_DEG = 1.2


class Idle:
    """The same seed moves in the same way."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._blink_s = 0.0
        self._phase = self._random.uniform(0, math.tau)

    def blink(self, at_s: float) -> float:
        """0 (open) .. 1 (shut)."""
        if at_s > self._blink_s + BLINK_S:
            # after a pause of hours there is one blink, not all those that were missed
            self._blink_s = max(self._blink_s, at_s) + self._random.uniform(*APART_S)
        into = (at_s - self._blink_s) / BLINK_S
        return math.sin(math.pi * into) if 0 <= into <= 1 else 0.0

    def sway(self, at_s: float) -> tuple[float, float]:
        """Roll and yaw in degrees; two slow waves that never meet in the same way."""
        roll = math.sin(0.83 * at_s + self._phase) + 0.6 * math.sin(0.31 * at_s)
        yaw = math.sin(0.47 * at_s) + 0.7 * math.sin(0.29 * at_s + self._phase)
        return SWAY_DEG * roll, SWAY_DEG * yaw
