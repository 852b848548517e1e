# SPDX-License-Identifier: Apache-2.0
"""How long a drawn mouth stays: no flicker, and no closure lost.

A mouth that is shown for one frame of film reads as a fault. So each one stays for a while, and one that came and went
meanwhile is not shown at all. Lips that shut wait for nobody: a p that is missed is seen by everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from ofx_lipsync.core.phones import LABELS_HZ

LONGER_S, SHUT_S = 0.01, 0.04
"""Shut lips stay so much longer than others, and no less than a frame of film."""


@dataclass(frozen=True)
class Holds:
    """mouth_s: how long any mouth stays, at the least."""

    mouth_s: float = 0.05

    @property
    def shut_s(self) -> float:
        return max(SHUT_S, self.mouth_s + LONGER_S)


class LiveTiming:
    """From the mouth heard in each 10 ms to the one shown; one object follows one voice.

    shut: the mouths that never wait (index of p b m's, and of f v's). A change waits for `mouth_s` at the most.
    """

    def __init__(self, shut: Iterable[int], holds: Holds | None = None, first: int = 0) -> None:
        holds = holds or Holds()
        self._shut = frozenset(shut)
        self._mouth, self._shuts = (max(1, round(s * LABELS_HZ)) for s in (holds.mouth_s, holds.shut_s))
        self._shown, self._left = first, 0

    def push(self, heard: int) -> int:
        """The mouth to show, for the mouth heard in the next 10 ms."""
        self._left = max(0, self._left - 1)
        closing = heard in self._shut
        may = not self._left or (closing and self._shown not in self._shut)
        if heard != self._shown and may:
            self._shown = heard
            self._left = self._shuts if closing else self._mouth
        return self._shown
