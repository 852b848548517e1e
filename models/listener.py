# SPDX-License-Identifier: Apache-2.0
"""Hears a line and tells the mouth, in plain NumPy: no torch to wait for, the same bits on every run.

Two networks move the lips and are averaged: one hears the voice itself and knows its people best, the other hears the
sounds of any language and knows strangers best. Their mean follows strangers and free speech better than either.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.models import mel_lips, spoken
from ofx_lipsync.models.bands import RATE_HZ, line_db, line_heard
from ofx_lipsync.models.hearing_listener import Heard, Hearing
from ofx_lipsync.models.loader import load
from ofx_lipsync.models.mel import mel_spectrogram
from ofx_lipsync.models.mel_lips import MelLips
from ofx_lipsync.models.sound_lips import SoundLips

BY_SOUNDS = 0.6
"""Share of the network that goes by sounds."""
HEARING, COARTICULATION, ARTICULATION_NETWORK = "hearing", "coarticulation", "articulation"
Told = Callable[[Heard, Steps], Heard]
"""What is known better than it was heard, as from a text."""


class ArticulationListener:
    """Hearing, coarticulation and articulation behind one call: a line in, a MouthCurve out."""

    def __init__(self, hearing: Hearing, by_sounds: SoundLips, by_voice: MelLips) -> None:
        self.hearing, self.by_sounds, self.by_voice = hearing, by_sounds, by_voice

    @classmethod
    def named(
        cls, name: str = ARTICULATION_NETWORK, by_sounds: str = COARTICULATION, hearing: str = HEARING
    ) -> ArticulationListener:
        return cls(Hearing.named(hearing), SoundLips(load(by_sounds)), MelLips(load(name)))

    def hear(self, sound: Sound, told: Told | None = None, style: str = "", steps: Steps = NO_STEPS) -> MouthCurve:
        """sound: mono, 16 kHz, at speech level (see loudness.py). The curve has 50 samples a second.

        told: sets right what was heard, before lips are asked for it. style: whose, by name; a stranger's without.
        Raises: UsageError for a style that these weights do not know.
        """
        if sound.rate_hz != RATE_HZ:
            raise UsageError(f"ArticulationListener: sound is at {sound.rate_hz} Hz, expected {RATE_HZ}; resample it")
        samples = np.ascontiguousarray(sound.mono(), np.float32)
        bands, mel = line_db(samples, steps.part(0, 0.1)), mel_spectrogram(samples, steps.part(0.1, 0.2))
        return self.joined(bands, mel, sound.start_s, told, style, steps.part(0.2, 1))

    def joined(
        self, bands: np.ndarray, mel: np.ndarray, start_s: float = 0.0, told: Told | None = None, style: str = "",
        steps: Steps = NO_STEPS,
    ) -> MouthCurve:  # fmt: skip
        """bands: [T, 48] dB and mel: [80, M] of one levelled line; start_s: the time of its first sample."""
        heard = self.hearing.line_of(line_heard(bands), steps.part(0, 0.4))
        heard = told(heard, steps.part(0.4, 0.5)) if told else heard
        steps(0.5)
        rows = spoken.spoken(heard.phones, heard.lips, bands)
        sounds = self.by_sounds.outputs(rows, self.by_sounds.person(style), steps.part(0.5, 0.75))
        times_s = (np.arange(len(sounds)) + 0.5) / spoken.STEPS_HZ
        voice = _at(times_s, self.by_voice.outputs(mel, steps.part(0.75, 1)), mel_lips.STEPS_HZ)
        share, channels = np.float32(BY_SOUNDS), len(ARTICULATION)
        values = share * sounds[:, :channels] + (1 - share) * voice[:, :channels]
        flags = share * _logistic(sounds[:, channels:]) + (1 - share) * _logistic(voice[:, channels:])
        return MouthCurve(start_s + times_s, np.ascontiguousarray(values), flags[:, 0].copy(), flags[:, 1].copy())


def _at(times_s: np.ndarray, outputs: np.ndarray, steps_hz: float) -> np.ndarray:
    """[N, C] rows of outputs [T, C], straight between them, the last one held."""
    known_s = np.arange(len(outputs)) / steps_hz
    return np.stack([np.interp(times_s, known_s, column) for column in outputs.T], axis=1).astype(np.float32)


def _logistic(x: np.ndarray) -> np.ndarray:
    return (0.5 + 0.5 * np.tanh(0.5 * x)).astype(np.float32)
