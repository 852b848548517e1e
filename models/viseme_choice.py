# SPDX-License-Identifier: Apache-2.0
"""From what was heard to one mouth a frame: closures first, and no flicker.

A viewer forgives a wrong vowel and never a p that stays open, so lips shut, on the teeth and rounded need less
to be shown. Live, a mouth gives way only to one that is clearly likelier, without looking ahead; over a whole line the
likeliest way through all frames is taken, where each change has its price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.phones import Visemes, adobe, index
from ofx_lipsync.models.hearing_listener import Heard


@dataclass(frozen=True)
class Rules:
    """favour: how many times likelier p b m, f v and u w are taken to be than heard. stay: how many times likelier
    another mouth must be. price: of a change in a line, as the logarithm of such a factor."""

    favour: tuple[float, float, float] = (1.0, 1.4, 1.0)
    stay: float = 2.0
    price: float = 1.5


LEAST = 1e-4
"""No mouth is ever impossible."""


class VisemeChoice:
    """A mouth for each frame as it comes; one object follows one voice."""

    def __init__(self, visemes: Visemes | None = None, rules: Rules | None = None) -> None:
        self.visemes, self.rules = visemes or adobe(), rules or Rules()
        self._favour = np.ones(len(self.visemes.names), np.float32)
        for phone, favour in zip("pfw", self.rules.favour, strict=True):
            self._favour[self.visemes.of_phone[index(phone)]] = favour
        self._shown = int(self.visemes.of_phone[0])

    def push(self, heard: Heard) -> np.ndarray:
        """[n] int8: index into the set's names, for each of the frames heard."""
        shown = []
        for likely in self.visemes.posteriors(heard.phones) * self._favour:
            best = int(np.argmax(likely))
            if likely[best] > self.rules.stay * likely[self._shown]:
                self._shown = best
            shown.append(self._shown)
        return np.array(shown, np.int8)

    def line(self, heard: Heard) -> np.ndarray:
        """[T] int8: the best way through a whole line.   Source: Viterbi (1967), one price for every change."""
        likely = np.log(self.visemes.posteriors(heard.phones) * self._favour + LEAST)
        if not len(likely):
            return np.zeros(0, np.int8)
        stays = np.arange(likely.shape[1])
        came_from = np.empty(likely.shape, np.int8)
        sum_here = np.zeros(likely.shape[1])
        for t, now in enumerate(likely):
            best = int(np.argmax(sum_here))
            changed = sum_here[best] - self.rules.price
            came_from[t] = np.where(sum_here >= changed, stays, best)
            sum_here = np.maximum(sum_here, changed) + now
        shown = np.empty(len(likely), np.int8)
        at = int(np.argmax(sum_here))
        for t in range(len(likely) - 1, -1, -1):
            shown[t] = at
            at = int(came_from[t, at])
        return shown
