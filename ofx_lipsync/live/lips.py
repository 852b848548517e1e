# SPDX-License-Identifier: Apache-2.0
"""From one mouth to the next: the turn is over half done in the first frame that shows it, so that it never lags."""

from __future__ import annotations

TURN_S = 1 / 20
HALF = 0.5


class Lips:
    """shut: mouths that are reached at once; a p that shuts slowly does not sound."""

    def __init__(self, rest: int, shut: frozenset[int] = frozenset(), turn_s: float = TURN_S) -> None:
        self._from = self._to = rest
        self._since_s, self._turn_s, self._shut = 0.0, turn_s, shut
        self._jump = True

    @property
    def mouth(self) -> int:
        return self._to

    def show(self, mouth: int, at_s: float) -> None:
        """From `at_s` on another mouth."""
        if mouth != self._to:
            self._from = self._from if self._phase(at_s) < HALF else self._to
            self._to, self._since_s = mouth, at_s
            self._jump = mouth in self._shut or self._from == mouth

    def at(self, at_s: float) -> tuple[int, int, float]:
        """(from, to, how far: 0.5 .. 1) at a time not before the last change."""
        phase = self._phase(at_s)
        return (self._to, self._to, 1.0) if phase >= 1 else (self._from, self._to, phase)

    def _phase(self, at_s: float) -> float:
        return 1.0 if self._jump else min(1.0, HALF + HALF * max(0.0, at_s - self._since_s) / self._turn_s)
