# SPDX-License-Identifier: Apache-2.0
"""Cepstra as the original SyncNet was trained on: 13 at 100 frames a second, the first one the log energy.

After the usual recipe (Davis and Mermelstein 1980): pre-emphasis 0.97, 25 ms without a window, 512-point spectrum, 26
triangles from 0 Hz to half the rate, log, DCT-II, lifter 22. Samples count as 16-bit numbers.
"""

from __future__ import annotations

import numpy as np

RATE_HZ, WINDOW, HOP, POINTS = 16000, 400, 160, 512
FILTERS, CEPSTRA, LIFTER, EMPHASIS = 26, 13, 22, 0.97
FULL_SCALE = 32768.0
LEAST = float(np.finfo(np.float64).eps)


def mfcc(samples: np.ndarray) -> np.ndarray:
    """samples: [N] float32 at 16 kHz, full scale 1. Returns [13, T] float32; frame t begins at t * 10 ms."""
    x = np.asarray(samples, np.float64) * FULL_SCALE
    if not len(x):
        return np.zeros((CEPSTRA, 0), np.float32)
    x = np.concatenate([x[:1], x[1:] - EMPHASIS * x[:-1]])
    count = 1 + max(0, -(-(len(x) - WINDOW) // HOP))
    padded = np.pad(x, (0, max(0, (count - 1) * HOP + WINDOW - len(x))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(frames, POINTS, axis=1)) ** 2 / POINTS
    energy = np.maximum(power.sum(axis=1), LEAST)
    bands = np.log(np.maximum(power @ triangles().T, LEAST))
    cepstra = bands @ cosines().T * (1 + LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER))
    cepstra[:, 0] = np.log(energy)
    return np.ascontiguousarray(cepstra.T, np.float32)


def triangles() -> np.ndarray:
    """[26, 257]: filters between whole bins, evenly spaced in mels."""
    top = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    hz = 700 * (10 ** (np.linspace(0, top, FILTERS + 2) / 2595) - 1)
    edges = np.floor((POINTS + 1) * hz / RATE_HZ)
    bins = np.arange(POINTS // 2 + 1)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))


def cosines() -> np.ndarray:
    """[13, 26]: the first rows of an orthonormal DCT-II."""
    basis = np.cos(np.pi * np.arange(CEPSTRA)[:, None] * (2 * np.arange(FILTERS) + 1) / (2 * FILTERS))
    scale = np.full(CEPSTRA, np.sqrt(2 / FILTERS))
    scale[0] = np.sqrt(1 / FILTERS)
    return np.asarray(basis * scale[:, None])
