# SPDX-License-Identifier: Apache-2.0
"""The last seconds of sound between a device's thread and ours: one writes, one reads, neither waits for the other.

A sound card's callback must never be held up. So it writes over what is oldest, and a reader that slept too long loses
that, is told how much, and goes on with what there is: after a stall the mouth is on time again at once.
"""

from __future__ import annotations

import threading

import numpy as np


class Ring:
    """capacity: samples that are kept. One thread calls write, one calls read."""

    def __init__(self, capacity: int) -> None:
        self._kept = np.zeros(capacity, np.float32)
        self._begun = self._written = self._read = 0  # whole numbers are read and stored in one step
        self.lost = 0
        """Samples that were written over before they were read."""
        self.most = 0
        """The most that ever waited."""

    @property
    def waiting(self) -> int:
        return min(self._written - self._read, len(self._kept))

    @property
    def written(self) -> int:
        return self._written

    def write(self, samples: np.ndarray) -> None:
        """samples: [N] float32, any N; of more than fits the newest are kept."""
        count, capacity = len(samples), len(self._kept)
        samples = samples[-capacity:]
        self._begun = self._written + count  # said before, so that a reader knows what may be torn
        first = (self._begun - len(samples)) % capacity
        head = min(len(samples), capacity - first)
        self._kept[first : first + head] = samples[:head]
        self._kept[: len(samples) - head] = samples[head:]
        self._written = self._begun

    def read(self) -> np.ndarray:
        """[N] float32: everything that has come since the last call and is still here."""
        capacity = len(self._kept)
        while True:
            end = self._written
            first = max(self._read, end - capacity)
            places = np.arange(first, end) % capacity
            samples = self._kept[places]
            torn = max(0, self._begun - capacity - first)
            if torn < max(1, end - first):
                break
        self.most = max(self.most, end - self._read)
        self.lost += first + torn - self._read
        self._read = end
        return samples[torn:]


class Bell:
    """Wakes one who waits; ringing never waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """By one thread only."""
        if self._lock.locked():
            self._lock.release()

    def wait(self, longest_s: float) -> bool:
        """Whether it rang."""
        return self._lock.acquire(timeout=longest_s)
