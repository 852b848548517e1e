# SPDX-License-Identifier: Apache-2.0
"""Files that stand in for devices, in real time: the same blocks, at the same moments, with the same faults.

So the whole way from sound to picture runs, and is measured, on a machine that has neither microphone nor camera.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.live.clock import now
from ofx_lipsync.live.sound_in import SoundIn
from ofx_lipsync.media.sound import read_sound, resample

BLOCK_S = 0.01


@dataclass(frozen=True)
class Faults:
    """fast_ppm: how much faster than it says the device counts. gone: stretches, in seconds from the start, in which
    it is not there."""

    fast_ppm: float = 0.0
    gone: tuple[tuple[float, float], ...] = ()

    def gone_at(self, at_s: float) -> bool:
        return any(first <= at_s < last for first, last in self.gone)


class FileMicrophone:
    """Plays a file into `into`, over and over if `loop`. It goes by the clock, and never drifts away from it.

    block_s: of sound in a block, as a card's driver hands it on when it is full. rate_hz: the card's rate, if not the
    file's. begun_s: when its first sample was heard, also after it had been gone.
    """

    def __init__(
        self, path: str, into: SoundIn, *, loop: bool = False, rate_hz: int | None = None, block_s: float = BLOCK_S,
        faults: Faults | None = None,
    ) -> None:  # fmt: skip
        sound = read_sound(path)
        sound = Sound(sound.mono()[None], sound.rate_hz)
        self.name = path
        self.faults = faults or Faults()
        self.begun_s = 0.0
        self.played = 0
        """Samples handed on."""
        self._sound = resample(sound, rate_hz) if rate_hz else sound
        self._into, self._loop = into, loop
        self._block = max(1, round(block_s * self._sound.rate_hz))

    @property
    def rate_hz(self) -> int:
        return self._sound.rate_hz

    @property
    def true_rate_hz(self) -> float:
        return self.rate_hz * (1 + self.faults.fast_ppm * 1e-6)

    @property
    def ended(self) -> bool:
        return not self._loop and self.played >= self._sound.samples.shape[1]

    def open(self) -> FileOpened:
        """Raises: DeviceError while it is gone."""
        if not self.begun_s:
            self.begun_s = now()
        elif self.faults.gone_at(now() - self.begun_s):
            raise DeviceError(f"{self.name}: has gone")
        self._into.opened(self.rate_hz)
        return FileOpened(self)

    def sample_s(self, sample: float) -> float:
        """When a sample is heard."""
        return self.begun_s + sample / self.true_rate_hz

    def play(self, end: threading.Event) -> None:
        """Blocks until the file, or the device, has ended."""
        # what went by while the device was gone is not heard later
        self.played = max(self.played, int((now() - self.begun_s) * self.true_rate_hz))
        while not end.wait(max(0.0, self.sample_s(self.played + self._block) - now())):
            due_s = self.sample_s(self.played + self._block)
            if self.faults.gone_at(due_s - self.begun_s) or self.ended:
                return
            places = np.arange(self.played, self.played + self._block)
            self.played += self._block
            self._into.push(self._at(places), due_s)

    def _at(self, places: np.ndarray) -> np.ndarray:
        samples = self._sound.samples[0]
        if self._loop:
            return samples[places % len(samples)]
        return np.where(places < len(samples), samples[np.minimum(places, len(samples) - 1)], np.float32(0))


class FileOpened:
    """A file microphone while it is plugged in."""

    def __init__(self, device: FileMicrophone) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=device.play, args=(self._end,), name="file microphone", daemon=True)
        self._thread.start()
        self._device = device

    def alive(self) -> bool:
        return self._thread.is_alive() or self._device.ended

    def close(self) -> None:
        self._end.set()
        self._thread.join(1.0)
