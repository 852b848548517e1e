# SPDX-License-Identifier: Apache-2.0
"""The plan of a shot: whose mouth, which shape, which library frame, how strong, for every frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.articulate import measure
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.mouth import MouthCurve
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.pose import HeadPose, fit_pose, to_front
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.nodes.mouth import choose
from ofx_lipsync.nodes.mouth.actor import Actor, learn, people
from ofx_lipsync.nodes.mouth.habit import spoken_as
from ofx_lipsync.nodes.mouth.library import SEEN, Library, angles_of, build, head_travel, usable
from ofx_lipsync.nodes.mouth.points import (
    COUNT,
    INDEX,
    JAW_ROWS,
    LIP_ROWS,
    LOWER_INNER,
    MOVING_ROWS,
    STILL_ROWS,
    UPPER_INNER,
)
from ofx_lipsync.nodes.mouth.target import front_points, wanted_channels

CROSS = 1 / 3
"""Share of the other mouth on the two frames beside a jump."""
FACING, AWAY = 50.0, 75.0
"""Yaw in degrees up to which the patch is whole, and from which there is none: half the mouth is out of sight."""
ONE_MOUTH = (0.02, 0.035)
"""Range of gaps between the lips, in face heights, up to which a library is one mouth, and from which it is many."""
GOES_ON = 4.0
"""Frames over which lips that were filmed lead those that were not."""
HIDDEN = 0.25
"""What is left of the confidence where something is before the mouth: its shape is a guess there."""
POOR = 0.03
"""Lips that have to travel this far from the library mouth, in face heights, halve the confidence."""


def plan(
    track: FaceTrack | None, rate: Rate, frames: Sequence[int], curve: MouthCurve, params: Any,
    reel: FaceTrack | None, cuts: Sequence[int], times_s: np.ndarray, steps: Steps = NO_STEPS,
    made_up: Sequence[int] = (),
) -> MouthPlan:  # fmt: skip
    """made_up: frames of the track that nobody filmed. They teach nothing and give no mouths, and on them the lips go
    on from how they were filmed before and after."""
    rows = _usable(track, frames)
    if track is None or len(rows) == 0 or len(curve.times_s) == 0:
        return _nothing()
    steps(0)
    landmarks, numbers = track.landmarks[rows], track.frames[rows]
    pose = fit_pose(landmarks)
    steps(0.05)
    filmed = track if not made_up else _without(track, made_up)
    library = build(filmed if params.library != "reel" else None, reel if params.library != "plate" else None)
    steps(0.1)
    known = _all_front(filmed, reel)
    steps(0.15)
    actor, raw = learn(known, people()), measure(known)
    curve = spoken_as(curve, actor.channels(raw), raw[:, 0], rate)
    channels = wanted_channels(curve, numbers.tolist(), times_s[np.searchsorted(frames, numbers)], params)
    front = front_points(actor, channels)
    if made_up:
        front = going_on(front, pose.to_front(landmarks[:, INDEX]), numbers, np.isin(numbers, np.asarray(made_up)))
    steps(0.2)
    here, target = landmarks[:, INDEX, :2], _placed(actor, pose, landmarks, front)
    starts = _starts(numbers, cuts)
    steps(0.3)
    travel = head_travel(landmarks[:, INDEX], pose.scale, numbers)
    fit = choose.fit_cost(library, front, angles_of(landmarks), pose.scale, travel)
    away = choose.keep_away(library, numbers, params.keep_away * float(rate))
    if made_up:
        _pin(fit, library, numbers, np.isin(numbers, np.asarray(made_up)))
    steps(0.4)
    step = choose.step_cost(library) * np.float32(params.steadiness)
    walk = choose.cheapest_walk(fit + away, step, starts, steps.part(0.4, 1))
    both, cross = _crossings(library, walk, starts)
    return MouthPlan(
        numbers, here, target, library.clip[both], library.frame[both], library.points[both][..., :2], cross,
        np.full(len(numbers), _poverty(library), np.float32),
        _strength(numbers, frames, angles_of(landmarks)[:, 0], params.handles),
        _confidence(library, walk, front, track.presence[rows] * _bare(track)[rows]), pose.scale.astype(np.float32),
    )  # fmt: skip


def _pin(fit: np.ndarray, library: Library, numbers: np.ndarray, made_up: np.ndarray) -> None:
    """Let filmed frames show their own mouths, in fit [N, K], so that the walk into a gap and out of it goes on from
    there: in a short one, the neighbours' own skin and light beat better lips from elsewhere."""
    for row in np.flatnonzero(~made_up):
        own = np.flatnonzero(library.frame == numbers[row])
        if len(own):
            fit[row] = choose.NEVER
            fit[row, own] = 0


def going_on(front: np.ndarray, seen: np.ndarray, frames: np.ndarray, made_up: np.ndarray) -> np.ndarray:
    """[N, P, 3] lips that the sound asks for, led from and to those that were filmed. front, seen: [N, P, 3] as wanted
    and as tracked, in face heights. made_up: [N] bool.

    What the sound does not know of these lips is taken to forget itself over GOES_ON frames, or half of a longer gap
    (an Ornstein-Uhlenbeck bridge between the two sides): a gap of one frame lies between its neighbours, in a long one
    they speak as the sound says.
    """
    led = front.copy()
    filmed = np.flatnonzero(~made_up)
    for row in np.flatnonzero(made_up):
        for side, sign in ((filmed[filmed < row][-1:], -1), (filmed[filmed > row][:1], 1)):
            if not len(side):
                continue
            other = filmed[filmed > row][:1] if sign < 0 else filmed[filmed < row][-1:]
            gap = abs(float(frames[other[0]] - frames[side[0]])) if len(other) else np.inf
            lasts = max(GOES_ON, gap / 2) if len(other) else GOES_ON
            away, gap = abs(float(frames[row] - frames[side[0]])) / lasts, gap / lasts
            share = np.sinh(gap - away) / np.sinh(gap) if gap < 30 else np.exp(-away)
            led[row] += share * (seen[side[0]] - front[side[0]])
    crossed = np.minimum(led[:, LOWER_INNER, 1] - led[:, UPPER_INNER, 1], 0.0) * made_up[:, None]
    led[:, UPPER_INNER, 1] += crossed / 2
    led[:, LOWER_INNER, 1] -= crossed / 2
    return led


