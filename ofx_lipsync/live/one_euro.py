# SPDX-License-Identifier: Apache-2.0
"""Steady when slow, quick when fast: the one-euro filter, for many channels at once.

Source: Casiez, Roussel & Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
Systems", CHI 2012.
"""

from __future__ import annotations

import numpy as np

SPEED_HZ = 1.0
"""Cut-off of the speed's own filter, as in the paper."""


class OneEuro:
    """steady_hz: [C] cut-off at rest. quick: [C] how much it rises with a channel's speed, per unit a second."""

    def __init__(self, steady_hz: np.ndarray, quick: np.ndarray) -> None:
        self._steady_hz, self._quick = np.asarray(steady_hz, np.float64), np.asarray(quick, np.float64)
        self._value: np.ndarray | None = None
        self._speed = np.zeros_like(self._steady_hz)
        self._at_s = 0.0

    def __call__(self, values: np.ndarray, at_s: float) -> np.ndarray:
        """values: [C] at time at_s, later than the last. Returns [C] float64."""
        step_s = at_s - self._at_s
        if self._value is None or step_s <= 0:
            self._value = np.array(values, np.float64) if self._value is None else self._value
            self._at_s = max(at_s, self._at_s)
            return self._value.copy()
        self._speed += _share(SPEED_HZ, step_s) * ((values - self._value) / step_s - self._speed)
        cut_hz = self._steady_hz + self._quick * np.abs(self._speed)
        self._value = self._value + _share(cut_hz, step_s) * (values - self._value)
        self._at_s = at_s
        return self._value.copy()


def _share(cut_hz: np.ndarray | float, step_s: float) -> np.ndarray:
    """How much of a new value a low-pass of the first order takes over."""
    turn = 2 * np.pi * np.asarray(cut_hz) * step_s
    return turn / (turn + 1)
