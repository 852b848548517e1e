# SPDX-License-Identifier: Apache-2.0
"""Portrait: seeded curves, lids that cover, a head that moves, and not a bit changed where nothing should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.core.portrait import PortraitPlan
from ofx_lipsync.core.pose import fit_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes import _portrait_head as heads
from ofx_lipsync.nodes import _portrait_motion as motion
from ofx_lipsync.nodes.portrait import Params, analyse, region, render

PUPILS = (468, 473)


def audio(curve, frames: int, loud: np.ndarray | None = None) -> AudioAnalysis:
    line = curve(np.zeros((frames, 6)))
    loud = np.full(frames, -20.0, np.float32) if loud is None else loud
    return AudioAnalysis(np.zeros((80, 0), np.float32), loud, line)


def plan_of(shot, lids: float = 0, brows: float = 0, turn=(0, 0, 0), nod: float = 0) -> PortraitPlan:
    """One frame, the shot's first."""
    row = np.zeros(1, np.float32)
    return PortraitPlan(
        np.array(shot.frames[:1]), shot.faces.landmarks[0], row + 1, row + lids, row + brows,
        np.array([turn], np.float32), row + nod, np.zeros((1, 2), np.float32),
    )  # fmt: skip


def moved(shot, plan: PortraitPlan, **params: float) -> tuple[np.ndarray, np.ndarray]:
    """The whole picture [3, H, W] and where it changed."""
    whole, matte = shot.pictures[0].copy(), np.zeros(shot.pictures[0].shape[1:], np.float32)
    image, part = render(shot, shot.frames[0], plan, Params(**params))
    rows, columns = image.region.slices_in(shot.display)
    whole[:, rows, columns] = np.where(part > 0, image.pixels, whole[:, rows, columns])
    matte[rows, columns] = part
    return whole, matte


def test_the_same_seed_is_the_same_plan_and_another_is_not(portrait, curve) -> None:
    frames = range(1001, 1001 + 500)
    line = audio(curve, 500)
    a, b = (analyse(portrait.faces, line, frames, portrait.rate, Params()) for _ in range(2))
    assert all(np.array_equal(getattr(a, name), getattr(b, name)) for name in vars(a))
    other = analyse(portrait.faces, line, frames, portrait.rate, Params(motion_seed=2, blink_seed=2))
    assert not np.array_equal(a.turn, other.turn)
    assert not np.array_equal(a.lids, other.lids)


def test_a_longer_line_does_not_change_the_beginning(portrait, curve) -> None:
    params = Params(lead_out=0.2)
    short, long = (
        analyse(portrait.faces, audio(curve, n), range(1, n + 1), portrait.rate, params) for n in (200, 1500)
    )
    assert np.array_equal(short.turn[:190], long.turn[:190])
    assert np.array_equal(short.lids[:190], long.lids[:190])


def test_first_and_last_frame_are_the_still(portrait, curve) -> None:
    plan = analyse(portrait.faces, audio(curve, 100), range(1, 101), portrait.rate, Params())
    for frame in (1, 100):
        assert render(portrait, frame, plan, Params()) is None


@pytest.mark.parametrize("per_minute", [6, 15, 30])
def test_blinks_come_as_often_as_asked_and_not_at_once(per_minute: int) -> None:
    times_s = np.arange(0, 1200, 0.02)
    lids = motion.blinks(times_s, np.ones(len(times_s)), per_minute, 3)
    begins = times_s[1:][(lids[1:] > 0) & (lids[:-1] == 0)]
    assert len(begins) / 20 == pytest.approx(per_minute, rel=0.15)
    assert np.diff(begins).min() >= motion.SOONEST_S - 0.03
    assert lids.max() == pytest.approx(1, abs=1e-3)
    assert not motion.blinks(times_s, np.ones(len(times_s)), 0, 3).any()


def test_a_blink_due_near_a_pause_comes_with_it() -> None:
    times_s = np.arange(0, 600, 0.02)
    voice = (np.sin(times_s * 2.1) > -0.7).astype(np.float32)
    stops = times_s[1:][(voice[:-1] > 0.5) & (voice[1:] <= 0.5)]
    lids = motion.blinks(times_s, voice, 15, 5)
    begins = times_s[1:][(lids[1:] > 0) & (lids[:-1] == 0)]
    away = np.abs(begins[:, None] - stops).min(axis=1)
    assert (away < 0.05).mean() > 0.25


def test_the_head_wanders_smoothly_and_never_far() -> None:
    times_s = np.arange(0, 600, 0.04)
    way = motion.wander(times_s, 7, 0, 3.1)
    assert abs(way.mean()) < 0.15
    assert 0.4 < way.std() < 0.8
    assert np.abs(way).max() < 1.8
    assert np.abs(np.diff(way, 2)).max() < 0.05 * way.std()


def test_a_loud_syllable_is_stressed_and_silence_is_not(curve) -> None:
    times_s = np.arange(100) / 25
    loud, voice = np.full(100, -30.0), np.ones(100)
    loud[48:53], voice[80:] = -14.0, 0
    stress = motion.stress(times_s, loud, voice)
    assert stress[50] > 0.5
    assert np.abs(stress[92:]).max() < 0.05


def test_nothing_that_moves_is_none(portrait) -> None:
    plan = plan_of(portrait, lids=1, brows=1, turn=(3, 2, 1), nod=1)
    assert render(portrait, portrait.frames[0], plan, Params(head_motion=0, blink_depth=0, brows=0)) is None
    assert render(portrait, 5, plan, Params()) is None