def _without(track: FaceTrack, frames: Sequence[int]) -> FaceTrack:
    kept = ~np.isin(track.frames, np.asarray(frames))
    parts = {name: getattr(track, name)[kept] for name in ("frames", *track.rows())}
    return replace(track, **parts)


def _usable(track: FaceTrack | None, frames: Sequence[int]) -> np.ndarray:
    if track is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero((track.presence >= SEEN) & np.isin(track.frames, np.asarray(frames)))


def _bare(track: FaceTrack) -> np.ndarray:
    """[N]: 1 where nothing is before the mouth, down to HIDDEN where something surely is."""
    return np.ones(len(track.frames)) if track.covered is None else 1 - (1 - HIDDEN) * track.covered


def _all_front(track: FaceTrack, reel: FaceTrack | None) -> np.ndarray:
    return np.concatenate([to_front(t.landmarks[usable(t)]) for t in (track, reel) if t is not None])


def _placed(actor: Actor, pose: HeadPose, landmarks: np.ndarray, front: np.ndarray) -> np.ndarray:
    """[N, P, 2] float32 plate px: where the control points should be.

    Lips go where the line says, whatever they did. Cheeks and jaw go as far from where they are now as the actor's
    own shape says for the difference, so that what the linear shape does not know of this face stays in the plate.
    """
    here = landmarks[:, INDEX, :2]
    own = actor.channels(measure(pose.to_front(landmarks)))
    strange = here - pose.place(actor.pose_free(own))[..., :2]
    keep = np.zeros(COUNT)
    keep[MOVING_ROWS], keep[JAW_ROWS], keep[LIP_ROWS] = 0.5, 1.0, 0.0
    target = pose.place(front)[..., :2] + keep[:, None] * strange
    target[:, STILL_ROWS] = here[:, STILL_ROWS]
    ears = _eased(np.clip(np.minimum(np.arange(len(JAW_ROWS)), np.arange(len(JAW_ROWS))[::-1]) / 5, 0, 1))
    target[:, JAW_ROWS] = here[:, JAW_ROWS] + ears[:, None] * (target[:, JAW_ROWS] - here[:, JAW_ROWS])
    return target.astype(np.float32)


def _starts(numbers: np.ndarray, cuts: Sequence[int]) -> np.ndarray:
    """[N] bool: rows before which the picture does not go on."""
    return np.isin(numbers, np.asarray(cuts)) | (np.diff(numbers, prepend=numbers[0] - 2) != 1)


def _crossings(library: Library, walk: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Library rows [N, 2] and the share [N] of the second: beside a jump both are shown, each going on its way."""
    both = np.stack([walk, walk], axis=1)
    cross = np.zeros(len(walk), np.float32)
    for n in np.flatnonzero(choose.jumps(library, walk, starts)):
        before, after = int(walk[n - 1]), int(walk[n])
        if n >= 2 and not starts[n - 1] and cross[n - 1] == 0:
            both[n - 1, 1], cross[n - 1] = library.beside(after, -1), CROSS
        both[n, 1], cross[n] = library.beside(before, +1), CROSS
    return both, cross


def _strength(numbers: np.ndarray, frames: Sequence[int], yaw: np.ndarray, handles: int) -> np.ndarray:
    """[N] float32: fades over the handles and as the face turns to profile."""
    facing = np.clip((AWAY - np.abs(yaw)) / (AWAY - FACING), 0, 1)
    inside = np.minimum(numbers - frames[0], frames[-1] - numbers) + 1
    ramp = np.clip(inside / (handles + 1), 0, 1)
    return (_eased(facing) * _eased(ramp)).astype(np.float32)


def _confidence(library: Library, walk: np.ndarray, front: np.ndarray, presence: np.ndarray) -> np.ndarray:
    travel = np.linalg.norm(front[:, LIP_ROWS, :2] - library.front[walk][:, LIP_ROWS, :2], axis=2).mean(axis=1)
    return (presence / (1 + (travel / POOR) ** 2)).astype(np.float32)


def _poverty(library: Library) -> float:
    """0 for a library of mouths open and shut, 1 for one mouth: a still, or an actor who says nothing."""
    gaps = np.quantile(choose.gap(library.front), [0.02, 0.98])
    return float(_eased(np.clip((ONE_MOUTH[1] - (gaps[1] - gaps[0])) / (ONE_MOUTH[1] - ONE_MOUTH[0]), 0, 1)))


def _eased(t: np.ndarray) -> np.ndarray:
    return t * t * (3 - 2 * t)


def _nothing() -> MouthPlan:
    points = np.zeros((0, COUNT, 2), np.float32)
    row = np.zeros(0, np.float32)
    return MouthPlan(
        np.zeros(0, np.int64), points, points, np.zeros((0, 2), np.int8), np.zeros((0, 2), np.int64),
        np.zeros((0, 2, COUNT, 2), np.float32), row, row, row, row, row,
    )  # fmt: skip
