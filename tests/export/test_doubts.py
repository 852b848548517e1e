# SPDX-License-Identifier: Apache-2.0
"""Doubtful lines are named with the reason, good ones are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.export.batch import listener
from ofx_lipsync.export.doubts import Doubts, doubts
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.nodes.audio_feature import Params
from ofx_lipsync.performance import spoken

RATE_HZ = 16000


def doubted(samples: np.ndarray, rate_hz: int = RATE_HZ, language: str = "", text: str = "") -> Doubts:
    sound = Sound(np.atleast_2d(samples).astype(np.float32), rate_hz)
    params = Params(transcript=text, language=language or "en")
    return doubts(sound, spoken(sound, params, listener("articulation")), language, text)


@pytest.fixture(scope="module")
def english(sample_line: Path) -> np.ndarray:
    return read_sound(str(sample_line)).mono()


def test_good_lines_are_not_doubted(english: np.ndarray, sample_line_ru: Path) -> None:
    assert doubted(english, language="en") == Doubts()
    assert doubted(read_sound(str(sample_line_ru)).mono(), language="ru") == Doubts()


def test_what_is_wrong_with_the_sound_is_told(english: np.ndarray) -> None:
    assert doubted(np.zeros(RATE_HZ)).reasons == ("it is silent from end to end",)
    assert "it is very quiet (-5" in doubted(english * 0.01).reasons[0]
    (clipped, *_) = doubted(np.clip(english * 6, -1, 1)).reasons
    assert clipped.startswith("it is clipped (")
    assert doubted(english[:3000]).reasons[0] == "it lasts 0.19 s only"
    padded = np.concatenate([english, np.zeros(4 * RATE_HZ), english])
    assert any(reason.startswith("nobody speaks for 4.") for reason in doubted(padded).reasons)


def test_music_and_noise_are_no_speech(english: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    time_s = np.arange(3 * RATE_HZ) / RATE_HZ
    chord = sum(0.1 * np.sin(2 * np.pi * hz * time_s) for hz in (220, 277, 330, 440))
    for sound in (rng.normal(0, 0.1, len(time_s)), chord):
        assert doubted(sound).reasons == ("no speech is heard in it (music, noise?); the mouth rests",)
    noisy = english + rng.normal(0, np.sqrt(np.mean(english**2)), len(english))
    assert any(reason.startswith("it is hard to hear what is said") for reason in doubted(noisy).reasons)


def test_a_dead_channel_and_a_telephone_are_noted_and_heard(english: np.ndarray) -> None:
    one_dead = doubted(np.stack([english, np.zeros_like(english)]))
    assert one_dead == Doubts((), ("channel 2 of 2 is silent; the others were heard",))
    narrow = resample(Sound(english[None], RATE_HZ), 8000).samples
    assert doubted(narrow, 8000).notes == ("telephone sound (8 kHz): s and f are heard less surely",)


def test_another_language_is_noticed(english: np.ndarray) -> None:
    (reason,) = doubted(english, language="ru").reasons
    assert "are sounds that ru has not (" in reason
    assert doubted(english, language="tlh").notes == (
        "the sounds of 'tlh' are not known here, so the language was not checked",
    )


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_the_wrong_text_is_noticed(english: np.ndarray) -> None:
    right = "Bring the camera up, please. We may never meet this moment again."
    wrong = "Forty thousand geese were walking slowly along the shore of a cold lake"
    assert doubted(english, language="en", text=right).reasons == ()
    assert any("text and sound agree for" in reason for reason in doubted(english, language="en", text=wrong).reasons)
