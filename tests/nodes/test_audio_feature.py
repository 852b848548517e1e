# SPDX-License-Identifier: Apache-2.0
"""The node on the shipped network: any rate, level and length of line gives the same mouth."""

import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import MediaError, ModelError, UsageError
from ofx_lipsync.core.mouth import AudioAnalysis, MouthCurve
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.nodes import audio_feature as node

PARAMS = node.Params()
FILM, PAL, FAST = Fraction(24), Fraction(25), Fraction(60)


@pytest.fixture(scope="module")
def line() -> Sound:
    """Two seconds of a real voice, from the samples."""
    sound = read_sound(str(Path(__file__).resolve().parents[2] / "samples" / "lines" / "russian.flac"))
    start = sound.rate_hz // 2
    return Sound(sound.samples[:, start : start + 2 * sound.rate_hz], sound.rate_hz)


def heard(sound: Sound, rate: Fraction = PAL, seconds: float = 2.0, params: node.Params = PARAMS) -> AudioAnalysis:
    return node.analyse(sound, range(1001, 1001 + int(seconds * rate)), rate, params)


def scaled(sound: Sound, gain_db: float) -> Sound:
    return Sound(sound.samples * np.float32(10 ** (gain_db / 20)), sound.rate_hz, sound.start_s)


def test_shapes(line: Sound) -> None:
    found = heard(line)
    assert found.mel.shape == (80, 161)
    assert found.curve.values.shape == (50, 6)
    assert found.curve.closure.shape == found.curve.voice.shape == found.loudness_db.shape == (50,)
    assert found.curve.values.dtype == found.mel.dtype == np.float32


def test_speech_moves_the_mouth(line: Sound) -> None:
    curve = heard(line).curve
    assert curve.values[:, 0].max() > 0.6
    assert np.ptp(curve.values[:, 1]) > 0.5
    assert curve.voice.max() > 0.9


def test_rates_agree_at_common_times(line: Sound) -> None:
    """24, 25 and 60 frames a second all have a frame at every whole second; 24 and 60 at every twelfth."""
    by_rate = {rate: heard(line, rate).curve.values for rate in (FILM, PAL, FAST, Fraction(24000, 1001))}
    np.testing.assert_array_equal(by_rate[FILM][24], by_rate[PAL][25])
    np.testing.assert_array_equal(by_rate[FILM][::2], by_rate[FAST][::5])
    np.testing.assert_allclose(by_rate[Fraction(24000, 1001)][10], by_rate[FILM][10], atol=0.05)


def test_a_frame_alone_is_the_same(line: Sound) -> None:
    whole = node.analyse(line, range(0, 50), PAL, PARAMS).curve
    part = node.analyse(line, [0, 7, 31], PAL, PARAMS).curve
    np.testing.assert_array_equal(part.values, whole.values[[0, 7, 31]])
    np.testing.assert_array_equal(part.closure, whole.closure[[0, 7, 31]])


def test_same_bits_twice(line: Sound) -> None:
    assert heard(line).curve.values.tobytes() == heard(line).curve.values.tobytes()


@pytest.mark.parametrize("gain_db", [-18.0, 18.0])
def test_recording_level_does_not_matter(line: Sound, gain_db: float) -> None:
    wanted, found = heard(line), heard(scaled(line, gain_db))
    np.testing.assert_allclose(found.curve.values, wanted.curve.values, atol=0.02)
    np.testing.assert_allclose(found.loudness_db, wanted.loudness_db + gain_db, atol=0.05)


def test_sound_rate_and_channels_do_not_matter(line: Sound) -> None:
    wanted = heard(line).curve.values
    studio = resample(line, 48000)
    stereo = Sound(np.repeat(studio.samples, 2, axis=0), 48000)
    np.testing.assert_allclose(heard(stereo).curve.values, wanted, atol=0.1)
    assert np.corrcoef(heard(stereo).curve.values[:, 0], wanted[:, 0])[0, 1] > 0.995


@pytest.mark.parametrize(
    "samples",
    [np.zeros(32000), np.zeros(0), np.zeros(1), np.random.default_rng(0).normal(size=32000) * 1e-3],
    ids=["zeros", "empty", "one sample", "room tone"],
)
def test_silence_rests_with_lips_shut(samples: np.ndarray) -> None:
    found = heard(Sound(samples.astype(np.float32)[None], 16000))
    np.testing.assert_array_equal(found.curve.values, 0)
    assert (found.curve.closure > 0.95).all()
    assert (found.curve.voice < 0.5).all()
    assert np.isfinite(found.loudness_db).all()


