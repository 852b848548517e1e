# SPDX-License-Identifier: Apache-2.0
"""Other throats, paces, rooms, microphones and noises, made on the bands themselves: new for every batch, and cheap.

Bands are in dB at 100 frames a second: powers add, rooms are decays, throats are warps of the bands. Labels go along.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from ofx_lipsync.core.phones import SILENCE
from ofx_lipsync.models.bands import (
    BANDS,
    FLOOR_DB,
    HIGHEST_HZ,
    LOWEST_HZ,
    RATE_HZ,
    bands_db,
    frames_of,
    heard,
    levels,
    loudness_db,
)  # fmt: skip
from ofx_lipsync.models.mel import hz_to_mel, mel_to_hz

FRAMES_HZ = 100
NOISE_S = 20
WARPS = np.linspace(0.80, 1.25, 25)
Talker = Callable[[int], np.ndarray]
"""How many frames -> [T, 48] dB of somebody talking."""


class Variation:
    """Random changes; one generator, one sequence."""

    def __init__(self, rng: np.random.Generator, talker: Talker, music: np.ndarray | None = None) -> None:
        """music: [T, 48] dB, besides chords made here."""
        self.rng, self.talker = rng, talker
        self.hiss = bands_db(frames_of((rng.normal(size=RATE_HZ * NOISE_S) * 0.1).astype(np.float32)))
        made = bands_db(frames_of(chords(rng, NOISE_S)))
        self.music = made if music is None else np.concatenate([*[made] * max(1, len(music) // len(made) // 2), music])
        self.warps = [warp_matrix(factor) for factor in WARPS]

    def __call__(self, bands: np.ndarray, labels: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
        """bands: [T, 48] dB, labels: [T]. Returns the network's input [length, 48] and labels [length]."""
        if self._chance(0.05):
            return self._under_a_level(self.nobody(length)), np.full(length, SILENCE, labels.dtype)
        pace = self.rng.uniform(0.82, 1.2) if self._chance(0.5) else 1.0
        at = (np.arange(length) + 0.5) * pace
        near = np.minimum(at.astype(int), len(bands) - 1)
        return self._under_a_level(self.changed(bands[near].astype(np.float32))), labels[near]

    def changed(self, x: np.ndarray) -> np.ndarray:
        """[T, 48] dB of another throat, room, microphone and noise, at the same pace."""
        x = x @ self.warps[self.rng.integers(len(WARPS))] if self._chance(0.6) else x
        x = self._in_room(x) if self._chance(0.35) else x
        x = x + self._tilt() if self._chance(0.5) else x
        x = self._through_small_speaker(x) if self._chance(0.25) else x
        x = self._in_noise(x) if self._chance(0.7) else x
        return self._with_holes(x) if self._chance(0.2) else x

    def nobody(self, length: int) -> np.ndarray:
        """[length, 48] dB: hiss, hum, music, a crowd, or nothing, where no lips should move."""
        kind = self.rng.random()
        if kind < 0.1:
            return np.full((length, BANDS), FLOOR_DB, np.float32)
        if kind < 0.3:
            return to_db(self._crowd(length, int(self.rng.integers(5, 9))))
        x = self._cut(self.music if kind < 0.6 else self.hiss, length) + 2 * self._tilt() + self._fall()
        if self._chance(0.4):  # it swells and fades, as breath and wind do
            knots = np.sort(self.rng.uniform(0, length, 6))
            x = x + np.interp(np.arange(length), knots, self.rng.uniform(-30, 0, 6))[:, None]
        return x.astype(np.float32)

    def _under_a_level(self, x: np.ndarray) -> np.ndarray:
        """As recorded at any gain, after anything: the level may still be that of a louder voice."""
        x = np.maximum(x + self.rng.uniform(-25, 12), FLOOR_DB)
        return heard(x, levels(loudness_db(x), float(self.rng.uniform(-60, -20))))

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _in_room(self, x: np.ndarray) -> np.ndarray:
        """Every band's power decays 60 dB in 0.1-0.6 s, 3-15 dB under the direct sound."""
        from scipy.signal import lfilter

        per_frame = 10 ** (-6 / (self.rng.uniform(0.1, 0.6) * FRAMES_HZ))
        wet = 10 ** (-self.rng.uniform(3, 15) / 10) * (1 - per_frame)
        power = to_power(x)
        return to_db(power + wet * lfilter([0, 1], [1, -per_frame], power, axis=0))

    def _in_noise(self, x: np.ndarray) -> np.ndarray:
        """Hiss of any colour, music, or one to six talkers, 3-35 dB under the speech."""
        kind, length = self.rng.random(), len(x)
        if kind < 0.35:
            noise, least_db = self._crowd(length, int(self.rng.integers(1, 7))), 6.0
        else:
            source = self.music if kind < 0.5 else self.hiss
            noise, least_db = to_power(self._cut(source, length) + 2 * self._tilt() + self._fall()), 3.0
        power = to_power(x)
        speech = np.quantile(power.sum(axis=1), 0.8)
        ratio = 10 ** (-self.rng.uniform(least_db, 35) / 10)
        return to_db(power + speech / max(float(noise.sum(axis=1).mean()), 1e-12) * ratio * noise)

    def _crowd(self, length: int, talkers: int) -> np.ndarray:
        """[length, 48] power."""
        return np.sum([to_power(self.talker(length)) for _ in range(talkers)], axis=0)

    def _tilt(self) -> np.ndarray:
        """[48] dB: a smooth curve over the bands."""
        return np.interp(np.linspace(0, 4, BANDS), np.arange(5), self.rng.normal(size=5) * 5).astype(np.float32)

    def _fall(self) -> np.ndarray:
        """[48] dB: rooms and streets fall off towards the treble, breath and hiss rise."""
        return np.linspace(0, self.rng.uniform(-30, 6), BANDS, dtype=np.float32)

    def _through_small_speaker(self, x: np.ndarray) -> np.ndarray:
        """A telephone, a television: both ends fall off."""
        low, high = self.rng.integers(0, 8), self.rng.integers(28, BANDS)
        beyond = np.maximum(np.maximum(low - np.arange(BANDS), np.arange(BANDS) - high), 0)
        return x - (beyond * self.rng.uniform(3, 15)).astype(np.float32)

    def _with_holes(self, x: np.ndarray) -> np.ndarray:
        """Some bands unheard, so that no single one is trusted."""
        start, size = self.rng.integers(0, BANDS - 6), self.rng.integers(2, 7)
        x = x.copy()
        x[:, start : start + size] = x[:, start : start + size].mean()
        return x

    def _cut(self, x: np.ndarray, length: int) -> np.ndarray:
        start = self.rng.integers(max(1, len(x) - length))
        return np.resize(x[start:], (length, BANDS))


