# SPDX-License-Identifier: Apache-2.0
"""Number by number against librosa, which Wav2Lip's front end is written with."""

import numpy as np
import pytest

from ofx_lipsync.models import mel


def by_librosa(samples: np.ndarray) -> np.ndarray:
    librosa = pytest.importorskip("librosa")
    from scipy.signal import lfilter

    emphasised = lfilter([1, -0.97], [1], samples)
    spectrum = librosa.stft(y=emphasised, n_fft=800, hop_length=200, win_length=800, pad_mode="reflect")
    bank = librosa.filters.mel(sr=16000, n_fft=800, n_mels=80, fmin=55, fmax=7600)
    level_db = 20 * np.log10(np.maximum(1e-5, bank @ np.abs(spectrum))) - 20
    return np.clip(8 * (level_db + 100) / 100 - 4, -4, 4)


def speech_like(count: int, seed: int = 3) -> np.ndarray:
    """A voice's harmonics under a syllable envelope, hiss, and a stretch of near silence."""
    rng, t = np.random.default_rng(seed), np.arange(count) / 16000
    voice = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 30))
    samples = 0.1 * voice * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * t)) + 0.01 * rng.normal(size=count)
    samples[: count // 5] *= 1e-4
    return samples.astype(np.float32)


@pytest.mark.parametrize("count", [48000, 47648, 12345, 1001, 802])
def test_same_as_librosa(count: int) -> None:
    samples = speech_like(count)
    np.testing.assert_allclose(mel.mel_spectrogram(samples), by_librosa(samples), atol=1e-4)


def test_filters_are_slaneys() -> None:
    librosa = pytest.importorskip("librosa")
    bank = librosa.filters.mel(sr=16000, n_fft=800, n_mels=80, fmin=55, fmax=7600)
    np.testing.assert_allclose(mel.filters(), bank, atol=1e-7)
    assert mel.hz_to_mel(1000.0) == 15.0


@pytest.mark.parametrize("count", [0, 1, 199, 200, 401, 4001])
def test_any_length_keeps_the_last_window(count: int) -> None:
    heard = mel.mel_spectrogram(np.full(count, 0.1, np.float32))
    assert heard.shape == (80, 1 + count // 200)
    assert np.isfinite(heard).all()


def test_silence_is_the_floor_and_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (mel.mel_spectrogram(np.zeros(16000, np.float32)) == mel.SILENCE).all()
    samples = speech_like(30000)
    whole = mel.mel_spectrogram(samples)
    monkeypatch.setattr(mel, "BLOCK", 16)
    np.testing.assert_allclose(mel.mel_spectrogram(samples), whole, atol=1e-5)
