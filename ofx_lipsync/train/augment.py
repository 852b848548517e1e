# SPDX-License-Identifier: Apache-2.0
"""Other voices, rooms and microphones, made on the mel spectrogram itself: cheap enough to be new for every batch.

Features are (level in dB + 80) / 50 per band and 12.5 ms; powers add, rooms are decays, voices are warps of the bands.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.models.mel import BANDS, FRAMES_HZ, RATE_HZ, mel_spectrogram

DB = 50.0
"""Decibels to one unit of the features."""
NOISE_S = 20
WARPS = np.linspace(0.80, 1.28, 25)


class Augmenter:
    """Random changes to features; one seed, one sequence."""

    def __init__(self, rng: np.random.Generator, babble: list[np.ndarray], strength: float = 1.0) -> None:
        self.rng = rng
        self.babble = babble
        self.strength = strength
        self.white = _heard(rng.normal(size=RATE_HZ * NOISE_S) * 0.1)
        self.music = _heard(_chords(rng, NOISE_S))
        self.warps = [warp_matrix(factor) for factor in WARPS]

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """features: [T, 80]; same shape back."""
        x = features
        if self._chance(0.7):
            x = x @ self.warps[self.rng.integers(len(self.warps))]
        if self._chance(0.3):
            x = self.in_room(x)
        if self._chance(0.5):
            x = x + self._tilt() * np.float32(0.5)
        if self._chance(0.2):
            x = self._band(x)
        if self._chance(0.6):
            x = self.in_noise(x)
        x = x + np.float32(self.rng.uniform(-6, 6) / DB)
        if self._chance(0.3):
            x = self._holes(x)
        return np.clip(x, 0, 2).astype(np.float32)

    def nobody(self, length: int) -> np.ndarray:
        """[length, 80]: hiss, hum, music or nothing at any level, where no lips should move."""
        kind = self.rng.random()
        if kind < 0.15:
            return np.zeros((length, BANDS), np.float32)
        source = self.music if kind < 0.4 else self.white
        x = _cut(source, length, self.rng) + 2 * self._tilt() + self.rng.uniform(-40, 15) / DB
        if self.rng.random() < 0.4:  # it swells and fades, as breath and wind do
            swell = np.interp(np.arange(length), np.sort(self.rng.uniform(0, length, 8)), self.rng.uniform(-0.6, 0, 8))
            x = x + swell[:, None]
        return np.clip(x, 0, 2).astype(np.float32)

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share * self.strength)

    def in_room(self, x: np.ndarray) -> np.ndarray:
        """Reverberation: every band's power decays 60 dB in 0.1-0.6 s, at 3-15 dB under the direct sound."""
        per_step = 10 ** (-6 / (self.rng.uniform(0.1, 0.6) * FRAMES_HZ))
        wet = 10 ** (-self.rng.uniform(3, 15) / 10) * (1 - per_step)
        power, tail = _power(x), np.zeros(x.shape[1])
        out = np.empty_like(power)
        for step, now in enumerate(power):
            out[step] = now + wet * tail
            tail = tail * per_step + now
        return _features(out)

    def in_noise(self, x: np.ndarray) -> np.ndarray:
        """Hiss of any colour, or one to five other talkers, 3-35 dB under the speech."""
        if self.babble and self.rng.random() < 0.4:
            noise = sum(_power(_cut(self.babble[self.rng.integers(len(self.babble))], len(x), self.rng))
                        for _ in range(self.rng.integers(1, 6)))  # fmt: skip
            quietest = 8.0
        else:
            source = self.music if self.rng.random() < 0.25 else self.white
            noise, quietest = _power(_cut(source, len(x), self.rng) + 2 * self._tilt()), 3.0
        power = _power(x)
        snr_db = self.rng.uniform(quietest, 35)
        gain = np.quantile(power.sum(axis=1), 0.8) / max(np.mean(np.sum(noise, axis=1)), 1e-12) * 10 ** (-snr_db / 10)
        return _features(power + gain * noise)

    def _tilt(self) -> np.ndarray:
        """[80]: a smooth curve over the bands, +-12 dB."""
        knots = self.rng.normal(size=5) * 6 / DB
        return np.interp(np.linspace(0, 4, BANDS), np.arange(5), knots).astype(np.float32)

    def _band(self, x: np.ndarray) -> np.ndarray:
        """A small speaker or a telephone."""
        low, high = self.rng.integers(0, 12), self.rng.integers(45, BANDS)
        slope = np.maximum(np.maximum(low - np.arange(BANDS), np.arange(BANDS) - high), 0)
        return x - (slope * self.rng.uniform(2, 8) / DB).astype(np.float32)

    def _holes(self, x: np.ndarray) -> np.ndarray:
        """Some bands unheard, so that no single one is trusted."""
        x = x.copy()
        for _ in range(self.rng.integers(1, 3)):
            start, size = self.rng.integers(0, BANDS - 10), self.rng.integers(2, 10)
            x[:, start : start + size] = x[:, start : start + size].mean()
        return x


def _heard(samples: np.ndarray) -> np.ndarray:
    return (mel_spectrogram(samples.astype(np.float32)).T + 4.0) / 4.0


def _chords(rng: np.random.Generator, seconds: int) -> np.ndarray:
    """Notes with overtones, two to four at once, struck and fading: music enough not to be taken for a voice."""
    samples, time_s = np.zeros(RATE_HZ * seconds), np.arange(RATE_HZ) / RATE_HZ
    for _ in range(seconds * 6):
        hz = 55.0 * 2 ** (rng.integers(0, 48) / 12)
        overtones = range(1, max(2, min(10, int(7600 / hz))))
        note = sum(np.sin(2 * np.pi * hz * k * time_s) / k ** rng.uniform(0.8, 2) for k in overtones)
        note = note * np.exp(-time_s * rng.uniform(1, 8)) * np.minimum(time_s / 0.01, 1)
        start = rng.integers(0, len(samples) - RATE_HZ)
        samples[start : start + RATE_HZ] += 0.05 * note
    return samples


def _power(x: np.ndarray) -> np.ndarray:
    return 10 ** ((np.asarray(x, np.float32) * DB - 80) / 10)


def _features(power: np.ndarray) -> np.ndarray:
    return ((10 * np.log10(np.maximum(power, 1e-8)) + 80) / DB).astype(np.float32)


def _cut(x: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """A random stretch, repeated where too short."""
    repeats = -(-length // len(x)) + 1
    start = rng.integers(len(x))
    return (
        np.tile(x, (repeats, 1))[start : start + length]
        if repeats > 2
        else np.concatenate([x, x])[start : start + length]
    )


def warp_matrix(factor: float) -> np.ndarray:
    """[80, 80]: a vocal tract shorter by `factor`, as a linear read along the bands' frequencies."""
    from ofx_lipsync.models.mel import HIGHEST_HZ, LOWEST_HZ, hz_to_mel, mel_to_hz

    mels = np.linspace(hz_to_mel(LOWEST_HZ), hz_to_mel(HIGHEST_HZ), BANDS + 2)[1:-1]
    wanted_hz = mel_to_hz(mels) / factor
    position = np.interp([hz_to_mel(float(hz)) for hz in wanted_hz], mels, np.arange(BANDS))
    left = np.minimum(position.astype(int), BANDS - 2)
    share = position - left
    matrix = np.zeros((BANDS, BANDS), np.float32)
    matrix[left, np.arange(BANDS)] += 1 - share
    matrix[left + 1, np.arange(BANDS)] += share
    return matrix
