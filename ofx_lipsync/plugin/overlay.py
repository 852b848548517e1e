# SPDX-License-Identifier: Apache-2.0
"""What the host draws over its viewer: faces, lips and the wanted mouth of a frame, in canonical coordinates, y up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core import landmarks as mesh
from ofx_lipsync.core.errors import LipSyncError
from ofx_lipsync.nodes.mouth.points import LIPS_EDGE
from ofx_lipsync.plugin.draw import FACE, LIPS, OTHER, WANTED, Rgb
from ofx_lipsync.plugin.hosted.shown import LOOPS
from ofx_lipsync.plugin.job import Job
from ofx_lipsync.plugin.picking import Pickable, chosen, pickable
from ofx_lipsync.plugin.protocol import Value

STRIP, LOOP, POINTS = 0, 1, 2
"""How the points of a line are joined: `lineN.closed`."""
_MOST_FACES = 16


@dataclass(frozen=True)
class Line:
    """points: [N, 2] plate pixels, y down."""

    points: np.ndarray
    joined: int
    colour: Rgb


def overlay(job: Job) -> tuple[dict[str, Value], np.ndarray]:
    """(records of DONE, points [N, 2] float32). A shot that is not analysed yet has nothing to show and is no error."""
    lines, picks = _lines(job), _picks(job)
    body: dict[str, Value] = {"lines": len(lines), "faces": len(picks)}
    for index, pick in enumerate(picks):
        body |= pick.records(f"face{index}.")
    first = 0
    for index, line in enumerate(lines):
        prefix = f"line{index}."
        body[prefix + "first"], body[prefix + "count"] = first, len(line.points)
        body[prefix + "closed"], body[prefix + "colour"] = line.joined, _packed(line.colour)
        first += len(line.points)
    if not lines:
        return body, np.zeros((0, 2), np.float32)
    points = job.canonical(np.concatenate([line.points for line in lines]), job.display)
    return body, np.ascontiguousarray(points, np.float32)


def _lines(job: Job) -> list[Line]:
    parts = job.existing
    if parts is None or parts.faces is None:
        return []
    faces, found = parts.faces, []
    taken = chosen(job, faces)
    for index, track in enumerate(faces.tracks[:_MOST_FACES]):
        row = track.index(job.frame)
        if row is not None:
            found += _face(track.landmarks[row, :, :2], index == taken)
    try:
        plan = job.plan(job.settings["MouthGenerate"])
    except LipSyncError:
        return found
    row = plan.index(job.frame)
    return found if row is None else [*found, Line(plan.target[row][LIPS_EDGE], LOOP, WANTED)]


def _picks(job: Job) -> list[Pickable]:
    parts = job.existing
    return [] if parts is None or parts.faces is None else pickable(job, parts.faces, _MOST_FACES)


def _face(points: np.ndarray, taken: bool) -> list[Line]:
    colour = FACE if taken else OTHER
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    lines = [Line(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), LOOP, colour)]
    if not taken:
        return lines
    for loop in LOOPS:
        lips = loop in (mesh.LIPS_OUTER, mesh.LIPS_INNER)
        lines.append(Line(points[list(loop)], LOOP, LIPS if lips else colour))
    return [*lines, Line(points, POINTS, colour)]


def _packed(colour: Rgb) -> int:
    r, g, b = (round(channel * 255) for channel in colour)
    return r << 16 | g << 8 | b
