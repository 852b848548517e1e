# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import numpy as np
import pytest

from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.nodes.mouth.habit import spoken_as, talking

RATE = Fraction(25)
OPEN, WIDTH = ARTICULATION.index("open"), ARTICULATION.index("width")


def line(seconds: float = 4.0) -> MouthCurve:
    """Speech with silence before and after it."""
    count = int(seconds * 25)
    times_s = np.arange(count) / 25
    voice = ((times_s > 0.5) & (times_s < seconds - 0.5)).astype(np.float32)
    values = np.sin(times_s[:, None] * np.arange(7, 13)).astype(np.float32) * 0.5 * voice[:, None]
    return MouthCurve(times_s, values, np.zeros(count, np.float32), voice)


def actor(seconds: float, mean_width: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """(channels, gap) of somebody who talks all the time."""
    t = np.arange(int(seconds * 25)) / 25
    channels = np.sin(t[:, None] * np.arange(9, 15)) * 0.5
    channels[:, WIDTH] = mean_width + spread * np.sin(t * 11)
    return channels, 0.02 + 0.02 * np.sin(t * 15)


def test_much_talking_brings_the_mean_width_over():
    curve = spoken_as(line(), *actor(60, mean_width=1.5, spread=0.5), RATE)
    spoken = curve.values[curve.voice > 0.5, WIDTH]
    assert 1.0 < spoken.mean() < 1.5


def test_silence_and_opening_stay_as_they_were():
    before = line()
    after = spoken_as(before, *actor(60, mean_width=1.5, spread=0.5), RATE)
    assert np.array_equal(after.values[:, OPEN], before.values[:, OPEN])
    assert np.array_equal(after.values[before.voice == 0], before.values[before.voice == 0])


def test_a_livelier_actor_moves_more():
    calm, lively = (spoken_as(line(), *actor(60, 0.0, spread), RATE) for spread in (0.1, 1.0))
    assert lively.values[:, WIDTH].std() > 2 * calm.values[:, WIDTH].std()


@pytest.mark.parametrize("gap", [np.zeros(100), np.full(100, 0.03), np.zeros(1)])
def test_an_actor_who_never_talks_teaches_nothing(gap):
    before = line()
    after = spoken_as(before, np.ones((len(gap), 6)), gap, RATE)
    assert np.array_equal(after.values, before.values)


def test_a_little_talking_is_half_believed():
    little, much = (
        spoken_as(line(), *actor(seconds, 1.5, 0.5), RATE).values[:, WIDTH].mean() for seconds in (1.0, 60.0)
    )
    assert 0 < little < much


def test_talking_is_where_lips_part_and_meet():
    gap = np.concatenate([np.zeros(50), 0.03 * (np.sin(np.arange(50)) > 0), np.zeros(50)])
    found = talking(gap, RATE)
    assert found[55:95].all()
    assert not found[:40].any()