@pytest.mark.parametrize("plan", [{"lids": 1.0}, {"brows": 1.0}, {"turn": (4, 2, 2)}, {"lids": 0.5, "turn": (4, 0, 0)}])
def test_outside_what_moves_every_bit_stands(portrait, plan: dict) -> None:
    pictures = portrait.pictures.copy()
    pictures[:, :, :3, :3], pictures[:, :, -2:, -2:], pictures[:, 1, 0, 5] = np.nan, -3.5, np.inf
    shot = replace(portrait, pictures=pictures)
    after, matte = moved(shot, plan_of(shot, **plan), head_motion=1.0)
    same = (after == pictures[0]) | (np.isnan(after) & np.isnan(pictures[0]))
    assert same[:, matte == 0].all()
    assert 0 < matte.mean() < 1
    assert not same[:, matte > 0].all()


def test_the_region_holds_all_that_render_changes(portrait) -> None:
    for plan in (plan_of(portrait, lids=1), plan_of(portrait, turn=(1, 0, 0))):
        image, _ = render(portrait, portrait.frames[0], plan, Params())
        assert region(plan, portrait.frames[0], Params(), portrait.display) == image.region
    assert region(plan_of(portrait), portrait.frames[0], Params(), portrait.display).is_empty


def test_shut_lids_cover_the_eyes_and_nothing_below_them(portrait) -> None:
    before, landmarks = portrait.pictures[0], portrait.faces.landmarks[0]
    after, matte = moved(portrait, plan_of(portrait, lids=1))
    for pupil in PUPILS:
        x, y = landmarks[pupil, :2].astype(int)
        around = np.s_[:, y - 1 : y + 2, x - 1 : x + 2]
        cheek = np.s_[:, y - 14 : y - 11, x - 1 : x + 2]
        assert before[around].mean() < 0.5 * before[cheek].mean()
        assert after[around].mean() > 0.5 * before[cheek].mean()
    for below in (119, 348, 1, 13):
        x, y = landmarks[below, :2].astype(int)
        assert matte[y, x] == 0


def test_a_blink_begins_without_a_jump(portrait) -> None:
    before = portrait.pictures[0]
    slight = np.abs(moved(portrait, plan_of(portrait, lids=0.02))[0] - before).max()
    assert slight < 0.25 * np.abs(moved(portrait, plan_of(portrait, lids=1))[0] - before).max()


@pytest.mark.parametrize(("turn", "axis", "sign"), [((3, 0, 0), 0, 1), ((0, 3, 0), 1, 1)])
def test_a_turn_moves_the_nose_further_than_the_ears(portrait, tracker, turn, axis: int, sign: int) -> None:
    after, _ = moved(portrait, plan_of(portrait, turn=turn), head_motion=1.0)
    still, now = tracker.landmarks(portrait.pictures[:1])[0], tracker.landmarks(after[None])[0]
    way = sign * (now - still)[:, axis]
    assert way[1] > 2
    assert way[1] > 1.3 * way[[127, 356]].mean()
    pose = fit_pose(np.stack([still, now]))
    assert pose.scale[1] == pytest.approx(pose.scale[0], rel=0.03)


def test_nothing_tears_at_the_frames_edge(portrait) -> None:
    """A crop so tight that hair and chin leave the frame."""
    x, y = portrait.faces.landmarks[0, :468, :2].T
    box = Region(int(x.min()), int(y.min()), int(x.max()), int(y.max()))
    rows, columns = box.slices_in(portrait.display)
    landmarks = portrait.faces.landmarks - np.array([box.x0, box.y0, 0], np.float32)
    tight = replace(
        portrait, pictures=np.ascontiguousarray(portrait.pictures[:, :, rows, columns]),
        faces=replace(portrait.faces, landmarks=landmarks),
    )  # fmt: skip
    after, _ = moved(tight, plan_of(tight, turn=(4, 2, 2)), head_motion=1.0)
    edge = np.ones(box.shape, bool)
    edge[1:-1, 1:-1] = False
    assert np.abs(after - tight.pictures[0])[:, edge].max() < 0.08
    head = heads.head_of(tight.faces.landmarks[0], tight.display)
    grid = heads.field(head, np.array([8.0, 5.0, 4.0]), np.zeros(2))
    assert (np.diff(grid[0], axis=1) > 0).all()
    assert (np.diff(grid[1], axis=0) > 0).all()


def test_twice_as_fine_keeps_a_flat_picture_flat_and_detail_sharp() -> None:
    flat = np.full((3, 9, 11), 0.37, np.float32)
    assert np.allclose(heads.doubled(heads.doubled(flat, 1), 2), 0.37, atol=1e-6)
    x = np.arange(64)
    wave = np.cos(2 * np.pi * x / 5)[None, None].astype(np.float32)
    fine = heads.doubled(wave, 2)[0, 0, 20:-20]
    true = np.cos(2 * np.pi * ((np.arange(128) + 0.5) / 2 - 0.5) / 5)[20:-20]
    assert np.abs(fine - true).max() < 0.04


def test_no_face_and_a_profile_are_told(portrait, curve) -> None:
    line, frames = audio(curve, 8), portrait.frames
    with pytest.raises(FrameError, match=r"Portrait: no face is found in the still; .*FaceDetect.presence"):
        analyse(None, line, frames, portrait.rate, Params())
    pose = fit_pose(portrait.faces.landmarks[:1])
    front = pose.to_front(portrait.faces.landmarks[:1])
    turn = np.radians(70)
    away = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    profile = replace(pose, rotation=away[None]).place(front)
    track = replace(portrait.faces, landmarks=np.repeat(profile, 8, axis=0))
    with pytest.raises(FrameError, match=r"turned 70 degrees .*expected at most 60"):
        analyse(track, line, frames, portrait.rate, Params())
