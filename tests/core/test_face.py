# SPDX-License-Identifier: Apache-2.0
"""Gaps in a track: closed where the face comes back soon, left alone where it does not."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.face import HELD_FRAMES, FaceTrack


def track(frames: list[int]) -> FaceTrack:
    """A face whose points stand at the frame's number, so that places can be read off."""
    at = np.asarray(frames, np.float32)
    return FaceTrack(
        0, np.asarray(frames, np.int64), np.tile(at[:, None, None], (1, 478, 3)), at, np.tile(at[:, None], (1, 52))
    )


def test_a_short_gap_is_crossed_evenly():
    held = track([10, 11, 16, 17]).held(range(10, 18), [])
    assert held.frames.tolist() == list(range(10, 18))
    for values in (held.landmarks[:, 5, 1], held.presence, held.blendshapes[:, 3]):
        assert np.allclose(values, range(10, 18), atol=1e-5)
    assert held.landmarks.dtype == held.blendshapes.dtype == np.float32


def test_a_face_that_does_not_come_back_is_not_held():
    assert track([10, 11]).held(range(5, 30), []).frames.tolist() == [10, 11]


def test_gaps_over_a_cut_or_too_long_stay():
    assert track([1, 2, 6, 7]).held(range(1, 8), [5]).frames.tolist() == [1, 2, 6, 7]
    far = HELD_FRAMES + 2
    assert track([0, far]).held(range(far + 1), []).frames.tolist() == [0, far]
    assert len(track([0, far - 1]).held(range(far), []).frames) == far


def test_only_frames_of_the_shot_are_filled_in():
    assert track([0, 8]).held([0, 4, 8], []).frames.tolist() == [0, 4, 8]
    assert track([3]).held([], []).frames.tolist() == [3]
