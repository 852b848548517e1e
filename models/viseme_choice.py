# SPDX-License-Identifier: Apache-2.0
"""From what was heard to one mouth a frame: closures first, and no flicker.

A viewer forgives a wrong vowel and never a p that stays open, so lips shut and on the teeth need less to be shown,
and rounded ones more, which are too easily heard in l and r; where noise makes the ear unsure of everything, a closure
needs less still. Live, a mouth gives way only to one that is clearly likelier, without looking ahead, and lips shut
only for what is heard twice; over a whole line the likeliest way through all frames is taken, where each change has
its price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.phones import SILENCE, Visemes, adobe, index
from ofx_lipsync.models.hearing_listener import Heard


@dataclass(frozen=True)
class Rules:
    """favour: how many times likelier p b m, f v and u w are taken to be than heard; rest: the same of silence, live.
    stay: how many times likelier another mouth must be. patience: frames for which a closure must be so.
    doubt: by how much closures are favoured for each part of SURE that the ear is less sure than that.
    price: of a change in a line, as the logarithm of such a factor."""

    favour: tuple[float, float, float] = (1.4, 1.4, 0.6)
    rest: float = 1.5
    stay: float = 2.03
    patience: int = 2
    doubt: float = 5.0
    price: float = 1.5


LEAST = 1e-4
"""No mouth is ever impossible."""
SURE, FORGETS = 0.78, 0.01
"""How likely the likeliest mouth is in clean speech, on average, and the share of that average a frame renews."""


class VisemeChoice:
    """A mouth for each frame as it comes; one object follows one voice."""

    def __init__(self, visemes: Visemes | None = None, rules: Rules | None = None) -> None:
        self.visemes, self.rules = visemes or adobe(), rules or Rules()
        self._favour = np.ones(len(self.visemes.names), np.float32)
        for phone, favour in zip("pfw", self.rules.favour, strict=True):
            self._favour[self.visemes.of_phone[index(phone)]] = favour
        self._rest, self._shut = (int(self.visemes.of_phone[phone]) for phone in (SILENCE, index("p")))
        self._shown, self._waited, self._sure = self._rest, 0, SURE

    def push(self, heard: Heard) -> np.ndarray:
        """[n] int8: index into the set's names, for each of the frames heard."""
        return np.array([self._choose(likely) for likely in self.visemes.posteriors(heard.phones)], np.int8)

    def _choose(self, likely: np.ndarray) -> int:
        if likely[self._rest] < 0.5:
            self._sure += FORGETS * (float(likely.max()) - self._sure)
        likely = likely * self._favour
        likely[self._rest] *= self.rules.rest
        likely[self._shut] *= self._doubted(self._sure)
        best = int(np.argmax(likely))
        clear = likely[best] > self.rules.stay * likely[self._shown]
        self._waited = self._waited + 1 if clear and best == self._shut else 0
        if clear and (best != self._shut or self._waited >= self.rules.patience):
            self._shown = best
        return self._shown

    def _doubted(self, sure: float) -> float:
        return 1 + self.rules.doubt * max(0.0, SURE - sure)

    def line(self, heard: Heard) -> np.ndarray:
        """[T] int8: the best way through a whole line.   Source: Viterbi (1967), one price for every change."""
        likely = self.visemes.posteriors(heard.phones)
        if not len(likely):
            return np.zeros(0, np.int8)
        spoken = likely[likely[:, self._rest] < 0.5]
        favour = self._favour.copy()
        favour[self._shut] *= self._doubted(float(spoken.max(axis=1).mean()) if len(spoken) else SURE)
        likely = np.log(likely * favour + LEAST)
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
