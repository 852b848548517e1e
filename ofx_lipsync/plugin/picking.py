# SPDX-License-Identifier: Apache-2.0
"""Faces that the artist can pick by a click: where each is, and what to set so that FaceDetect takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.core.errors import LipSyncError
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import node
from ofx_lipsync.plugin.job import Job
from ofx_lipsync.plugin.protocol import Value

_TRIED = 16

Point = tuple[float, float]


@dataclass(frozen=True)
class Pickable:
    """A face on a frame. box: x1 y1 x2 y2 canonical. index: its number in the shot. point: across and down in % of the
    frame where `nearest` takes it; None where another face is nearer wherever it goes, so that its number must do."""

    box: tuple[float, float, float, float]
    index: int
    chosen: bool
    point: Point | None

    def records(self, prefix: str) -> dict[str, Value]:
        edges = zip(("x1", "y1", "x2", "y2"), self.box, strict=True)
        body: dict[str, Value] = {f"{prefix}{edge}": value for edge, value in edges}
        if self.point is not None:
            body |= {f"{prefix}across": self.point[0], f"{prefix}down": self.point[1]}
        return body | {f"{prefix}index": self.index, f"{prefix}chosen": int(self.chosen)}


def chosen(job: Job, faces: FaceAnalysis) -> int:
    """The face that an Analyse would choose now, by the node's params as they are; else the one that was."""
    try:
        params = job.settings["FaceDetect"].at(job.frame)
        return job.workshop.of_shot(
            job.stamp, params.digest_text(), lambda: int(node("FaceDetect").choose(faces.tracks, job.display, params))
        )
    except LipSyncError:
        return faces.chosen


def pickable(job: Job, faces: FaceAnalysis, most: int) -> list[Pickable]:
    """The first faces that are seen on the job's frame."""
    points = job.workshop.of_shot(job.stamp, "points", lambda: pick_points(faces, job.display))
    taken = chosen(job, faces)
    found = []
    for index, track in enumerate(faces.tracks[:most]):
        row = track.index(job.frame)
        if row is None:
            continue
        corners = job.canonical(track.landmarks[row, :, :2], job.display)
        (x1, y1), (x2, y2) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        found.append(Pickable((x1, y1, x2, y2), index, index == taken, points[index]))
    return found


def pick_points(faces: FaceAnalysis, display: Region) -> list[Point | None]:
    """For each face a point of which it is the nearest over the whole shot, as FaceDetect's `nearest` measures it."""
    paths = [track.landmarks[..., :2].mean(axis=1) for track in faces.tracks]
    found = [_own_point(paths, index) for index in range(len(paths))]
    return [None if point is None else _percent(point, display) for point in found]


def _own_point(paths: Sequence[np.ndarray], index: int) -> np.ndarray | None:
    """The middle of a face's way, or where that will not do the place on it that is farthest from the others."""
    way = paths[index]
    places = way[np.linspace(0, len(way) - 1, min(len(way), _TRIED)).astype(np.int64)]
    tried = [np.median(way, axis=0), *places]
    leads = [_lead(paths, index, point) for point in tried]
    if leads[0] > 0:
        return np.asarray(tried[0])
    best = int(np.argmax(leads))
    return np.asarray(tried[best]) if leads[best] > 0 else None


def _lead(paths: Sequence[np.ndarray], index: int, point: np.ndarray) -> float:
    """px by which a face is nearer to a point than any other."""
    far = [float(np.median(np.linalg.norm(path - point, axis=1))) for path in paths]
    return min((each for n, each in enumerate(far) if n != index), default=np.inf) - far[index]


def _percent(point: np.ndarray, display: Region) -> Point:
    x, y = point.tolist()
    return 100 * (x - display.x0) / display.width, 100 * (y - display.y0) / display.height
