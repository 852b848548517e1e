# SPDX-License-Identifier: Apache-2.0
"""A mouth on a fast head is smeared as the plate is, along its way, and no further than it is sharper."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import PLATE, MouthPlan, Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes._blend_motion import smeared
from ofx_lipsync.nodes.blend import Params, render
from ofx_lipsync.nodes.mouth.layers import _unsmeared, head_motion
from ofx_lipsync.nodes.mouth.points import COUNT

REGION = Region(0, 0, 120, 100)
OFF = {"colour_match": 0.0, "texture_match": 0.0, "grain": 0.0}


def patch(motion: tuple[float, float] | None) -> Patch:
    layer = np.ones((4, *REGION.shape), np.float32) * 0.5
    layer[3], layer[:3, :, 60] = 1, 1.5
    whole = Image(layer, REGION, REGION, tuple("RGBA"))
    outline = np.array([[20, 20], [100, 20], [100, 80], [20, 80]], np.float32)
    ground = dataclasses.replace(whole, pixels=np.zeros_like(layer))
    way = None if motion is None else np.array(motion)
    return Patch(whole, ground, outline, np.ones(REGION.shape, np.float32), 1.0, 100.0, motion=way)


def column(motion: tuple[float, float] | None, **params: float) -> np.ndarray:
    plate = Image(np.full((3, *REGION.shape), 0.5, np.float32), REGION, REGION)
    return render(plate, patch(motion), Params(**{**OFF, **params}))[0].pixels[0, 50, 45:76] - 0.5


def test_light_is_spread_along_the_way_and_none_is_lost() -> None:
    sharp, fast = column(None), column((12.0, 0.0))
    assert np.flatnonzero(sharp > 1e-6).tolist() == [15]
    assert np.flatnonzero(fast > 1e-6).size == pytest.approx(7, abs=1), "half of the way: 180 degrees"
    assert fast.sum() == pytest.approx(sharp.sum(), rel=1e-4)
    assert np.allclose(column((0.0, 12.0)), sharp, atol=1e-5), "across its way an edge stays"
    assert np.allclose(column((12.0, 0.0), shutter=0.0), sharp)


def test_a_slow_head_changes_no_bit() -> None:
    picture = np.random.default_rng(1).random((3, 20, 30), np.float32)
    assert smeared(picture, np.array([0.3, 0.2])) is picture


def plan(steps: list[float]) -> MouthPlan:
    """A head that goes so many px to the right before each frame; every frame shows the mouth of the last."""
    count = len(steps)
    here = np.zeros((count, COUNT, 2), np.float32) + np.cumsum(steps)[:, None, None] * np.array([1, 0])
    last, one = np.full((count, 2), 1000 + count), np.ones(count, np.float32)
    both = np.zeros((count, 2, COUNT, 2), np.float32)
    return MouthPlan(
        np.arange(1001, 1001 + count), here.astype(np.float32), here, np.full((count, 2), PLATE, np.int8), last, both,
        one * 0, one * 0, one, one, one * 300,
    )  # fmt: skip


def test_what_smeared_the_library_mouth_already_counts() -> None:
    steps = [0, 0, 0, 10, 10, 10, 6, 6]
    known = plan(steps)
    assert head_motion(known, 4).tolist() == [10, 0]
    assert _unsmeared(known, 4)[0] == pytest.approx(8), "of 10, and a mouth smeared by 6"
    assert _unsmeared(known, 0).tolist() == [0, 0]
    jump = plan([0, 0, 500, 0, 0])
    assert not head_motion(jump, 1).any(), "that was a cut"