def test_line_shorter_than_the_shot_and_late(line: Sound) -> None:
    late = Sound(line.samples, line.rate_hz, start_s=1.0)
    found = heard(late, seconds=5.0)
    assert (found.curve.values[:18] == 0).all()
    assert (found.curve.values[80:] == 0).all()
    assert (found.curve.closure[80:] > 0.95).all()
    assert found.loudness_db[0] == -120
    np.testing.assert_allclose(found.curve.values[30:70], heard(line).curve.values[5:45], atol=1e-5)


def test_line_longer_than_the_shot(line: Sound) -> None:
    np.testing.assert_array_equal(heard(line, seconds=0.5).curve.values, heard(line).curve.values[:12])
    assert heard(line, seconds=0).curve.values.shape == (0, 6)


def test_rest_between_words_only_in_long_pauses() -> None:
    times_s = np.arange(200) / 40
    voice = np.ones(200, np.float32)
    voice[40:50] = voice[90:160] = 0
    curve = MouthCurve(times_s, np.ones((200, 6), np.float32), np.zeros(200, np.float32), voice)
    rested = node.resting_in_silence(curve, 0.5, 0.4)
    assert (rested.values[35:60] == 1).all()
    assert (rested.values[116:134] == 0).all()
    assert (rested.closure[116:134] == 1).all()
    assert np.abs(np.diff(rested.values[:, 0])).max() < 0.5, "lips must not snap"
    assert node.resting_in_silence(curve, 0.0, 0.4) is curve


def test_wrong_params_and_sounds(line: Sound, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"AudioFeature\.gain: got .keyframes., expected one number"):
        heard(line, params=node.Params(gain={1001: 0.0, 1010: 3.0}))
    with pytest.raises(ModelError, match="no_such"):
        heard(line, params=node.Params(network="no_such"))
    broken = line.samples.copy()
    broken[0, 100] = np.nan
    with pytest.raises(MediaError, match="not numbers"):
        heard(Sound(broken, line.rate_hz))


def test_dynamics_open_louder_speech_further(line: Sound) -> None:
    """The second half is said 10 dB softer: with more dynamics it opens less than the first, as far as it would."""
    gains = np.where(np.arange(line.samples.shape[1]) < line.samples.shape[1] // 2, 1.0, 0.316).astype(np.float32)
    uneven = Sound(line.samples * gains, line.rate_hz)
    plain, lively, flat = (heard(uneven, params=node.Params(dynamics=d)).curve.values[:, 0] for d in (1.0, 2.5, 0.0))
    assert (
        lively[:25].max() / lively[28:].max() > plain[:25].max() / plain[28:].max() > flat[:25].max() / flat[28:].max()
    )
    assert np.isfinite(lively).all()


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_transcript_moves_the_mouth_and_wrong_ones_are_told(line: Sound) -> None:
    said = node.Params(transcript="лет меня ни пуля", language="ru")
    assert np.abs(heard(line, params=said).curve.values - heard(line).curve.values).max() > 0.1
    with pytest.raises(UsageError, match="does not know the language 'xx-none'"):
        heard(line, params=node.Params(transcript="hello", language="xx-none"))
    with pytest.raises(UsageError, match="frames of 10 ms are needed"):
        heard(line, params=node.Params(transcript="one two three four five six seven " * 9))


def test_breath_before_a_phrase_parts_lips_that_a_sound_does_not_shut() -> None:
    times_s = np.arange(200) / 50
    voice = (np.arange(200) >= 100).astype(np.float32)
    curve = MouthCurve(times_s, np.ones((200, 6), np.float32), np.full(200, 0.9, np.float32), voice)
    rested = node.resting_in_silence(curve, 0.5, 0.4)
    assert (rested.closure[:75] == 1).all(), "lips at rest"
    assert (rested.closure[87:94] < 0.05).all(), "breath"
    np.testing.assert_allclose(rested.closure[98:], 0.9, atol=1e-6)


class StoppedError(Exception):
    """What whoever watches raises to stop."""


def test_progress_changes_no_bit_and_stops_a_long_line(line: Sound) -> None:
    """Five times a minute at least, and never backwards."""
    long = Sound(np.tile(line.samples, (1, 60)), line.rate_hz)
    frames, told = range(2 * 60 * 25), []
    quiet = node.analyse(long, frames, PAL, PARAMS)
    watched = node.analyse(long, frames, PAL, PARAMS, progress=lambda done, total: told.append((done, total)))
    for name in ("values", "closure", "voice"):
        assert getattr(quiet.curve, name).tobytes() == getattr(watched.curve, name).tobytes()
    assert quiet.mel.tobytes() == watched.mel.tobytes()
    done = [d for d, total in told if total == len(frames)]
    assert done == sorted(done)
    assert (done[0], done[-1], len(done) > 40) == (0, len(frames), True)
    assert max(np.diff(done)) < len(frames) / 6

    def enough(done: int, total: int) -> None:
        if done > total / 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        node.analyse(long, frames, PAL, PARAMS, progress=enough)
