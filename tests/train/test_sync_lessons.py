# SPDX-License-Identifier: Apache-2.0
"""Lessons of the sync network: what is changed, and what stays together."""

from __future__ import annotations

import numpy as np
import torch

from ofx_lipsync.models.sync_face import SHAPE
from ofx_lipsync.models.sync_sound import INPUTS
from ofx_lipsync.train.sync import REACH, _band, _windows
from ofx_lipsync.train.sync_batches import FRAMES, STEPS, Batches
from ofx_lipsync.train.sync_cases import Piece, at_rate, moved, spliced, truth
from ofx_lipsync.train.sync_clips import Seen, at_pace, whose
from ofx_lipsync.train.sync_voices import Voices


def clip(who: str = "s1", frames: int = 75) -> Seen:
    """Of which all columns are the time in seconds."""
    seen_s, heard_s = np.arange(frames) / 25, (np.arange(frames * 2 - 1) + 0.5) / 50
    return Seen(
        f"{who}_x", np.tile(seen_s[:, None], SHAPE).astype(np.float32), np.full((frames, 48, 64, 3), 128, np.uint8),
        seen_s, np.tile(heard_s[None, :, None], (2, 1, INPUTS)).astype(np.float16), who, False,
    )  # fmt: skip


def test_what_is_seen_and_heard_stays_together(monkeypatch) -> None:
    monkeypatch.setattr(Batches, "_heard", lambda self, rows: rows)
    monkeypatch.setattr(Batches, "_shape", lambda self, rows: rows)
    batches = Batches([clip()], 1, seed=2)
    for _ in range(20):
        _, shape, position, heard, _ = batches.crop(clip())
        inside = (position > 0) & (position < FRAMES - 2) & (heard[:, 0] > 0.02) & (heard[:, 0] < 2.95)
        at = np.interp(position, np.arange(len(shape)), shape[:, 0])
        assert np.abs(at - heard[:, 0])[inside].max() < 0.004  # float16


def test_batches_have_their_sizes_and_repeat_with_their_seed() -> None:
    one, two = (next(Batches([clip(), clip("s26")], 3, seed=1)) for _ in range(2))
    assert one.pictures.shape == (3, FRAMES, 1, 48, 64)
    assert one.heard.shape == (3, STEPS, INPUTS)
    assert one.position.shape == one.voice.shape == (3, STEPS)
    assert all(torch.equal(a, b) for a, b in zip(vars(one).values(), vars(two).values(), strict=True))


def test_rare_people_are_drawn_more_often_than_their_clips() -> None:
    batches = Batches([clip()] * 16 + [clip("s26")], 4, seed=1)
    assert np.allclose(batches.odds, [0.8, 0.2])


def test_a_window_in_sync_costs_less_than_one_that_is_not() -> None:
    steps = 136
    codes = torch.nn.functional.normalize(torch.randn(1, 32, steps, generator=torch.Generator().manual_seed(1)), dim=1)
    sim = torch.einsum("bet,beu->btu", codes, codes)
    weight, sharp = torch.ones(1, steps), torch.tensor(10.0)
    assert _band(sim).shape == (1, steps - 2 * REACH, 2 * REACH + 1)
    assert torch.allclose(_band(sim)[:, :, REACH], torch.ones(1), atol=1e-5)
    own, off = _windows(sim, 25, sharp, weight), _windows(sim.roll(5, 2), 25, sharp, weight)
    assert own + 1 < off


def test_a_pace_is_taken_back() -> None:
    rows = ((np.arange(100) + 0.5) / 50)[:, None] * 1.1  # played 1.1 times as fast
    assert np.allclose(at_pace(rows, 1.1, 100)[1:, 0], ((np.arange(100) + 0.5) / 50)[1:], atol=1e-5)


def test_voices_keep_their_length_over_their_pace() -> None:
    rng = np.random.default_rng(1)
    voices = Voices(rng, [rng.normal(size=4000).astype(np.float32)])
    for _ in range(10):
        changed, pace = voices.changed(rng.normal(size=8000).astype(np.float32))
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert abs(len(changed) * pace - 8000) <= 2


def test_sounds_are_moved_spliced_and_stretched_as_told() -> None:
    samples = np.zeros(16000 * 4, np.float32)
    samples[[8000, 20000, 48000]] = 1
    assert np.flatnonzero(moved(samples, 0.5) > 0.5).tolist() == [16000, 28000, 56000]
    assert np.flatnonzero(moved(samples, -0.5) > 0.5).tolist() == [0, 12000, 40000]
    pieces = [Piece(0, 2, 0.25), Piece(2, 4, -0.25)]
    assert np.flatnonzero(spliced(samples, pieces) > 0.5).tolist() == [12000, 24000, 44000]
    assert truth(pieces, np.array([0.0, 1.9, 2.0])).tolist() == [0.25, 0.25, -0.25]
    drift = [Piece(0, 4, 0.0, 0.01)]
    late = np.flatnonzero(spliced(samples, drift) > 0.3)
    assert np.abs(late - np.array([8080, 20200, 48480])).max() <= 1


def test_another_rate_repeats_and_drops_frames() -> None:
    assert len(at_rate(clip(), 30.0).times_s) == 90
    slow = at_rate(clip(), 23.976)
    assert len(slow.times_s) == 71
    assert np.abs(slow.shape[:, 0] - slow.times_s).max() <= 0.021


def test_who_is_held_out_follows_from_the_name() -> None:
    assert whose("s31_bgiq6p") == ("s31", True)
    assert whose("other_lbax4n") == ("lbax4n", True)
    assert whose("s26_bgbsza") == ("s26", False)
