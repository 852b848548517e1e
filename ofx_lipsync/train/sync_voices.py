# SPDX-License-Identifier: Apache-2.0
"""The same line from another throat, in another room, through another microphone, over noise: for the sync network,
whose lessons come nearly all from one man. On samples, so that every network that listens hears the same change.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

RATE_HZ = 16000


class Voices:
    """Random changes of sounds; one generator, one sequence."""

    def __init__(self, rng: np.random.Generator, crowd: Sequence[np.ndarray]) -> None:
        """crowd: lines of other people, for talk in the background."""
        self.rng, self.crowd = rng, crowd

    def changed(self, samples: np.ndarray) -> tuple[np.ndarray, float]:
        """samples: [N] float32 at 16 kHz. Returns them changed, and how many times as fast they are now spoken."""
        pace = float(self.rng.uniform(0.86, 1.16)) if self._chance(0.8) else 1.0
        x = np.interp(np.arange(int(len(samples) / pace)) * pace, np.arange(len(samples)), samples)
        x = self._in_room(x) if self._chance(0.3) else x
        x = self._through_microphone(x) if self._chance(0.4) else x
        x = self.in_noise(x) if self._chance(0.6) else x
        return (x * 10 ** (self.rng.uniform(-15, 6) / 20)).astype(np.float32), pace

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _in_room(self, x: np.ndarray) -> np.ndarray:
        from scipy.signal import fftconvolve

        length_s = self.rng.uniform(0.1, 0.5)
        time_s = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
        tail = self.rng.normal(size=len(time_s)) * 10 ** (-3 * time_s / length_s)
        tail *= 10 ** (-self.rng.uniform(3, 15) / 20) / np.sqrt((tail**2).sum())
        tail[0] = 1.0
        return np.asarray(fftconvolve(x, tail)[: len(x)])

    def _through_microphone(self, x: np.ndarray) -> np.ndarray:
        from scipy.signal import butter, sosfilt

        low, high = self.rng.uniform(60, 350), self.rng.uniform(2800, 7500)
        return np.asarray(sosfilt(butter(2, [low, high], "bandpass", fs=RATE_HZ, output="sos"), x))

    def in_noise(self, x: np.ndarray) -> np.ndarray:
        """Hiss of a random colour, or one to five others talking, 5-30 dB under the voice."""
        if self._chance(0.5):
            noise = np.sum([self._other(len(x)) for _ in range(self.rng.integers(1, 6))], axis=0)
            least_db = 8.0
        else:
            spectrum = np.fft.rfft(self.rng.normal(size=len(x)))
            noise = np.fft.irfft(spectrum / np.arange(1, len(spectrum) + 1) ** self.rng.uniform(0, 1), len(x))
            least_db = 5.0
        ratio = 10 ** (-self.rng.uniform(least_db, 30) / 20)
        return x + noise * ratio * np.sqrt((x**2).mean() / max(float((noise**2).mean()), 1e-12))

    def _other(self, count: int) -> np.ndarray:
        line = self.crowd[int(self.rng.integers(len(self.crowd)))]
        return np.resize(np.roll(line, self.rng.integers(len(line))), count)
