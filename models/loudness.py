# SPDX-License-Identifier: Apache-2.0
"""How loud the speech in a line is, and the gain that brings it to one level, so that a whisper-quiet file opens
the mouth as far as a hot one.

After ITU-R BS.1770-5: mean square over 400 ms blocks, an absolute gate, then one 10 dB under what is left. Instead of
its K-weighting only 100-4000 Hz count: rumble is not speech, and a line full of "s" is not a loud one.
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.models.mel import RATE_HZ

SPEECH_DB = -22.0
"""Level that the networks were trained at."""
LOWEST_HZ, HIGHEST_HZ = 100, 4000
QUIETEST_DB = -85.0
MOST_GAIN_DB = 40.0
BLOCK_S, STEP_S = 0.4, 0.1
GATE_DB = -10.0


def speech_level_db(samples: np.ndarray) -> float:
    """samples: [N] float32 at 16 kHz. Gated level in dB re full scale, or -inf where nothing passes the gate."""
    step = int(STEP_S * RATE_HZ)
    steps = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step)
    spectrum = np.fft.rfft(steps, axis=1)[:, int(LOWEST_HZ * STEP_S) : int(HIGHEST_HZ * STEP_S)]
    energy = 2 * np.square(np.abs(spectrum)).sum(axis=1) / step**2
    per_block = min(int(BLOCK_S / STEP_S), max(1, len(energy)))
    blocks = np.convolve(energy, np.full(per_block, 1 / per_block), "valid") if len(energy) else energy
    blocks = blocks[blocks > 10 ** (QUIETEST_DB / 10)]
    if not len(blocks):
        return -np.inf
    loud = blocks[blocks >= blocks.mean() * 10 ** (GATE_DB / 10)]
    return float(10 * np.log10(loud.mean()))


def speech_gain(samples: np.ndarray) -> float:
    """Linear gain to SPEECH_DB; 1 for silence, and never more than MOST_GAIN_DB, or room tone would become speech."""
    level_db = speech_level_db(samples)
    return 1.0 if np.isneginf(level_db) else float(10 ** (min(SPEECH_DB - level_db, MOST_GAIN_DB) / 20))
