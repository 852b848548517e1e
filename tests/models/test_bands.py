# SPDX-License-Identifier: Apache-2.0
"""Bands in dB under a level that follows the voice."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.models.bands import (
    BANDS,
    QUIETEST_DB,
    RATE_HZ,
    SILENCE,
    bands_db,
    filters,
    frames_of,
    heard,
    levels,
    line_heard,
    loudness_db,
)  # fmt: skip


def sine(hz: float, amplitude: float = 1.0, seconds: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(RATE_HZ * seconds)) / RATE_HZ)).astype(np.float32)


@pytest.mark.parametrize("hz", [250.0, 1000.0, 4000.0])
def test_a_full_scale_sine_reads_about_zero_db(hz: float) -> None:
    loud = loudness_db(bands_db(frames_of(sine(hz))))[5:-5]
    assert np.abs(loud).max() < 3.0
    assert np.ptp(loud) < 0.5


def test_half_the_amplitude_is_six_db_less() -> None:
    full, half = (loudness_db(bands_db(frames_of(sine(1000, a))))[10] for a in (1.0, 0.5))
    assert full - half == pytest.approx(20 * np.log10(2), abs=0.01)


def test_each_sine_lies_in_its_band() -> None:
    peaks = [int(bands_db(frames_of(sine(hz)))[10].argmax()) for hz in (200, 500, 1000, 2000, 4000, 7000)]
    assert peaks == sorted(peaks)
    assert len(set(peaks)) == 6
    assert (filters().sum(axis=0) > 0).all()


def test_frames_lie_round_their_ten_milliseconds() -> None:
    click = np.zeros(1600, np.float32)
    click[480 + 80] = 1
    assert int(loudness_db(bands_db(frames_of(click))).argmax()) == 3


def test_gain_does_not_change_what_is_heard() -> None:
    rng = np.random.default_rng(1)
    voice = (rng.normal(size=32000) * 0.1 * np.repeat(rng.random(20), 1600)).astype(np.float32)
    loud, soft = (bands_db(frames_of(voice * gain)) for gain in (np.float32(1), np.float32(10 ** (-18 / 20))))
    a, b = (heard(x, levels(loudness_db(x))) for x in (loud, soft))
    settled = slice(60, None)
    assert np.abs(a[settled] - b[settled]).mean() < 0.01


def test_silence_stays_silent() -> None:
    bands = bands_db(frames_of(np.zeros(16000, np.float32)))
    level = levels(loudness_db(bands))
    assert level[-1] >= QUIETEST_DB
    assert (heard(bands, level) < SILENCE + 1.8).all()


def test_no_sound_has_no_frames() -> None:
    assert bands_db(frames_of(np.zeros(159, np.float32))).shape == (0, BANDS)


def test_a_line_knows_how_loud_its_voice_will_be() -> None:
    """A click half a second before a loud voice is heard as far under it, live it is as loud as speech."""
    rng = np.random.default_rng(2)
    samples = (rng.normal(size=32000) * 1e-4).astype(np.float32)
    samples[16000:] += (rng.normal(size=16000) * 0.2).astype(np.float32)
    samples[8000:8040] += 0.02
    bands = bands_db(frames_of(samples))
    live, line = heard(bands, levels(loudness_db(bands))), line_heard(bands)
    click = slice(49, 52)
    assert line[click].mean() < live[click].mean() - 0.5
    np.testing.assert_allclose(line[110:], live[110:], atol=0.05)
