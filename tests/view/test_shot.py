# SPDX-License-Identifier: Apache-2.0
"""What is read for a frame, and what is kept of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.view.shot import Kept, Shown, ViewedShot, place

WHOLE = Region.of_size(8, 6)


class Plate:
    display = WHOLE

    def crop(self, frame: int, region: Region) -> Image:
        return Image(np.full((3, *region.shape), frame, np.float32), region, WHOLE)


def test_a_plate_alone(analysis: Analysis) -> None:
    shot: Any = ViewedShot(Plate(), [3, 4])  # type: ignore[arg-type]
    assert (shot.read(4).rgb == 4).all()
    assert shot.strokes(4, frozenset(["box"])) == []
    with pytest.raises(FrameError, match="no result or matte without an analysis; give one with --analysis"):
        shot.read(4, result=True)


def test_the_patch_lies_where_its_matte_is_and_nowhere_outside_the_picture() -> None:
    rgb, region = np.zeros((3, *WHOLE.shape), np.float32), Region(5, 3, 10, 9)
    matte = np.zeros(region.shape, np.float32)
    matte[1:, 1:] = 0.5
    place(np.ones((3, *region.shape), np.float32), matte, region, rgb, WHOLE)
    assert (rgb[:, 4:, 6:] == 1).all()
    assert rgb.sum() == rgb[:, 4:, 6:].sum()
    place(np.ones((3, 2, 2), np.float32), np.ones((2, 2), np.float32), Region(50, 50, 52, 52), rgb, WHOLE)
    assert rgb.sum() == rgb[:, 4:, 6:].sum()


def test_frames_are_read_once_and_the_oldest_goes_first() -> None:
    reads: list[int] = []

    def read(frame: int, result: bool, matte: bool) -> Shown:
        reads.append(frame)
        return Shown(np.zeros((3, 10, 10), np.float32), None, WHOLE)

    kept = Kept(SimpleNamespace(read=read), kept_bytes=2 * 1200)  # type: ignore[arg-type]
    for frame in (1, 2, 1, 3, 1, 2):
        kept.read((frame, False, False))
    assert reads == [1, 2, 3, 2]
    assert kept.has((1, False, False))
    assert not kept.has((3, False, False))
    kept.read((1, True, False))
    assert reads[-1] == 1
