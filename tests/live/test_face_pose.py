# SPDX-License-Identifier: Apache-2.0
"""What a face tells beside its rest, and what its lips look like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ofx_lipsync.live.face_pose import CLOSED, Calibration, FacePose, beside, phone_of, smoothing

ACTOR = FacePose(
    yaw=4, pitch=-3, roll=2, x=0.5, y=0.6, size=0.4, blink_left=0.2, blink_right=0.1, brow=0.3, smile=0.1, presence=1
)


def test_rest_is_the_actors_own() -> None:
    calibration = Calibration(count=5)
    blinking = replace(ACTOR, blink_left=0.9, blink_right=0.9)
    for face in (ACTOR, ACTOR, blinking, ACTOR, ACTOR):
        assert not calibration.done
        calibration(face)
    assert calibration.done
    told = calibration(ACTOR)
    assert told == replace(told, yaw=0, pitch=0, roll=0, x=0, y=0, size=1, blink_left=0, blink_right=0, brow=0, smile=0)
    moved = calibration(replace(ACTOR, yaw=24, x=0.6, size=0.5, blink_left=CLOSED))
    assert (moved.yaw, moved.x, moved.size, moved.blink_left) == pytest.approx((20, 0.25, 1.25, 1))
    calibration.again()
    assert not calibration.done


def test_what_is_less_than_nothing_is_nothing() -> None:
    told = beside(replace(ACTOR, smile=0.0, blink_left=0.0, pucker=0.0), replace(ACTOR, pucker=0.2))
    assert (told.smile, told.blink_left, told.pucker) == (0, 0, 0)


@pytest.mark.parametrize(
    ("face", "phone"),
    [
        (FacePose(gap=0.005), "sil"), (FacePose(gap=0.005, smile=0.9), "sil"), (FacePose(gap=0.02, pucker=0.7), "u"),
        (FacePose(gap=0.06, pucker=0.7), "o"), (FacePose(gap=0.1), "a"), (FacePose(gap=0.1, funnel=0.5), "o"),
        (FacePose(gap=0.03, smile=0.6), "i"), (FacePose(gap=0.05), "ə"), (FacePose(gap=0.02), "d"),
    ],
)  # fmt: skip
def test_lips_look_like_a_sound(face: FacePose, phone: str) -> None:
    assert phone_of(face) == phone


def test_a_face_is_a_vector_and_back() -> None:
    assert FacePose.of_vector(ACTOR.vector()) == ACTOR
    np.testing.assert_array_equal(smoothing()(ACTOR.vector(), 1.0), ACTOR.vector())
