# SPDX-License-Identifier: Apache-2.0
"""Rebuilds frames that are missing, black, frozen, unreadable or full of NaN from the good ones beside them.

Both neighbours are brought to the moment between them and mixed by nearness:

  frame(t) = (1 - w) before(read by its flow and face) + w after(read likewise),     w = t, less where one did not see

The picture moves by dense optical flow; a face goes on with the speed that the head has on either side, and moves by
its own tracked landmarks where the flow is unsure, and about the eyes; lids go over fast. Works on scene-linear pixels;
only motion is measured on what a person sees. At the head or tail of a take, and beside a cut, the one good neighbour
is held. The mouth is not its business: the graph lets MouthGenerate put one there that says the sound. Good frames pass
through bit for bit. It cannot know what happened in the gap: a hand that came and went is not brought back.
"""

from __future__ import annotations

from typing import Callable, Mapping, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.fill import LISTED, NOWHERE, FillPlan
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.params import Bool, Choice, ParamSet, Text
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.kernels.warp import grid_points, warp
from ofx_lipsync.nodes import _fill_bad, _fill_face, _fill_flow
from ofx_lipsync.nodes._face_cuts import find_cuts, thumbnail

ID = "Fill"
VERSION = 1
INPUTS = ("plate", "line")


class Params(ParamSet):
    owner = ID
    frames = Text(
        "", group="Frames", analysed=True,
        help="Frames to rebuild whatever they look like, as 1012-1016,1030.",
    )  # fmt: skip
    find = Choice(
        "all", options=("all", "listed"), group="Frames", analysed=True,
        help="Looks for bad frames by itself as well, or takes the listed and the missing ones only.",
    )  # fmt: skip
    black = Bool(
        True, group="Frames", analysed=True,
        help="Takes black frames between frames that are not black for bad; fades are left alone.",
    )  # fmt: skip
    frozen = Bool(
        True, group="Frames", analysed=True,
        help="Takes a frame that only repeats the one before for bad where the frames around it move or have grain.",
    )  # fmt: skip
    mouth = Bool(
        True, group="Face", analysed=True,
        help="Makes the mouth of rebuilt frames say the sound; off, it goes from how it was before to how it is after.",
    )  # fmt: skip


def analyse(
    plate: Clip,
    frames: Sequence[int],
    params: Params,
    *,
    known: Mapping[int, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FillPlan:
    """Which frames are bad, and what each is rebuilt from. known: frames that are bad for certain, and why.

    Raises: UsageError for a list that cannot be read; FrameError where no frame is good.
    """
    bad = {frame: why for frame, why in (known or {}).items() if frame in set(frames)}
    if params.frames.strip():
        bad |= {frame: LISTED for frame in FrameRange.parse(params.frames) if frame in set(frames)}
    if params.find == "all":
        bad = _fill_bad.find(plate, frames, bad, params.black, params.frozen, progress)
    good = [frame for frame in frames if frame not in bad]
    if not good:
        raise FrameError(f"{ID}: all {len(frames)} frames are bad ({FrameRange(frames)}); there is nothing to go by")
    return _plan(plate, good, dict(sorted(bad.items())))


def render(plate: Clip, frame: int, plan: FillPlan, tracks: Sequence[FaceTrack] = ()) -> Image:
    """The whole frame: rebuilt where it is bad, else the plate's own. tracks: from `faces`."""
    row = plan.index(frame)
    if row is None:
        return plate.crop(frame, plate.window(frame))
    sources = plan.sources(row)
    if len(sources) == 1:
        return plate.crop(sources[0], plate.window(sources[0]))
    region = plate.window(sources[0]).intersect(plate.window(sources[1]))
    step, part = _fill_flow.step_of(region), plan.part(row)
    reads = _fill_flow.reads(_fill_flow.measure(plate, *sources, region), part, step)
    faces = _fill_face.crossings(tracks, plan, row)
    for face in faces:
        _fill_face.carry(face, reads.first, reads.second, reads.sure, grid_points(step, region), region)
    pictures = [
        warp(plate.crop(source, region).pixels, read, step, region, origin=(region.x0, region.y0))
        for source, read in zip(sources, (reads.first, reads.second), strict=True)
    ]
    weight = _fine(reads.share, step, region.shape)
    for face in faces:
        if face.blinked:
            lid_part = _fill_face.lid_part(plan, row, True)
            weight += _fill_face.lids(face, region) * (np.float32(lid_part) - weight)
    return Image(pictures[0] + weight * (pictures[1] - pictures[0]), region, plate.display)


def faces(tracks: Sequence[FaceTrack], plan: FillPlan) -> list[FaceTrack]:
    """Everybody's track with the bad frames put in."""
    return [_fill_face.bridged(track, plan) for track in tracks]


def _plan(plate: Clip, good: Sequence[int], bad: Mapping[int, str]) -> FillPlan:
    cuts = _cuts(plate, good, bad)
    have, take = np.asarray(good), np.searchsorted(cuts, np.asarray(good), side="right")
    before, after = [], []
    for frame in bad:
        row = int(np.searchsorted(have, frame))
        sides = [int(have[row - 1]) if row else NOWHERE, int(have[row]) if row < len(have) else NOWHERE]
        if NOWHERE not in sides and take[row - 1] != take[row]:  # a cut in the gap: each side belongs to one take
            nearer_before = frame - sides[0] <= sides[1] - frame
            sides = [sides[0], NOWHERE] if nearer_before else [NOWHERE, sides[1]]
        before.append(sides[0])
        after.append(sides[1])
    return FillPlan(
        np.array(list(bad), np.int64), np.array(before, np.int64), np.array(after, np.int64), tuple(bad.values())
    )


def _cuts(plate: Clip, good: Sequence[int], bad: Mapping[int, str]) -> list[int]:
    """Good frames that begin a take, of those beside a gap; elsewhere nobody asks."""
    if not bad:
        return []
    near = {g for b in bad for g in _beside(good, b)}
    shown = [frame for frame in good if frame in near]
    found = find_cuts([thumbnail(plate, frame) for frame in shown])
    return [shown[row] for row in found]


def _beside(good: Sequence[int], frame: int, count: int = 6) -> Sequence[int]:
    row = int(np.searchsorted(np.asarray(good), frame))
    return good[max(0, row - count) : row + count]


def _fine(share: np.ndarray, step: int, shape: tuple[int, int]) -> np.ndarray:
    """[H, W] float32: a weight at grid nodes, straight between them."""
    y, x = ((np.arange(length) + 0.5) / step for length in shape)
    rows, columns = y.astype(np.int64), x.astype(np.int64)
    fy, fx = (y - rows)[:, None].astype(np.float32), (x - columns).astype(np.float32)
    upper = share[rows][:, columns] * (1 - fx) + share[rows][:, columns + 1] * fx
    lower = share[rows + 1][:, columns] * (1 - fx) + share[rows + 1][:, columns + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)
