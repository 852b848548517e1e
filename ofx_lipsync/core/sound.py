# SPDX-License-Identifier: Apache-2.0
"""A line of dialogue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import UsageError


@dataclass(frozen=True)
class Sound:
    """samples: [channels, N] float32, full scale 1.0. start_s: time of sample 0 on the shot's clock,
    where 0 s is the start of the plate's first frame."""

    samples: np.ndarray
    rate_hz: int
    start_s: float = 0.0

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise UsageError(
                f"Sound: samples are {self.samples.shape} {self.samples.dtype}, expected [channels, N] float32"
            )
        if self.rate_hz <= 0:
            raise UsageError(f"Sound: rate is {self.rate_hz} Hz, expected more than 0")

    @property
    def duration_s(self) -> float:
        return self.samples.shape[1] / self.rate_hz

    def mono(self) -> np.ndarray:
        """[N] float32: the mean of all channels that carry signal (a dead channel would halve the level)."""
        live = self.samples[np.abs(self.samples).max(axis=1, initial=0.0) > 0]
        return live.mean(axis=0, dtype=np.float32) if len(live) else np.zeros(self.samples.shape[1], np.float32)
