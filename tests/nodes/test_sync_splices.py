# SPDX-License-Identifier: Apache-2.0
"""What edits leave behind, made by hand."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.nodes._sync_splices import cut_moments, holes

STEP = 320


def room(seconds: float = 2.0) -> np.ndarray:
    return (0.001 * np.random.default_rng(3).normal(size=round(16000 * seconds))).astype(np.float32)


def test_both_ends_of_a_hole_are_found() -> None:
    samples = room()
    samples[STEP * 30 : STEP * 45 + 40] = 0
    assert np.flatnonzero(holes(samples, STEP)).tolist() == [30, 45]


def test_a_quiet_room_the_sound_s_ends_and_what_is_too_short_or_long_are_none() -> None:
    samples = room()
    samples[:4000], samples[-4000:], samples[10000:10100] = 0, 0, 0
    assert not holes(samples, STEP).any()
    muted = room(4)
    muted[8000:40000] = 0
    assert not holes(muted, STEP).any()
    assert not holes(np.zeros(3200, np.float32), STEP).any()


def test_a_cut_is_at_the_first_moment_after_it() -> None:
    frames, steps_s = range(101, 151), (np.arange(100) + 0.5) / 50
    found = cut_moments((126,), frames, np.arange(50) / 25, steps_s)
    assert np.flatnonzero(found).tolist() == [50]
    assert not cut_moments((), frames, np.arange(50) / 25, steps_s).any()
    assert not cut_moments((400,), frames, np.arange(50) / 25, steps_s).any()
