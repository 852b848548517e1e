# SPDX-License-Identifier: Apache-2.0
"""A face through a gap: where its landmarks go between the frames that saw it, and the field that takes them there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core import landmarks as mesh
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.fill import NOWHERE, FillPlan
from ofx_lipsync.core.pose import HeadPose, fit_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.nodes.mouth import spline
from ofx_lipsync.nodes.mouth.points import CHEEKS, CHIN

LASTS = 3.0
"""Frames for which a head's speed on either side says anything of the gap; longer ones are crossed evenly."""
LOOKS_BACK = 3
"""Frames over which that speed is measured."""
BLINK = 3.0
"""Frames that eyelids take from one state to the other; a lid that sinks for half a second is no blink."""
EYES = np.array(mesh.RIGHT_EYE + mesh.LEFT_EYE + mesh.RIGHT_IRIS + mesh.LEFT_IRIS)
KNOTS = np.array(
    sorted(
        {*mesh.FACE_OVAL, *mesh.RIGHT_EYE, *mesh.LEFT_EYE, *mesh.RIGHT_BROW, *mesh.LEFT_BROW, *mesh.NOSE}
        | {*mesh.LIPS_OUTER, *CHEEKS, *CHIN, *mesh.STABLE, *mesh.FOREHEAD}
    )
)
"""Points that carry the skin; inner lips would tear it where they touch."""
STIFFNESS = 2e-4
REACH = 0.40
"""The face's own motion fades out over so much outside its edge, in face heights: hair and ears go with the head."""
LIDS = 0.05
LID_GAP = 0.012
"""In face heights: lids whose gap changes by more open or shut."""


@dataclass(frozen=True)
class Crossing:
    """A face on one bad frame. here: [478, 2] px where it should be. before, after: [478, 2] px where it is on the
    good frames. straight: [478, 2] px where it would be had it gone evenly between them. height_px: its size."""

    here: np.ndarray
    before: np.ndarray
    after: np.ndarray
    straight: np.ndarray
    height_px: float

    @property
    def blinked(self) -> bool:
        return blinked(self.before / self.height_px, self.after / self.height_px)


def bridged(track: FaceTrack, plan: FillPlan) -> FaceTrack:
    """The track with the plan's bad frames put in wherever the face is seen on both good ones, or held from the only
    side there is. The head goes on from the speeds it has on either side (cubic Hermite)."""
    rows = [row for row in range(len(plan.frames)) if all(track.index(f) is not None for f in plan.sources(row))]
    rows = [row for row in rows if plan.sources(row)]
    if not rows:
        return track
    made = [_between(track, plan, row) for row in rows]
    frames = np.concatenate([track.frames, plan.frames[rows]])
    order = np.argsort(frames, kind="stable")
    parts: dict[str, Any] = {}
    for name in track.rows():
        own = getattr(track, name)
        parts[name] = np.concatenate([own, np.stack([m[name] for m in made]).astype(own.dtype)])[order]
    return replace(track, frames=frames[order], **parts)


def _between(track: FaceTrack, plan: FillPlan, row: int) -> dict[str, np.ndarray]:
    sides = [_row(track, frame) for frame in plan.sources(row)]
    part = plan.part(row)
    mixed = {
        name: getattr(track, name)[sides[0]] * (1 - part) + getattr(track, name)[sides[-1]] * part
        for name in track.rows()
        if name != "landmarks"
    }
    if len(sides) == 1:
        return {**mixed, "landmarks": track.landmarks[sides[0]]}
    before, after = (track.landmarks[side].astype(np.float64) for side in sides)
    gap = int(plan.after[row] - plan.before[row])
    way, lasts = after - before, min(1.0, LASTS / gap)
    begin, end = (
        way + lasts * (_speed(track, side, sign) * gap - way) for side, sign in zip(sides, (-1, 1), strict=True)
    )
    u = part
    points = (
        (2 * u**3 - 3 * u**2 + 1) * before + (u**3 - 2 * u**2 + u) * begin
        + (3 * u**2 - 2 * u**3) * after + (u**3 - u**2) * end
    )  # fmt: skip
    pose = fit_pose(track.landmarks[sides])
    front = pose.to_front(track.landmarks[sides])
    middle = fit_pose(points[None].astype(np.float32))
    turned = HeadPose(middle.rotation, middle.scale, np.zeros((1, 3)))
    eyes = lid_part(plan, row, blinked(front[0], front[1]))
    lids = turned.place((front[1] - front[0])[None, EYES])[0]
    points[EYES] += (eyes - part) * lids
    return {**mixed, "landmarks": points}


