# SPDX-License-Identifier: Apache-2.0
"""Fill: which frames are bad, what they are rebuilt from, and where the picture and a face go in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

from ofx_lipsync.core.errors import FrameError, MediaError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.fill import NOWHERE, FillPlan
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.pose import FRONT
from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes import _fill_face, fill

SIZE = 96
PARAMS = fill.Params()


@dataclass
class Shot:
    """A Clip in memory: pictures [N, 3, H, W] scene-linear, numbered from 1; None cannot be read."""

    pictures: list[np.ndarray | None]
    rate: Fraction = Fraction(25)

    @property
    def frames(self) -> range:
        return range(1, len(self.pictures) + 1)

    @property
    def display(self) -> Region:
        return Region.of_size(SIZE, SIZE)

    def window(self, frame: int) -> Region:
        return self.display

    def crop(self, frame: int, region: Region) -> Image:
        picture = self.pictures[frame - 1]
        if picture is None:
            raise MediaError("no such file")
        return Image(
            np.ascontiguousarray(picture[(slice(None), *region.slices_in(self.display))]), region, self.display
        )

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        pixels = self.crop(frame, region).pixels
        every = max(1, -(-max(region.shape) // longest_px))
        shown = np.clip(np.nan_to_num(pixels[:, ::every, ::every]), 0, 1) ** np.float32(1 / 2.2)
        size = Region.of_size(shown.shape[2], shown.shape[1])
        return Image(shown, size, size)


def texture(seed: int = 0) -> np.ndarray:
    """[3, 192, 192] something smooth to follow, scene-linear."""
    noise = np.random.default_rng(seed).normal(size=(192, 192))
    spectrum = np.fft.rfft2(noise)
    far = np.hypot(np.fft.fftfreq(192)[:, None], np.fft.rfftfreq(192)[None])
    soft = np.fft.irfft2(spectrum * np.exp(-((far / 0.06) ** 2)), s=(192, 192))
    soft = (soft - soft.min()) / np.ptp(soft)
    return np.stack([soft, soft**2, np.sqrt(soft)]).astype(np.float32)


def moving(count: int = 12, speed: float = 1.0, grain: float = 0.004) -> Shot:
    """A texture that goes right by whole pixels, with grain."""
    whole, draw = texture(), np.random.default_rng(4)
    shots = []
    for n in range(count):
        x = 60 - round(speed * n)
        picture = whole[:, 40 : 40 + SIZE, x : x + SIZE]
        shots.append((picture + draw.normal(0, grain, picture.shape)).astype(np.float32))
    return Shot(shots)


def test_a_good_shot_has_no_bad_frames() -> None:
    assert len(fill.analyse(moving(), range(1, 13), PARAMS).frames) == 0


@pytest.mark.parametrize("why", ["black", "nan", "frozen", "unreadable"])
def test_each_fault_is_found_and_named(why: str) -> None:
    shot = moving()
    for n in (4, 5):
        good = shot.pictures[n]
        assert good is not None
        faulty = {"black": 0 * good, "nan": np.full_like(good, np.nan), "frozen": shot.pictures[3], "unreadable": None}
        shot.pictures[n] = faulty[why]
    plan = fill.analyse(shot, shot.frames, PARAMS)
    assert plan.frames.tolist() == [5, 6]
    assert plan.why == (why, why)
    assert plan.sources(0) == (4, 7)
    assert plan.part(0) == pytest.approx(1 / 3)


def test_what_is_meant_is_left_alone() -> None:
    fade = moving()
    fade.pictures = [p * np.float32(max(0, 1 - n / 5)) for n, p in enumerate(fade.pictures)]  # type: ignore[operator]
    assert len(fill.analyse(fade, fade.frames, fill.Params(frozen=False)).frames) == 0
    twos = moving()
    twos.pictures = [twos.pictures[n // 2 * 2] for n in range(12)]
    assert len(fill.analyse(twos, twos.frames, PARAMS).frames) == 0
    still = Shot([np.full((3, SIZE, SIZE), 0.2, np.float32)] * 8)
    assert len(fill.analyse(still, still.frames, PARAMS).frames) == 0
    few = moving()
    few.pictures[5][:, 3, 3] = np.nan  # type: ignore[index]
    assert len(fill.analyse(few, few.frames, PARAMS).frames) == 0


def test_a_list_and_known_frames_are_taken_as_they_are() -> None:
    plan = fill.analyse(moving(), range(1, 13), fill.Params(frames="1-2,8", find="listed"), known={9: "missing"})
    assert plan.frames.tolist() == [1, 2, 8, 9]
    assert plan.why == ("listed", "listed", "listed", "missing")
    assert plan.before.tolist() == [NOWHERE, NOWHERE, 7, 7]
    assert plan.after.tolist() == [3, 3, 10, 10]


def test_nothing_good_is_an_error() -> None:
    with pytest.raises(FrameError, match="all 12 frames are bad"):
        fill.analyse(moving(), range(1, 13), fill.Params(frames="1-12"))


def test_a_gap_over_a_cut_takes_from_its_own_side() -> None:
    shot = moving(24)
    other = moving(24).pictures
    shot.pictures[12:] = [(0.9 - p[:, ::-1]).astype(np.float32) for p in other[12:]]  # type: ignore[index]
    plan = fill.analyse(shot, shot.frames, fill.Params(frames="12-14", find="listed"))
    assert plan.sources(0) == (11,)
    assert plan.sources(2) == (15,)


def test_motion_is_carried_to_the_moment_between() -> None:
    shot = moving(9, speed=2.0, grain=0.0)
    plan = fill.analyse(shot, shot.frames, fill.Params(frames="4-6", find="listed"))
    inner = np.s_[:, 16:-16, 16:-16]
    for frame in (4, 5, 6):
        made = fill.render(shot, frame, plan).pixels[inner]
        true, before, after = (shot.pictures[n - 1][inner] for n in (frame, 3, 7))  # type: ignore[index]
        part = (frame - 3) / 4
        faded = (1 - part) * before + part * after
        assert np.abs(made - true).mean() < 0.3 * np.abs(faded - true).mean()


def test_good_frames_and_held_ones_pass_bit_for_bit() -> None:
    shot = moving()
    plan = fill.analyse(shot, shot.frames, fill.Params(frames="1,12", find="listed"))
    assert np.array_equal(fill.render(shot, 5, plan).pixels, shot.pictures[4])
    assert np.array_equal(fill.render(shot, 1, plan).pixels, shot.pictures[1])
    assert np.array_equal(fill.render(shot, 12, plan).pixels, shot.pictures[10])


def track(count: int = 9) -> FaceTrack:
    """A rigid head that goes right by 2 px a frame."""
    from ofx_lipsync.core.landmarks import STABLE

    face = np.random.default_rng(1).normal(0, 0.2, (478, 3))
    face[list(STABLE)] = FRONT
    points = np.stack([face * 60 + (40 + 2 * n, 50, 0) for n in range(count)]).astype(np.float32)
    ones = np.ones(count, np.float32)
    return FaceTrack(0, np.arange(1, count + 1), points, ones, np.zeros((count, 52), np.float32))


def test_landmarks_go_on_through_a_gap() -> None:
    whole = track()
    plan = FillPlan(np.array([4, 5, 6]), np.full(3, 3), np.full(3, 7), ("missing",) * 3)
    keep = ~np.isin(whole.frames, plan.frames)
    names = ("frames", "landmarks", "presence", "blendshapes")
    bridged = _fill_face.bridged(replace(whole, **{name: getattr(whole, name)[keep] for name in names}), plan)
    assert bridged.frames.tolist() == list(range(1, 10))
    np.testing.assert_allclose(bridged.landmarks, whole.landmarks, atol=0.05)


def test_lids_that_change_go_over_fast_and_others_evenly() -> None:
    plan = FillPlan(np.arange(2, 14), np.full(12, 1), np.full(12, 14), ("missing",) * 12)
    fast = [_fill_face.lid_part(plan, row, True) for row in range(12)]
    assert fast[:4] == [0.0] * 4
    assert fast[-4:] == [1.0] * 4
    assert _fill_face.lid_part(plan, 0, False) == plan.part(0)
