# SPDX-License-Identifier: Apache-2.0
"""Fill in a host: frames that Analyse found bad are rebuilt from their neighbours, with a mouth for the sound; where a
frame is good, the host's own picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import AnalysisError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.fill import FillAnalysis
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import PLATE, REEL
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.fill import REEL_BEGINS, Fill
from ofx_lipsync.graph import Shot, node
from ofx_lipsync.plugin.answer import Answer, composed, passed
from ofx_lipsync.plugin.job import SILENCE, SOURCE, Job
from ofx_lipsync.plugin.pictures import Place
from ofx_lipsync.plugin.proxies import placed, scaled

NAME = "Fill"


def render(job: Job) -> Answer:
    job.need(SOURCE)
    analysis = _found(job)
    if analysis.plan.index(job.frame) is None:
        return passed(job)
    plate: Clip = job.plate if job.place.is_full else Small(job.plate, job.place)
    shot = Shot(plate, SILENCE, plate.frames, job.reel(job.settings["MouthGenerate"]))
    image = Fill(shot, job.settings).render(_scaled(analysis, job), job.frame)
    job.request.check()
    assert image is not None
    return composed(job, image.pixels, image.region, np.ones(image.region.shape, np.float32))


def wanted(job: Job) -> set[int]:
    """Frames of Source that a render reads."""
    analysis, mouth = _found(job), node("MouthGenerate")
    row = analysis.plan.index(job.frame)
    if row is None:
        return set()
    params = job.settings["MouthGenerate"]
    mouths = {f for clip in (PLATE, REEL) for f in mouth.wanted(analysis.mouths, [job.frame], clip, params)}
    return {*analysis.plan.sources(row), *(frame for frame in mouths if frame < REEL_BEGINS)}


def _found(job: Job) -> FillAnalysis:
    """Raises: AnalysisError where the file lacks it, is of other frames, or was made with other params."""
    found = job.of_this_frame().fill
    if found is None:
        raise AnalysisError(f"{job.text('analysis')}: holds nothing of {NAME}; press Analyse there")
    job.made_with_these(NAME)
    return found


class Small:
    """The host's proxy of the plate, asked to `look` in its own pixels, as a graph over it does. Else as the clip."""

    def __init__(self, clip: Clip, place: Place) -> None:
        self.display, self.rate, self.frames = clip.display, Rate(24), clip.frames
        self._clip, self._place = clip, place

    def window(self, frame: int) -> Region:
        return self._clip.window(frame)

    def crop(self, frame: int, region: Region) -> Image:
        return self._clip.crop(frame, region)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        across, down = 1 / self._place.x_scale, 1 / self._place.y_scale
        x0, x1, y0, y1 = (
            round(edge * by) for edge, by in
            ((region.x0, across), (region.x1, across), (region.y0, down), (region.y1, down))
        )  # fmt: skip
        return self._clip.look(frame, Region(x0, y0, x1, y1), longest_px)


def _scaled(found: FillAnalysis, job: Job) -> FillAnalysis:
    """In the pixels of a proxy."""
    if job.place.is_full:
        return found
    tracks = tuple(_small(track, job) for track in found.tracks)
    return replace(found, tracks=tracks, mouths=scaled(found.mouths, job.place, job.display))


def _small(track: FaceTrack, job: Job) -> FaceTrack:
    depth = np.float32(np.sqrt(job.place.x_scale * job.place.y_scale))
    points = placed(track.landmarks[..., :2], job.place, job.display)
    landmarks = np.concatenate([points, track.landmarks[..., 2:] * depth], axis=-1).astype(np.float32)
    return replace(track, landmarks=landmarks)
