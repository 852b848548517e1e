# SPDX-License-Identifier: Apache-2.0
"""The mel spectrogram that Wav2Lip and everything here listens to: 16 kHz in, 80 bands at 80 Hz out.

Source: Wav2Lip audio.py and hparams.py (preemphasis .97, n_fft 800, hop 200, win 800, 80 Slaney bands 55-7600 Hz,
20 log10 |X| - 20 dB, -100..0 dB scaled to -4..4) on librosa 0.7, whose STFT is centred and reflects at the ends.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ofx_lipsync.core.steps import NO_STEPS, Steps

RATE_HZ = 16000
HOP = 200
WINDOW = 800
BANDS = 80
LOWEST_HZ, HIGHEST_HZ = 55.0, 7600.0
PREEMPHASIS = 0.97
REFERENCE_DB, FLOOR_DB = 20.0, -100.0
FRAMES_HZ = RATE_HZ / HOP
SILENCE = -4.0
BLOCK = 4096
"""Spectrum frames held at once: a ten-hour line must not need ten hours of spectrum."""


def mel_spectrogram(samples: np.ndarray, steps: Steps = NO_STEPS) -> np.ndarray:
    """samples: [N] float32 at 16 kHz. Returns [80, 1 + N // 200] float32, -4..4; frame t is centred at t * 12.5 ms."""
    emphasised = np.append(samples[:1], samples[1:] - np.float32(PREEMPHASIS) * samples[:-1]).astype(np.float32)
    half = WINDOW // 2
    short = max(0, half + 1 - len(emphasised))
    padded = np.pad(np.pad(emphasised, (0, short)), half, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][: 1 + len(samples) // HOP]
    starts = range(0, len(frames), BLOCK)
    blocks = [_bands(frames[start : start + BLOCK]) for start in steps.over(starts, len(starts))]
    return np.concatenate(blocks).T


def _bands(frames: np.ndarray) -> np.ndarray:
    """frames: [T, 800] -> [T, 80], scaled to -4..4."""
    magnitude = np.abs(np.fft.rfft(frames * _hann(), axis=1)).astype(np.float32)  # [T, 401]
    level_db = 20.0 * np.log10(np.maximum(1e-5, magnitude @ filters().T)) - REFERENCE_DB
    return np.clip(8.0 * (level_db - FLOOR_DB) / -FLOOR_DB - 4.0, -4.0, 4.0).astype(np.float32)


@cache
def _hann() -> np.ndarray:
    """Periodic, as spectra want it."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW) / WINDOW)


@cache
def filters() -> np.ndarray:
    """[80, 401] float32: triangles of equal area on Slaney's scale.   Source: Slaney, Auditory Toolbox (1998)."""
    edges_hz = mel_to_hz(np.linspace(hz_to_mel(LOWEST_HZ), hz_to_mel(HIGHEST_HZ), BANDS + 2))
    bins_hz = np.arange(WINDOW // 2 + 1) * RATE_HZ / WINDOW
    widths_hz = np.diff(edges_hz)[:, None]
    rising = (bins_hz - edges_hz[:-2, None]) / widths_hz[:-1]
    falling = (edges_hz[2:, None] - bins_hz) / widths_hz[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)


def hz_to_mel(hz: float) -> float:
    """Linear to 1 kHz (66.7 Hz a mel), then 27 mels to a factor of 6.4.   >>> hz_to_mel(1000.0)  # 15.0"""
    return hz * 3.0 / 200.0 if hz < 1000.0 else 15.0 + 27.0 * float(np.log(hz / 1000.0)) / float(np.log(6.4))


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """The inverse of hz_to_mel, for an array."""
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))


GENERATOR_STEPS, GENERATOR_LEAD_S = 16, 0.04
"""What Wav2Lip's generator hears of a frame: 0.2 s from a frame (of 25 a second) before it, as it was trained; its
published inference began with the frame itself."""


def generator_window(mel: np.ndarray, time_s: float) -> np.ndarray:
    """[80, 16] that the generator hears for a frame shown time_s after the first column of mel [80, M]; before the
    line and after it there is silence."""
    first = math.floor((time_s - GENERATOR_LEAD_S) * FRAMES_HZ + 1e-6)
    heard = np.full((BANDS, GENERATOR_STEPS), SILENCE, np.float32)
    start, end = max(first, 0), min(first + GENERATOR_STEPS, mel.shape[1])
    if start < end:
        heard[:, start - first : end - first] = mel[:, start:end]
    return heard
