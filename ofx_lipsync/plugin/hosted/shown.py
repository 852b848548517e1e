# SPDX-License-Identifier: Apache-2.0
"""The views that several nodes share: what was found and wanted drawn over the plate, and how sure the result is."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core import landmarks as mesh
from ofx_lipsync.core.errors import LipSyncError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.core.plan import MouthPlan, Patch
from ofx_lipsync.plugin.answer import Answer, composed
from ofx_lipsync.plugin.draw import DARK, DIM, FACE, GOOD, LIPS, OTHER, POOR, WANTED, Ink
from ofx_lipsync.plugin.job import Job
from ofx_lipsync.plugin.proxies import placed

LOOPS = (mesh.FACE_OVAL, mesh.RIGHT_EYE, mesh.LEFT_EYE, mesh.LIPS_OUTER, mesh.LIPS_INNER)
STROKES = (mesh.NOSE_BRIDGE, mesh.RIGHT_BROW[:5], mesh.LEFT_BROW[:5])
_BAR = 0.08
"""Height of a strip over the picture, as a part of it."""


def landmarks(job: Job) -> Answer:
    """The plate with every face's box, contours and points, and the mouth that is wanted where there is a plan."""
    faces = job.of_this_frame().faces
    ink = _ink(job)
    width = _width(ink)
    for index, track in enumerate(faces.tracks if faces is not None else ()):
        row = track.index(job.frame)
        if row is not None:
            chosen = faces is not None and index == faces.chosen
            _face(ink, placed(track.landmarks[row, :, :2], job.place, job.display), width, chosen)
    plan = _plan(job)
    row = None if plan is None else plan.index(job.frame)
    if plan is not None and row is not None:
        ink.dots(placed(plan.target[row], job.place, job.display), WANTED, width)
    return over_plate(job, ink)


def confidence(job: Job, patch: Patch | None) -> Answer:
    """The plate with a strip of the whole shot below: how well each frame is served, and where this one is."""
    plan, frames = _plan(job), job.of_this_frame().frames
    values = np.zeros(len(frames))
    if plan is not None:
        values[np.searchsorted(frames, plan.frames)] = plan.confidence
    return over_plate(job, strip(job, values, frames, None if patch is None else patch.confidence))


def presence(job: Job, track: FaceTrack | None) -> Answer:
    """The same of how surely the chosen face is seen."""
    frames = job.of_this_frame().frames
    values = np.zeros(len(frames))
    row = None
    if track is not None:
        values[np.searchsorted(frames, track.frames)] = track.presence
        row = track.index(job.frame)
    now = None if track is None or row is None else float(track.presence[row])
    return over_plate(job, strip(job, values, frames, now))


def strip(job: Job, values: np.ndarray, frames: np.ndarray, now: float | None) -> Ink:
    """Values 0..1 of all frames as bars from red to green along the bottom; a frame round the picture in the colour
    of `now`, grey where there is nothing."""
    ink = _ink(job)
    box, width = ink.region, _width(ink)
    top = box.y1 - _BAR * box.height
    ink.fill(box.x0, top, box.x1, box.y1, DARK, 0.8)
    edges = box.x0 + np.arange(len(frames) + 1) * (box.width / len(frames))
    for left, right, value in zip(edges[:-1], edges[1:], values.tolist(), strict=True):
        ink.fill(left, box.y1 - value * (box.y1 - top), max(right, left + 1), box.y1, _rated(value))
    here = edges[int(np.searchsorted(frames, job.frame))] + box.width / len(frames) / 2
    ink.line(np.array([[here, top], [here, box.y1]]), (1.0, 1.0, 1.0), width)
    ink.box(box.x0, box.y0, box.x1, box.y1, DIM if now is None else _rated(now), 4 * width)
    return ink


def over_plate(job: Job, ink: Ink) -> Answer:
    """Source under the ink; where there is none, the host's own bytes."""
    inside = ink.region
    colour = job.colour.colour
    rgb = colour.convert(ink.rgb, colour.look_space, SCENE_LINEAR)
    plate = job.plate.crop(job.frame, inside).pixels
    mixed = np.where(ink.alpha > 0, plate + ink.alpha * (rgb - plate), plate)
    return composed(job, np.where(ink.alpha == 1, rgb, mixed), inside, ink.alpha)


def _face(ink: Ink, points: np.ndarray, width: float, chosen: bool) -> None:
    colour = FACE if chosen else OTHER
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    ink.box(float(x0), float(y0), float(x1), float(y1), colour, width)
    ink.dots(points, colour, width / 2)
    for loop in LOOPS:
        lips = chosen and loop in (mesh.LIPS_OUTER, mesh.LIPS_INNER)
        ink.line(points[list(loop)], LIPS if lips else colour, width, closed=True)
    for stroke in STROKES:
        ink.line(points[list(stroke)], colour, width)


def _plan(job: Job) -> MouthPlan | None:
    """The plan where there is one or can be: a view of landmarks needs none."""
    try:
        return job.plan(job.settings["MouthGenerate"])
    except LipSyncError:
        return None


def _ink(job: Job) -> Ink:
    return Ink(job.place.region(job.source().layout).intersect(job.place.region(job.out)))


def _width(ink: Ink) -> float:
    return max(1.0, ink.region.height / 700)


def _rated(value: float) -> tuple[float, float, float]:
    r, g, b = (poor + value * (good - poor) for good, poor in zip(GOOD, POOR, strict=True))
    return r, g, b
