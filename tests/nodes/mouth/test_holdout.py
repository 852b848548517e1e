# SPDX-License-Identifier: Apache-2.0
"""Mouths under a holdout are no library."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import PLATE
from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes.mouth.holdout import behind
from ofx_lipsync.nodes.mouth.library import build, usable

HELD = range(1010, 1020)


class Matte:
    """White over the whole frame on HELD frames, black on others."""

    display = Region.of_size(2000, 2000)

    def __init__(self, inverted: bool = False) -> None:
        self.inverted = inverted

    def crop(self, frame: int, region: Region) -> Image:
        white = np.float32((frame in HELD) != self.inverted)
        return Image(np.full((3, *region.shape), white, np.float32), region, self.display)


@pytest.fixture
def talking(portrait) -> FaceTrack:
    """Forty frames of the portrait from 1001 on."""
    landmarks = np.repeat(portrait.faces.landmarks[:1], 40, axis=0)
    ones = np.ones(40, np.float32)
    return FaceTrack(0, np.arange(1001, 1041), landmarks, ones, np.zeros((40, 52), np.float32))


@pytest.mark.parametrize("inverted", [False, True])
def test_no_mouth_is_taken_from_under_a_holdout(talking, inverted) -> None:
    track = behind(talking, Matte(inverted), inverted)
    assert track.frames[~track.clear()].tolist() == list(HELD)
    assert not np.isin(build(track, None).frame, HELD).any()
    assert (build(track, None).clip == PLATE).all()


def test_what_was_noticed_before_stays(talking) -> None:
    noticed = dataclasses.replace(talking, covered=(talking.frames == 1005).astype(np.float32))
    track = behind(noticed, Matte(), False)
    assert track.frames[~track.clear()].tolist() == [1005, *HELD]


def test_where_all_are_covered_all_may_be_used(talking) -> None:
    track = dataclasses.replace(talking, covered=np.ones(len(talking.frames), np.float32))
    assert usable(track).all()
