# SPDX-License-Identifier: Apache-2.0
"""From what was heard to one mouth a frame: closures first, and no flicker.

A viewer forgives a wrong vowel and never a p that stays open, so what the lips' own outputs are sure of wins. A mouth
gives way to another only when that one is clearly likelier. Neither looks ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.phones import Visemes, adobe, index
from ofx_lipsync.models.hearing_listener import Heard

SURE = (0.70, 0.75, 0.80)
"""From where the lips' outputs (shut, on the teeth, rounded) decide alone."""
STAY = 1.6
"""How many times likelier another mouth must be."""


@dataclass(frozen=True)
class Rules:
    """sure: thresholds of the lips' outputs; stay: advantage of the mouth that is shown."""

    sure: tuple[float, ...] = SURE
    stay: float = STAY


class VisemeChoice:
    """A mouth for each frame as it comes; one object follows one voice."""

    def __init__(self, visemes: Visemes | None = None, rules: Rules = Rules()) -> None:
        self.visemes, self.rules = visemes or adobe(), rules
        self._of_lips = [int(self.visemes.of_phone[index(phone)]) for phone in ("p", "f", "w")]
        self._shown = int(self.visemes.of_phone[0])

    def push(self, heard: Heard) -> np.ndarray:
        """[n] int8: index into the set's names, for each of the frames heard."""
        likely = self.visemes.posteriors(heard.phones)
        sure = heard.lips / np.array(self.rules.sure, np.float32)
        return np.array([self._next(*frame) for frame in zip(likely, sure, strict=True)], np.int8)

    def _next(self, likely: np.ndarray, sure: np.ndarray) -> int:
        lips = int(np.argmax(sure))
        best = int(np.argmax(likely))
        if sure[lips] >= 1:
            self._shown = self._of_lips[lips]
        elif likely[best] > self.rules.stay * likely[self._shown]:
            self._shown = best
        return self._shown
