# SPDX-License-Identifier: Apache-2.0
"""Where sound comes in: any device's blocks on one side, 16 kHz with its time on the other.

swresample brings every rate to 16 kHz: it is told 1 ms after the sound, where soxr's stream waits for 20 to 40.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ofx_lipsync.live.clock import DeviceClock, now
from ofx_lipsync.live.ring import Bell, Ring
from ofx_lipsync.models.bands import RATE_HZ

KEPT_S = 2.0
"""Of sound, for a listener who is held up."""
METER_FALLS_DB_S = 24.0
QUIETEST_DB = -80.0


@dataclass(frozen=True)
class Block:
    """samples: [N] float32 at 16 kHz. end_s: when the last of them was heard."""

    samples: np.ndarray
    end_s: float


@dataclass(frozen=True)
class _Opening:
    """A device from when it was opened: its ring's first sample, its rate, when the newest sample was heard."""

    rate_hz: int
    ring: Ring


class SoundIn:
    """One voice. A device's thread calls opened and push, a listener's thread calls read."""

    def __init__(self) -> None:
        self.muted = False
        self.bell = Bell()
        self.blocks = 0
        self.lost_s = 0.0
        """Of sound, that nobody read in time."""
        self.most_s = 0.0
        """The most that ever waited to be read."""
        self.pushed_s = -math.inf
        """When the device last gave anything."""
        self._opening: _Opening | None = None
        self._newest = (0, 0.0)
        self._reading: _Reading | None = None
        self._peak_db, self._peak_s = QUIETEST_DB, 0.0

    def opened(self, rate_hz: int) -> None:
        """A device begins, or begins again."""
        self._newest = (0, 0.0)
        self._opening = _Opening(rate_hz, Ring(int(rate_hz * KEPT_S)))

    def push(self, samples: np.ndarray, end_s: float) -> None:
        """samples: [N] float32 at the device's rate, any N; end_s: when the last of them was heard. Never waits."""
        opening = self._opening
        if opening is None:
            return
        if self.muted:
            samples = np.zeros_like(samples)
        self._meter(samples)
        opening.ring.write(samples)
        self._newest = (opening.ring.written, end_s)  # one store: a reader sees both or neither
        self.pushed_s = now()
        self.blocks += 1
        self.bell.ring()

    def read(self, longest_s: float) -> Block | None:
        """What has come since the last call; None where nothing came for `longest_s`."""
        if not self.bell.wait(longest_s):
            return None
        opening = self._opening
        if opening is None or not opening.ring.written:
            return None
        if self._reading is None or self._reading.opening is not opening:
            self._reading = _Reading(opening)
        block = self._reading.read(*self._newest)
        self.lost_s += self._reading.lost_s
        self.most_s = max(self.most_s, opening.ring.most / opening.rate_hz)
        return block

    @property
    def drift_ppm(self) -> float:
        return self._reading.clock.drift_ppm if self._reading else 0.0

    @property
    def level_db(self) -> float:
        """The peak, dB re full scale, falling slowly enough to be seen."""
        return max(QUIETEST_DB, self._peak_db - METER_FALLS_DB_S * (now() - self._peak_s))

    def _meter(self, samples: np.ndarray) -> None:
        peak = float(np.abs(samples).max(initial=0.0))
        peak_db = 20 * math.log10(peak) if peak > 1e-4 else QUIETEST_DB
        if peak_db >= self.level_db:
            self._peak_db, self._peak_s = peak_db, now()


class _Reading:
    """One opening as the listener reads it: its clock and its way to 16 kHz."""

    def __init__(self, opening: _Opening) -> None:
        self.opening = opening
        self.clock = DeviceClock(opening.rate_hz)
        self.lost_s = 0.0
        self._to_16k = To16k(opening.rate_hz)

    def read(self, written: int, end_s: float) -> Block:
        ring, rate_hz = self.opening.ring, self.opening.rate_hz
        before = ring.lost
        samples = ring.read()
        self.lost_s = (ring.lost - before) / rate_hz
        # what came between the stamp and the reading is stamped next time
        self.clock.block(max(0, written - self.clock.samples), end_s)
        told = self._to_16k(samples)
        return Block(told, self.clock.time_of(ring.lost + self._to_16k.given * rate_hz / RATE_HZ))


class To16k:
    """[N] float32 at a device's rate -> [M] float32 at 16 kHz, 1 ms later, whatever the blocks."""

    def __init__(self, rate_hz: int) -> None:
        self.taken = self.given = 0
        self._rate_hz = rate_hz
        self._resampler: Any = None
        if rate_hz != RATE_HZ:
            import av

            self._frame_of = av.AudioFrame.from_ndarray
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        told = samples if self._resampler is None else self._resampled(samples)
        self.taken += len(samples)
        self.given += len(told)
        return told

    def _resampled(self, samples: np.ndarray) -> np.ndarray:
        if not len(samples):
            return samples
        frame = self._frame_of(np.ascontiguousarray(samples)[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts = self._rate_hz, self.taken
        parts = [part.to_ndarray()[0] for part in self._resampler.resample(frame)]
        return np.concatenate(parts) if parts else samples[:0]