def lid_part(plan: FillPlan, row: int, changed: bool) -> float:
    """As `plan.part`, for lids that `changed` from open to shut or back: those stay with one side and go over to the
    other fast, about the middle."""
    part = plan.part(row)
    if NOWHERE in (int(plan.before[row]), int(plan.after[row])):
        return part
    gap = int(plan.after[row] - plan.before[row])
    if not changed:
        return part
    t = min(max((part - 0.5) * max(gap / BLINK, 1.0) + 0.5, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def blinked(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether lids opened or shut between two sets of landmarks [478, 2+], both in face heights."""
    gaps = [np.linalg.norm(p[[159, 386], :2] - p[[145, 374], :2], axis=1).mean() for p in (before, after)]
    return bool(abs(gaps[1] - gaps[0]) > LID_GAP)


def _speed(track: FaceTrack, row: int, way: int) -> np.ndarray:
    """[478, 3] px a frame: how the head carries its points along, without what it says."""
    frame = int(track.frames[row])
    for away in range(LOOKS_BACK, 0, -1):
        there = track.index(frame + way * away)
        if there is not None:
            pair = track.landmarks[[row, there]]
            pose = fit_pose(pair)
            front = np.repeat(pose.to_front(pair)[:1], 2, axis=0)
            here, was = pose.place(front).astype(np.float64)
            return np.asarray((was - here) / (away * way))
    return np.zeros((478, 3))


def crossings(tracks: Sequence[FaceTrack], plan: FillPlan, row: int) -> list[Crossing]:
    """Everybody who is seen on a bad frame. tracks: after `bridged`."""
    found = []
    for track in tracks:
        rows = [track.index(int(plan.frames[row])), *(track.index(f) for f in plan.sources(row))]
        if None in rows:
            continue
        here, *sides = (track.landmarks[r][:, :2].astype(np.float64) for r in rows if r is not None)
        height = float(np.linalg.norm(here[mesh.FOREHEAD_TOP] - here[mesh.CHIN_TIP]))
        straight = sides[0] + plan.part(row) * (sides[-1] - sides[0])
        found.append(Crossing(here, sides[0], sides[-1], straight, height))
    return found


def carry(
    face: Crossing, first: np.ndarray, second: np.ndarray, sure: np.ndarray, nodes: np.ndarray, region: Region
) -> None:
    """Change where both good frames are read, `first` and `second` [2, gh, gw], on and round a face.

    Flow is finer than any landmark where it is sure [gh, gw]: there it is only led along the head's way, which is not
    straight. Elsewhere, and about the eyes, landmarks are brought to landmarks.
    """
    height, step = face.height_px, float(nodes[0, 0, 1] - nodes[0, 0, 0])
    box = Region.around(face.here, REACH * height).intersect(region)
    if box.is_empty:
        return
    low = [int((at - corner) // step) for at, corner in ((box.x0, region.x0), (box.y0, region.y0))]
    high = [int(-(-(at - corner) // step)) + 1 for at, corner in ((box.x1, region.x0), (box.y1, region.y0))]
    part = (slice(None), slice(low[1], high[1]), slice(low[0], high[0]))
    at, share = nodes[part], _share(face, nodes[part])
    fields = _fields(face, at, (face.straight, face.before, face.after))
    trusted = sure[part[1:]] * (1 - _lid_share(face, at))
    for read, to_source in ((first, fields[1]), (second, fields[2])):
        led = read[part] + fields[0]
        read[part] += share * (trusted * led + (1 - trusted) * (at + to_source) - read[part])


def _fields(face: Crossing, at: np.ndarray, targets: Sequence[np.ndarray]) -> list[np.ndarray]:
    """[2, gh, gw] px for each of `targets` [478, 2]: how far nodes `at` go when the face goes there."""
    centre, height = face.here.mean(axis=0), face.height_px
    points = at.reshape(2, -1).T
    knots, places = (face.here[KNOTS] - centre) / height, (points - centre) / height
    moves = np.concatenate([target[KNOTS] - face.here[KNOTS] for target in targets], axis=1)
    moved = spline.evaluate(places, spline.radial(places, knots), spline.solve(knots, moves, STIFFNESS))
    return [moved[:, 2 * i : 2 * i + 2].T.reshape(at.shape) for i in range(len(targets))]


def _share(face: Crossing, nodes: np.ndarray) -> np.ndarray:
    """[gh, gw]: 1 on the face, falling to 0 over REACH outside its oval."""
    _, height, width = nodes.shape
    step = float(nodes[0, 0, 1] - nodes[0, 0, 0])
    corner = nodes[:, 0, 0]
    oval = ((face.here[list(mesh.FACE_OVAL)] - corner) / step + 0.5).astype(np.float32)
    reach = REACH * face.height_px / step
    return matte(oval, Region.of_size(width, height), feather_px=reach, erode_px=-reach)


def lids(face: Crossing, region: Region) -> np.ndarray:
    """[H, W] float32: 1 on the eyes and their lids, soft round them."""
    found = np.zeros(region.shape, np.float32)
    soft = LIDS * face.height_px
    for eye in (mesh.RIGHT_EYE, mesh.LEFT_EYE):
        loop = face.here[list(eye)].astype(np.float32)
        box = Region.around(loop, 3 * soft).intersect(region)
        if not box.is_empty:
            at = box.slices_in(region)
            found[at] = np.maximum(found[at], matte(loop, box, feather_px=soft, erode_px=-1.5 * soft))
    return found


def _lid_share(face: Crossing, nodes: np.ndarray) -> np.ndarray:
    """[gh, gw]: `lids` at grid nodes."""
    _, height, width = nodes.shape
    step, corner = float(nodes[0, 0, 1] - nodes[0, 0, 0]), nodes[:, 0, 0]
    shrunk = replace(face, here=(face.here - corner) / step + 0.5, height_px=face.height_px / step)
    return lids(shrunk, Region.of_size(width, height))


def _row(track: FaceTrack, frame: int) -> int:
    row = track.index(frame)
    assert row is not None
    return row
