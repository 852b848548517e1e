# SPDX-License-Identifier: Apache-2.0
"""The figures of bench sync, on numbers made by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ofx_lipsync.bench.sync import _cut, drifting, jumping, jumping_at_cuts, scored, summary_offset, told_apart
from ofx_lipsync.bench.sync_bars import auc, table, verdicts
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.sound import read_sound, resample


def test_auc_counts_pairs_and_halves_ties() -> None:
    assert auc([3, 4], [1, 2]) == 1
    assert auc([1, 2], [1, 2]) == 0.5
    assert told_apart([(True, 0.3), (False, -0.1)]) == ([0.3], [-0.1])


def test_what_is_not_known_is_not_right() -> None:
    told = scored(np.array([0.01, -0.03, 0.05, np.nan]), 0.04)
    assert told["in a frame"] == 0.5
    assert told["mean ms"] == pytest.approx(30)


def test_a_shot_s_offset_is_that_of_its_surest_moments() -> None:
    assert summary_offset(np.array([0.1, 0.1, 0.9]), np.array([0.9, 0.8, 0.1])) == pytest.approx(0.1)
    assert summary_offset(np.array([0.1, 0.5]), np.array([0.2, 0.1])) == pytest.approx(0.1)


@pytest.mark.parametrize("make", [drifting, jumping, jumping_at_cuts])
def test_cases_cover_ten_seconds_and_jump_by_two_frames_at_least(make) -> None:
    for seed in range(20):
        pieces = make(np.random.default_rng(seed))
        assert pieces[0].start_s == 0
        assert pieces[-1].end_s == 10
        edges = [(a.end_s, b.start_s) for a, b in pairwise(pieces)]
        assert all(end == start for end, start in edges)
        leaps = [abs(b.offset_s - a.offset_s) for a, b in pairwise(pieces)]
        assert all(leap >= 0.08 - 1e-9 for leap in leaps)
    assert len(_cut(np.array([3.0, 6.0]), np.random.default_rng(1))) == 3


def test_bars_are_named_met_or_missed() -> None:
    rows = {
        "people, shifts, both": {"in a frame": 0.9, "mean ms": 12.0, "AUC": 1.0},
        **{f"people, {name}": {"in a frame": 0.95} for name in ("drift 0.5 %", "two jumps", "two jumps at cuts")},
        "people, music": {"over half": 0.5}, "cost": {"ms a window": 2.0},
    }  # fmt: skip
    told = list(verdicts(rows))
    assert told[0] == "MISSED people: 3 s, constant shift: 0.900 in a frame (>= 0.95)"
    assert told[1] == "met    people: 3 s, constant shift: 12.000 mean ms (<= 20)"
    assert any(line.startswith("MISSED people: music") for line in told)
    assert table(rows).splitlines()[-1].startswith("cost")


def test_the_plain_method_finds_its_own_curve(sample_line) -> None:
    from ofx_lipsync.bench.sync_bars import plain
    from ofx_lipsync.models.listener import ArticulationListener
    from ofx_lipsync.models.sync_sound import hear

    listener, sound = ArticulationListener.named(), resample(read_sound(str(sample_line)), 16000)
    samples = sound.mono()
    curve = hear(Sound(samples[None], 16000), listener).curve
    times = np.arange(int(len(samples) / 16000 * 25)) / 25
    opening = np.interp(times - 0.12, curve.times_s, curve.values[:, 0])  # the lips 3 frames late: the sound early
    assert plain(times, opening, samples, listener)[0] == pytest.approx(-0.12, abs=0.01)
