# SPDX-License-Identifier: Apache-2.0
"""The same sentences as they are really recorded: in noise, a crowd, a room, over a telephone, loud and soft."""

from __future__ import annotations

from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.models.bands import RATE_HZ

Condition = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""samples [N] float32 at 16 kHz -> as many."""
SNR_DB = 10.0


def conditions(others: Sequence[np.ndarray]) -> dict[str, Condition]:
    """others: sentences of people who are not measured, for the crowd."""
    return {
        "noise 10 dB": lambda x, rng: mixed(x, pink(len(x), rng), SNR_DB),
        "babble 10 dB": lambda x, rng: mixed(x, babble(others, len(x), rng), SNR_DB),
        "small room": room,
        "telephone": telephone,
        "18 dB louder": lambda x, rng: x * np.float32(10 ** (18 / 20)),
        "18 dB softer": lambda x, rng: x * np.float32(10 ** (-18 / 20)),
    }


def mixed(samples: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """Noise so far under the speech, both by their mean power."""
    power = float(np.mean(np.square(samples))) / max(float(np.mean(np.square(noise))), 1e-12)
    return (samples + noise * np.sqrt(power * 10 ** (-snr_db / 10))).astype(np.float32)


def pink(count: int, rng: np.random.Generator) -> np.ndarray:
    """Falls 3 dB an octave from 40 Hz."""
    spectrum = np.fft.rfft(rng.normal(size=count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 40.0)), count)


def babble(others: Sequence[np.ndarray], count: int, rng: np.random.Generator, talkers: int = 4) -> np.ndarray:
    """Several others talking at once, equally loud."""
    crowd = np.zeros(count)
    for chosen in rng.integers(len(others), size=talkers):
        voice = np.roll(np.resize(others[chosen], count), int(rng.integers(count)))
        crowd += voice / max(float(np.sqrt(np.mean(np.square(voice)))), 1e-6)
    return crowd


def room(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """RT60 0.4 s, reverberation 6 dB under the direct sound."""
    count = int(0.4 * RATE_HZ)
    tail = rng.normal(size=count) * 10 ** (-3 * np.arange(count) / count)
    tail[: RATE_HZ // 200] = 0
    tail *= np.sqrt(10**-0.6 / np.square(tail).sum())
    size = 1 << int(np.ceil(np.log2(len(samples) + count)))
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)[: len(samples)]
    return (samples + wet).astype(np.float32)


def telephone(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """300-3400 Hz, as mu-law of eight bits."""
    from scipy.signal import butter, sosfilt

    narrow = sosfilt(butter(4, [300, 3400], "bandpass", fs=RATE_HZ, output="sos"), samples)
    peak = max(float(np.abs(narrow).max()), 1e-6)
    bent = np.sign(narrow) * np.log1p(255 * np.abs(narrow) / peak) / np.log(256)
    coarse = np.rint(bent * 127) / 127
    return (np.sign(coarse) * (256 ** np.abs(coarse) - 1) / 255 * peak).astype(np.float32)


def nobody(rng: np.random.Generator, seconds: int = 10) -> dict[str, np.ndarray]:
    """Where no lips should move: silence, room tone, breath, music."""
    from ofx_lipsync.train.speech.vary import chords

    count = seconds * RATE_HZ
    tone = pink(count, rng)
    tone *= 10 ** (-55 / 20) / np.sqrt(np.mean(np.square(tone)))
    swell = np.maximum(np.sin(2 * np.pi * np.arange(count) / (3.0 * RATE_HZ)), 0) ** 2
    breath = np.diff(rng.normal(size=count + 1)) * swell * 10 ** (-40 / 20)
    sounds = {"silence": np.zeros(count), "room tone": tone, "breath": breath, "music": chords(rng, seconds)}
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}
