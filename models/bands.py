# SPDX-License-Identifier: Apache-2.0
"""What the hearing network listens to: 48 mel bands in dB, 100 times a second, under a level that follows the voice.

Frame t is 25 ms round t * 10 ms + 5 ms, so that it can be told 7.5 ms after its own 10 ms are over. The level follows
the loudest at once and forgets 2 dB a second: a whisper and a shout look the same, whatever the gain of the line.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.models.mel import hz_to_mel, mel_to_hz

RATE_HZ = 16000
HOP = 160
WINDOW = 400
BINS = 257
BANDS = 48
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
EARLY = (WINDOW - HOP) // 2
"""Samples of a frame's window before its 10 ms, and after them."""
FLOOR_DB = -95.0
FLOOR = np.float32(10 ** (FLOOR_DB / 10))
START_DB, QUIETEST_DB = -35.0, -60.0
FALL_DB = 0.02
"""A frame; the level is never under QUIETEST_DB, so that silence stays silent."""
DEEPEST_DB = -70.0
SCALE_DB = 20.0
SILENCE = np.float32(DEEPEST_DB / SCALE_DB + 1.5)
"""What a silent frame looks like to the network."""
_NONE, _DEEPEST, _SCALE, _LIFT = np.array([0, DEEPEST_DB, 1 / SCALE_DB, 1.5], np.float32)


def frames_of(samples: np.ndarray) -> np.ndarray:
    """samples: [N] float32 at 16 kHz -> [N // 160, 400], silence beyond both ends."""
    count = len(samples) // HOP
    padded = np.pad(samples[: count * HOP], EARLY)
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] if count else np.zeros((0, WINDOW))


def bands_db(frame: np.ndarray) -> np.ndarray:
    """frame: [..., 400] -> [..., 48] float32, dB re a full-scale sine."""
    spectrum = np.fft.rfft(frame * hann(), 2 * (BINS - 1), axis=-1)
    power = np.square(spectrum.real, dtype=np.float32)
    power += np.square(spectrum.imag, dtype=np.float32)
    level = np.dot(power, filters())
    level += FLOOR
    return np.multiply(np.log10(level, out=level), 10, out=level)


def line_db(samples: np.ndarray, steps: Steps = NO_STEPS) -> np.ndarray:
    """samples: [N] float32 at 16 kHz -> [N // 160, 48] dB; spectra of a minute at a time."""
    frames = frames_of(samples)
    starts = range(0, len(frames), 6000)
    parts = (bands_db(frames[start : start + 6000]) for start in steps.over(starts, len(starts)))
    return np.concatenate([np.zeros((0, BANDS), np.float32), *parts])


def loudness_db(bands: np.ndarray) -> np.ndarray:
    """[..., 48] dB -> [...] dB of all bands together."""
    return 10 * np.log10((10 ** (bands / 10)).sum(axis=-1))


def levels(loudness: np.ndarray, before_db: float = START_DB) -> np.ndarray:
    """loudness: [T] dB -> [T]: the level that each frame is heard under; `before_db` is the one before the first."""
    fallen = FALL_DB * np.arange(1, len(loudness) + 1)
    reached = np.maximum.accumulate(np.maximum(loudness, QUIETEST_DB) + fallen)
    return np.maximum(np.maximum(reached, before_db) - fallen, QUIETEST_DB)


def line_heard(bands: np.ndarray) -> np.ndarray:
    """bands: [T, 48] dB of a whole line -> the network's input, under a level that knows what comes as well: a click
    before the first word is no shout."""
    loudness = loudness_db(bands)
    return heard(bands, np.maximum(levels(loudness), levels(loudness[::-1], QUIETEST_DB)[::-1]))


def heard(bands: np.ndarray, level: np.ndarray) -> np.ndarray:
    """bands: [..., 48] dB, level: [...] dB -> the network's input, about -2 (silence) .. 1.5."""
    under = (bands - level[..., None]).astype(np.float32, copy=False)
    np.minimum(under, _NONE, out=under)
    np.maximum(under, _DEEPEST, out=under)
    under *= _SCALE
    under += _LIFT
    return under


@cache
def hann() -> np.ndarray:
    """[400] float32, periodic, scaled so that a full-scale sine reads 0 dB."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)
    return (window * 2 / window.sum()).astype(np.float32)


@cache
def filters() -> np.ndarray:
    """[257, 48] float32: triangles of height one, evenly spaced in mels."""
    edges_hz = mel_to_hz(np.linspace(hz_to_mel(LOWEST_HZ), hz_to_mel(HIGHEST_HZ), BANDS + 2))
    bins_hz = np.arange(BINS)[:, None] * RATE_HZ / (2 * (BINS - 1))
    rising = (bins_hz - edges_hz[:-2]) / np.diff(edges_hz)[:-1]
    falling = (edges_hz[2:] - bins_hz) / np.diff(edges_hz)[1:]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
