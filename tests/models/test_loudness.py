# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from ofx_lipsync.models.loudness import MOST_GAIN_DB, SPEECH_DB, speech_gain, speech_level_db


def tone(seconds: float, amplitude: float, hz: float = 500.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * 16000)) / 16000)).astype(np.float32)


def test_level_of_a_tone_is_its_mean_square() -> None:
    assert speech_level_db(tone(3, 0.5)) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)


def test_pauses_and_rumble_do_not_count() -> None:
    spoken = tone(2, 0.2)
    paused = np.concatenate([spoken, np.zeros(160000, np.float32), tone(5, 1e-4)])
    assert speech_level_db(paused) == pytest.approx(speech_level_db(spoken), abs=1.0)
    assert speech_level_db(spoken + tone(2, 0.2, hz=30)) == pytest.approx(speech_level_db(spoken), abs=0.1)


@pytest.mark.parametrize("gain_db", [-18, 18])
def test_gain_undoes_recording_level(gain_db: float) -> None:
    samples = tone(2, 0.05)
    louder = samples * np.float32(10 ** (gain_db / 20))
    assert speech_gain(louder) * 10 ** (gain_db / 20) == pytest.approx(speech_gain(samples), rel=1e-4)
    assert speech_level_db(samples * speech_gain(samples)) == pytest.approx(SPEECH_DB, abs=0.01)


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(1), np.zeros(48000), np.full(100, 0.1)])
def test_silence_and_scraps_are_left_alone(samples: np.ndarray) -> None:
    assert 0 < speech_gain(samples.astype(np.float32)) <= 10 ** (MOST_GAIN_DB / 20)


def test_room_tone_is_not_made_speech() -> None:
    assert speech_gain(tone(2, 5e-4)) == pytest.approx(10 ** (MOST_GAIN_DB / 20))
    assert speech_gain(tone(2, 1e-5)) == 1.0
