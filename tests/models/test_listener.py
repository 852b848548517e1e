# SPDX-License-Identifier: Apache-2.0
"""The listener joins both networks on one clock: same bits every time, in anybody's style, with a text or without."""

import subprocess
import sys

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.phones import PHONES, index
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models import loader
from ofx_lipsync.models.bands import line_db
from ofx_lipsync.models.hearing_listener import Heard
from ofx_lipsync.models.listener import BY_SOUNDS, ArticulationListener
from ofx_lipsync.models.mel import mel_spectrogram

SOUND = Sound(np.random.default_rng(2).normal(size=(1, 16100)).astype(np.float32) * 0.1, 16000, start_s=-0.5)
SHIPPED = ("articulation", "coarticulation")


@pytest.fixture(scope="module")
def listener() -> ArticulationListener:
    return ArticulationListener.named()


def test_clock_and_ranges(listener: ArticulationListener) -> None:
    curve = listener.hear(SOUND)
    assert curve.values.shape == (50, 6)
    assert curve.values.dtype == np.float32
    np.testing.assert_allclose(curve.times_s, -0.5 + 0.01 + np.arange(50) / 50)
    for channel in (curve.closure, curve.voice):
        assert channel.dtype == np.float32
        assert (channel >= 0).all()
        assert (channel <= 1).all()


def test_no_sound_has_no_curve(listener: ArticulationListener) -> None:
    assert listener.hear(Sound(np.zeros((1, 0), np.float32), 16000)).values.shape == (0, 6)


def test_both_networks_have_their_share(listener: ArticulationListener) -> None:
    """At a step where both have a sample (every 100 ms plus 50) the curve is their mean."""
    samples = SOUND.samples[0]
    bands, mel = line_db(samples), mel_spectrogram(samples)
    heard = listener.hearing.line(samples)
    from ofx_lipsync.models.spoken import spoken

    sounds = listener.by_sounds.outputs(spoken(heard.phones, heard.lips, bands))
    voice = listener.by_voice.outputs(mel)
    wanted = BY_SOUNDS * sounds[2:48:5, :6] + (1 - BY_SOUNDS) * voice[2::4, :6][: len(sounds[2:48:5])]
    np.testing.assert_allclose(listener.hear(SOUND).values[2:48:5], wanted, atol=1e-4)


def test_same_bits_twice(listener: ArticulationListener) -> None:
    assert listener.hear(SOUND).values.tobytes() == listener.hear(SOUND).values.tobytes()


def test_what_is_known_better_is_listened_to(listener: ArticulationListener) -> None:
    vowel = np.eye(len(PHONES), dtype=np.float32)[[index("a")] * 100]
    told = listener.hear(SOUND, lambda heard, steps: Heard(vowel, heard.lips))
    assert np.abs(told.values - listener.hear(SOUND).values).max() > 0.1


def test_people_have_styles(listener: ArticulationListener) -> None:
    assert "s1" in listener.by_sounds.people
    assert np.abs(listener.hear(SOUND, style="s1").values - listener.hear(SOUND).values).max() > 1e-3
    with pytest.raises(UsageError, match="'carl' is not known to these weights; they know"):
        listener.hear(SOUND, style="carl")


def test_wrong_rate(listener: ArticulationListener) -> None:
    with pytest.raises(UsageError, match="48000 Hz, expected 16000"):
        listener.hear(Sound(np.zeros((1, 10), np.float32), 48000))


def test_shipped_weights_load_without_torch() -> None:
    code = (
        "import sys; from ofx_lipsync.models.listener import ArticulationListener as A; A.named();"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_are_small_and_say_what_they_are(name: str) -> None:
    path = loader.SHIPPED / f"{name}.safetensors"
    assert path.stat().st_size < 5_000_000
    assert {"version", "licence", "trained_on", "seed", "steps"} <= set(loader.load(name).card)
    assert "CC BY 4.0" in (loader.SHIPPED / f"{name}.md").read_text()
