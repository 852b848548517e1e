# SPDX-License-Identifier: Apache-2.0
"""What the sync network hears of a line, fifty times a second: the sounds of any language, and what lips do for them.

Hardly anything of the voice itself: with one man in most of the training his voice would be learned by heart, and
strangers would be out of sync.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models import spoken
from ofx_lipsync.models.bands import RATE_HZ, line_db, line_heard
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.loudness import speech_gain
from ofx_lipsync.models.mel import mel_spectrogram

STEPS_HZ = spoken.STEPS_HZ
INPUTS = spoken.INPUTS + len(ARTICULATION) + 2
"""Sounds as gestures, loudness and colour (models/spoken.py); then lips and jaw as foretold, closure and voice."""
COLOUR = slice(spoken.INPUTS - spoken.BROAD, spoken.INPUTS)
"""The columns that tell one throat and microphone from another."""


@dataclass(frozen=True)
class HeardLine:
    """rows: [T, INPUTS] float32; row k is centred at start_s + k * 20 ms + 10 ms. curve: the foretold mouth."""

    rows: np.ndarray
    curve: MouthCurve
    start_s: float


def hear(sound: Sound, listener: ArticulationListener) -> HeardLine:
    """sound: mono at 16 kHz, at any level. Raises: UsageError for another rate."""
    if sound.rate_hz != RATE_HZ:
        raise UsageError(f"SyncMeter: sound is at {sound.rate_hz} Hz, expected {RATE_HZ}; resample it")
    samples = sound.mono()
    levelled = np.ascontiguousarray(samples * np.float32(speech_gain(samples)))
    bands = line_db(levelled)
    if not len(bands):
        nothing = np.zeros((0, INPUTS), np.float32)
        empty = MouthCurve(np.zeros(0), nothing[:, : len(ARTICULATION)], nothing[:, 0], nothing[:, 0])
        return HeardLine(nothing, empty, sound.start_s)
    heard = listener.hearing.line_of(line_heard(bands))
    curve = listener.joined(bands, mel_spectrogram(levelled), sound.start_s, lambda *_: heard)
    told = spoken.spoken(heard.phones, heard.lips, bands)
    foretold = np.concatenate([curve.values, curve.closure[:, None], curve.voice[:, None]], axis=1)
    return HeardLine(np.concatenate([told, foretold], axis=1).astype(np.float32), curve, sound.start_s)
