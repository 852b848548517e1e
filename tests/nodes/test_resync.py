# SPDX-License-Identifier: Apache-2.0
"""Resync: the decided stretches, and the sound that comes out: right pitch, right place, right length, no click."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.resync import ResyncPlan
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.nodes import resync
from ofx_lipsync.nodes._room_tone import room_tone
from ofx_lipsync.nodes._tempo import at_tempo

RATE_HZ = 16000
PARAMS = resync.Params()


def curve(late, seconds: float = 10.0, noise_s: float = 0.015) -> OffsetCurve:
    """A fair meter's reading of late(t), every 0.2 s, one in ten wild and unsure."""
    draw = np.random.default_rng(5)
    at = np.arange(0.1, seconds, 0.2)
    read = late(at) + draw.normal(0, noise_s, len(at))
    sure = np.full(len(at), 0.8)
    read[::10], sure[::10] = 1.0, 0.05
    return OffsetCurve(at, read.astype(np.float32), sure.astype(np.float32))


def noise(seconds: float = 10.0, level: float = 0.1) -> Sound:
    samples = np.random.default_rng(2).normal(0, level, (1, round(seconds * RATE_HZ)))
    return Sound(samples.astype(np.float32), RATE_HZ)


def step(at: np.ndarray) -> np.ndarray:
    return np.where(at < 4.0, 0.0, np.where(at < 7.0, 0.24, -0.12))


def rows(plan: ResyncPlan) -> list[tuple[float, float, float, float]]:
    return [(b, e, *late) for b, e, late in zip(plan.begin_s, plan.end_s, plan.late_s, strict=True)]


def test_a_constant_lag_is_one_row() -> None:
    plan = resync.analyse(curve(lambda t: np.full_like(t, 0.2)), noise(), 10.0, PARAMS)
    assert len(rows(plan)) == 1
    np.testing.assert_allclose(rows(plan)[0], (0, 10, 0.2, 0.2), atol=0.008)


def test_drift_is_one_sloping_row() -> None:
    plan = resync.analyse(curve(lambda t: 0.01 * t), noise(), 10.0, PARAMS)
    assert len(rows(plan)) == 1
    np.testing.assert_allclose(rows(plan)[0], (0, 10, 0.0, 0.1), atol=0.02)


def test_jumps_stay_sharp() -> None:
    plan = resync.analyse(curve(step), noise(), 10.0, resync.Params(reach=0.0))
    assert len(plan.fix) == 3
    np.testing.assert_allclose(plan.late_s[:, 0], [0, 0.24, -0.12], atol=0.015)
    np.testing.assert_allclose(plan.end_s[0], 4.0, atol=0.15)
    assert plan.begin_s[2] - plan.end_s[1] == pytest.approx(0.36, abs=0.03)  # sound was lost: a hole


def test_a_jump_is_cut_where_it_is_quiet() -> None:
    take = noise()
    quiet = slice(round(4.31 * RATE_HZ), round(4.35 * RATE_HZ))
    take.samples[:, quiet] *= 0.001
    late = lambda t: np.where(t < 4.0, 0.2, 0.0)  # noqa: E731
    plan = resync.analyse(curve(late, noise_s=0.002), take, 10.0, PARAMS)
    assert 4.31 <= plan.end_s[0] + plan.late_s[0, 1] <= 4.35


def test_nothing_sure_is_an_error() -> None:
    unsure = OffsetCurve(np.array([1.0]), np.zeros(1, np.float32), np.full(1, 0.01, np.float32))
    with pytest.raises(InputError, match=r"surest reading is 0\.010, expected 0\.015"):
        resync.analyse(unsure, noise(), 10.0, PARAMS)


def test_a_stretch_that_little_speaks_for_is_bridged() -> None:
    given = curve(lambda t: np.where(t < 9.0, 0.2, -0.4), noise_s=0.002)
    given.confidence[given.times_s > 9.0] = 0.02
    plan = resync.analyse(given, noise(), 10.0, PARAMS)
    np.testing.assert_allclose(rows(plan), [(0, 10, 0.2, 0.2)], atol=0.01)


def test_what_no_sound_can_follow_is_for_the_mouth() -> None:
    late = lambda t: np.where(t < 5, 0.0, 0.1 * (t - 5))  # noqa: E731
    plan = resync.analyse(curve(late), noise(), 10.0, PARAMS)
    assert plan.fix[0] == "sound"
    assert plan.fix[-1] == "mouth"
    times_s = np.arange(250) / 25
    assert not resync.redrawn(plan, times_s)[:100].any()
    assert resync.redrawn(plan, times_s)[-100:].all()


def test_a_constant_lag_moves_samples_bit_for_bit() -> None:
    take = noise()
    plan = ResyncPlan(np.zeros(1), np.full(1, 10.0), np.full((1, 2), 0.2), ("sound",))
    made = resync.sound(take, plan, 10.0, PARAMS).samples
    assert made.shape == take.samples.shape
    lag = round(0.2 * RATE_HZ)
    assert np.array_equal(made[:, : -lag - RATE_HZ // 20], take.samples[:, lag : -RATE_HZ // 20])
    assert np.abs(made[:, -lag // 2 :]).std() > 0.01  # room tone, not digital silence


@pytest.mark.parametrize("seconds", [10.0, 9.96, 10.04, 3 * 1001 / 1000])
def test_the_sound_is_as_long_as_the_picture(seconds: float) -> None:
    plan = resync.analyse(curve(step), noise(), seconds, PARAMS)
    assert resync.sound(noise(), plan, seconds, PARAMS).samples.shape == (1, round(seconds * RATE_HZ))


@pytest.mark.parametrize("tempo", [0.95, 0.995, 1.005, 1.05])
def test_tempo_keeps_pitch(tempo: float) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(5 * RATE_HZ) / RATE_HZ)[None].astype(np.float32)
    made = at_tempo(tone, RATE_HZ, 0.5, tempo, 3 * RATE_HZ)[0]
    spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made))))
    assert spectrum.argmax() * RATE_HZ / len(made) == pytest.approx(440, abs=1)
    assert made.std() == pytest.approx(tone.std(), rel=0.02)


