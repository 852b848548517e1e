# SPDX-License-Identifier: Apache-2.0
"""The library holds every mouth of a short shot, and the most different ones of a long one."""

from __future__ import annotations

import dataclasses

import numpy as np

from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.plan import PLATE, REEL
from ofx_lipsync.nodes.mouth.library import LARGEST, RUN, build
from ofx_lipsync.nodes.mouth.points import INDEX, LOWER_INNER, UPPER_INNER


def long_track(portrait, count: int) -> FaceTrack:
    """The portrait for `count` frames; once, for a moment, she yawns."""
    landmarks = np.repeat(portrait.faces.landmarks[:1], count, axis=0)
    landmarks += np.random.default_rng(0).normal(0, 0.05, landmarks.shape).astype(np.float32)
    landmarks[count // 2, INDEX[LOWER_INNER], 1] += 12
    numbers = np.arange(count, dtype=np.int64)
    return FaceTrack(0, numbers, landmarks, np.ones(count, np.float32), np.zeros((count, 52), np.float32))


def test_short_shots_and_reels_are_kept_whole(portrait) -> None:
    lib = build(portrait.faces, portrait.faces)
    assert lib.clip.tolist() == [PLATE] * 8 + [REEL] * 8
    assert lib.frame.tolist() == portrait.frames * 2


def test_a_long_shot_is_thinned_to_runs_that_keep_what_is_rare(portrait) -> None:
    lib = build(long_track(portrait, 4000), None)
    assert LARGEST - RUN <= len(lib.frame) <= LARGEST
    assert 2000 in lib.frame
    assert np.all(np.diff(lib.frame) >= 1)
    assert (np.diff(lib.frame) == 1).mean() > 0.9, "runs, so that the walk can follow real motion"


def test_frames_without_a_face_are_left_out(portrait) -> None:
    unsure = portrait.faces.presence.copy()
    unsure[3] = 0.2
    lib = build(dataclasses.replace(portrait.faces, presence=unsure), None)
    assert portrait.frames[3] not in lib.frame
    assert lib.beside(2, 1) == 2, "the run ends at the gap"
    assert lib.beside(0, 1) == 1


def test_fast_lips_are_known_to_be_blurred(portrait) -> None:
    landmarks = portrait.faces.landmarks.copy()
    landmarks[4:, INDEX[UPPER_INNER], 1] -= 6
    lib = build(dataclasses.replace(portrait.faces, landmarks=landmarks), None)
    assert lib.speed[3] == lib.speed[4] > 0
    assert lib.speed[[0, 1, 2, 5, 6, 7]].max() < lib.speed[3] / 100
