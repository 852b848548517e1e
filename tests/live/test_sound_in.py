# SPDX-License-Identifier: Apache-2.0
"""Sound in, at any rate and in any blocks: the same mouths, at the right time, muted when it should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofx_lipsync.core.phones import adobe
from ofx_lipsync.live.sound_in import Block, SoundIn, To16k
from ofx_lipsync.live.voice import Listener
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.hearing_listener import Hearing

BLOCK_S = 0.01


def played(
    samples: np.ndarray, rate_hz: int, block_s: float = BLOCK_S, fast: float = 1.0
) -> tuple[SoundIn, list[Block]]:
    """All of it through SoundIn, in virtual time from 100 s on."""
    sound, blocks, step = SoundIn(), [], round(block_s * rate_hz)
    sound.opened(rate_hz)
    for first in range(0, len(samples) - step, step):
        sound.push(samples[first : first + step], 100 + (first + step) / (rate_hz * fast))
        block = sound.read(1.0)
        assert block is not None
        blocks.append(block)
    return sound, blocks


def mouths(blocks: list[Block], hearing: Hearing) -> list[tuple[int, float]]:
    listener = Listener(hearing, adobe())
    return [(change.mouth, change.said_s) for block in blocks for change in listener.hear(block)]


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000])
def test_any_rate_gives_the_same_mouths_at_the_same_time(sample_line: Path, hearing: Hearing, rate_hz: int) -> None:
    line = read_sound(str(sample_line))
    sound, blocks = played(resample(line, rate_hz).mono(), rate_hz)
    told = mouths(blocks, hearing)
    reference = mouths(played(line.mono(), 16000)[1], hearing)
    hz = 100
    grid, other = (np.zeros(4 * hz, int) for _ in range(2))
    for labels, changes in ((grid, told), (other, reference)):
        for mouth, said_s in changes:
            labels[round((said_s - 100) * hz) :] = mouth
    assert (grid == other).mean() > (0.999 if rate_hz == 16000 else 0.93)
    assert sound.lost_s == 0


def test_a_sample_is_timed_where_it_was_heard() -> None:
    """A click, wherever it falls, is told at its own time, from a card that is 300 ppm fast."""
    rate_hz, fast = 44100, 1 + 300e-6
    samples = np.zeros(rate_hz * 8, np.float32)
    clicks = [2 * rate_hz + 17, 4 * rate_hz + 7001, 7 * rate_hz + 123]
    samples[clicks] = 1.0
    _, blocks = played(samples, rate_hz, fast=fast)
    told = []
    for block in blocks:
        at = int(np.argmax(np.abs(block.samples))) if len(block.samples) else 0
        if len(block.samples) and abs(block.samples[at]) > 0.2:
            told.append(block.end_s - (len(block.samples) - at) / 16000)
    np.testing.assert_allclose(told, [100 + click / (rate_hz * fast) for click in clicks], atol=0.001)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30))
@settings(max_examples=20)
def test_resampling_is_the_same_whatever_the_blocks(steps: list[int]) -> None:
    samples = np.random.default_rng(5).normal(0, 0.1, sum(steps)).astype(np.float32)
    whole = To16k(48000)(samples)
    parts, to_16k, first = [], To16k(48000), 0
    for step in steps:
        parts.append(to_16k(samples[first : first + step]))
        first += step
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_the_way_to_16_khz_costs_a_millisecond() -> None:
    to_16k = To16k(48000)
    told = sum(len(to_16k(np.zeros(480, np.float32))) for _ in range(100))
    assert 1.0 - told / 16000 <= 0.0011


def test_any_blocks_give_the_same_changes_bit_for_bit(sample_line: Path, hearing: Hearing) -> None:
    samples = read_sound(str(sample_line)).mono()
    told = [
        [(c.mouth, c.frame) for b in played(samples, 16000, block_s)[1] for c in listener.hear(b)]
        for block_s, listener in ((s, Listener(hearing, adobe())) for s in (0.003, 0.01, 0.25))
    ]
    shortest = min(map(len, told))
    assert shortest > 20
    assert told[0][:shortest] == told[1][:shortest] == told[2][:shortest]


def test_muted_is_silent_and_the_meter_says_so() -> None:
    sound = SoundIn()
    sound.opened(16000)
    loud = np.full(160, 0.5, np.float32)
    sound.push(loud, 1.0)
    assert sound.level_db == pytest.approx(-6, abs=1.0)
    assert np.abs(sound.read(1.0).samples).max() == 0.5
    sound.muted = True
    sound.push(loud, 1.01)
    assert not sound.read(1.0).samples.any()


def test_nothing_comes_of_nothing() -> None:
    sound = SoundIn()
    assert sound.read(0.01) is None
    sound.push(np.ones(10, np.float32), 0.0)  # before it was opened
    assert sound.read(0.01) is None


def test_a_listener_that_sleeps_loses_the_oldest_and_is_told(hearing: Hearing) -> None:
    sound = SoundIn()
    sound.opened(16000)
    for number in range(300):
        sound.push(np.full(160, number / 300, np.float32), 10 + number / 100)
    block = sound.read(1.0)
    assert sound.lost_s == pytest.approx(1.0)
    assert len(block.samples) == 32000
    assert block.end_s == pytest.approx(10 + 2.99)