def to_power(x: np.ndarray) -> np.ndarray:
    return 10 ** (np.asarray(x, np.float32) / 10)


def to_db(power: np.ndarray) -> np.ndarray:
    return (10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))).astype(np.float32)


def chords(rng: np.random.Generator, seconds: int) -> np.ndarray:
    """[N] float32: notes with overtones, struck and fading: music enough not to be taken for a voice."""
    samples, time_s = np.zeros(RATE_HZ * seconds, np.float32), np.arange(RATE_HZ) / RATE_HZ
    for _ in range(seconds * 6):
        hz = 55.0 * 2 ** (rng.integers(0, 48) / 12)
        overtones = np.arange(1, max(2, min(10, int(7600 / hz))))[:, None]
        note = (np.sin(2 * np.pi * hz * overtones * time_s) / overtones ** rng.uniform(0.8, 2)).sum(axis=0)
        start = rng.integers(0, len(samples) - RATE_HZ)
        samples[start : start + RATE_HZ] += 0.05 * note * np.exp(-time_s * rng.uniform(1, 8))
    return samples


def warp_matrix(factor: float) -> np.ndarray:
    """[48, 48]: a vocal tract shorter by `factor`, as a linear read along the bands' frequencies."""
    mels = np.linspace(hz_to_mel(LOWEST_HZ), hz_to_mel(HIGHEST_HZ), BANDS + 2)[1:-1]
    wanted_hz = mel_to_hz(mels) / factor
    position = np.interp([hz_to_mel(float(hz)) for hz in wanted_hz], mels, np.arange(BANDS))
    left = np.minimum(position.astype(int), BANDS - 2)
    matrix = np.zeros((BANDS, BANDS), np.float32)
    matrix[left, np.arange(BANDS)] = 1 - (position - left)
    matrix[left + 1, np.arange(BANDS)] += position - left
    return matrix