@pytest.mark.parametrize("tempo", [0.97, 1.005, 1.03])
def test_tempo_puts_every_moment_in_its_place(sample_line: Path, tempo: float) -> None:
    line = read_sound(str(sample_line))
    made = at_tempo(line.samples, line.rate_hz, 0.3, tempo, round(2.0 / tempo * line.rate_hz))[0]
    grain = line.rate_hz // 100

    def level(samples: np.ndarray) -> np.ndarray:
        return np.sqrt((samples[: len(samples) // grain * grain].reshape(-1, grain) ** 2).mean(axis=1))

    at = (0.3 + np.arange(len(made)) / line.rate_hz * tempo) * line.rate_hz
    true = level(np.interp(at, np.arange(line.samples.shape[1]), line.samples[0]))
    apart = [((level(np.roll(made, lag)) - true) ** 2).sum() for lag in range(-320, 321, 40)]
    assert abs(int(np.argmin(apart)) - 8) * 40 / line.rate_hz <= 0.008


def test_drift_is_joined_without_a_step() -> None:
    at = np.arange(10 * RATE_HZ) / RATE_HZ
    tone = Sound((0.5 * np.sin(2 * np.pi * 180 * at))[None].astype(np.float32), RATE_HZ)
    late = np.array([[0, 0.05], [0.05, 0.02], [0.02, 0.02]])
    plan = ResyncPlan(np.array([0, 3.0, 7.0]), np.array([3.0, 7.0, 9.9]), late, ("sound",) * 3)
    made = resync.sound(tone, plan, 9.8, PARAMS).samples[0]
    assert np.abs(np.diff(made)).max() < 1.05 * np.abs(np.diff(tone.samples[0])).max()
    power = np.convolve(made**2, np.ones(800) / 800, "valid")
    assert power.min() > 0.8 * power.mean()  # waveforms meet in phase: no dip at the joins


def test_a_dropout_is_filled_with_room_tone() -> None:
    take = noise(level=0.01)
    take.samples[:, 3 * RATE_HZ : 3 * RATE_HZ + 2000] = 0
    plan = ResyncPlan(np.zeros(1), np.full(1, 10.0), np.zeros((1, 2)), ("sound",))
    made = resync.sound(take, plan, 10.0, PARAMS).samples
    assert made[:, 3 * RATE_HZ : 3 * RATE_HZ + 2000].std() == pytest.approx(0.01, rel=0.3)
    left = resync.sound(take, plan, 10.0, resync.Params(fill_dropouts=False)).samples
    assert np.array_equal(left, take.samples)


def test_room_tone_keeps_channels_together_and_repeats_itself_for_a_seed() -> None:
    draw = np.random.default_rng(1).normal(0, 0.01, 5 * RATE_HZ)
    stereo = np.stack([draw, -draw]).astype(np.float32)
    made = room_tone(stereo, RATE_HZ, RATE_HZ, 0, 3)
    assert np.array_equal(made, room_tone(stereo, RATE_HZ, RATE_HZ, 0, 3))
    assert not np.array_equal(made, room_tone(stereo, RATE_HZ, RATE_HZ, 0, 4))
    np.testing.assert_allclose(made[0], -made[1], atol=1e-7)
    assert np.array_equal(room_tone(np.zeros((1, 400), np.float32), RATE_HZ, 10, 0, 1), np.zeros((1, 10)))


def test_room_tone_leaves_out_moments_that_click() -> None:
    """An edit or a switch in a quiet moment would tick all through the tone."""
    take = 0.01 * np.sin(2 * np.pi * 30 * np.arange(2 * RATE_HZ) / RATE_HZ)[None] + noise(2.0, 1e-4).samples
    quiet = slice(round(0.9 * RATE_HZ), round(1.1 * RATE_HZ))
    take[:, quiet] *= 0.6
    take[:, RATE_HZ] += 0.006  # too small to be loud, and in the middle of the quietest fifth of a second
    tone = room_tone(take.astype(np.float32), RATE_HZ, RATE_HZ, 0, 1)
    assert np.abs(np.diff(tone)).max() < 0.003
    clicking = np.zeros((1, RATE_HZ), np.float32) + noise(1.0, 1e-4).samples
    clicking[:, :: RATE_HZ // 20] = 0.1
    assert np.abs(room_tone(clicking, RATE_HZ, RATE_HZ, 0, 1)).max() > 0.05  # a room that ticks throughout is a room


def test_the_picture_gives_way_in_whole_frames() -> None:
    plan = ResyncPlan(np.zeros(1), np.full(1, 2.0), np.full((1, 2), 0.12), ("picture",))
    frames, times_s = range(1001, 1051), np.arange(50) / 25
    shown = resync.shown(plan, frames, times_s)
    assert shown == [1001] * 3 + list(range(1001, 1048))
    early = ResyncPlan(np.zeros(1), np.full(1, 2.0), np.full((1, 2), -0.12), ("picture",))
    assert resync.shown(early, frames, times_s) == [*range(1004, 1051), 1050, 1050, 1050]
