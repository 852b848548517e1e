# SPDX-License-Identifier: Apache-2.0
"""Portrait in a host: a held still whose mouth speaks comes in, and blinks and moves its head; elsewhere the host's own
bytes. Its plan is made from the analysis that FaceDetect and AudioFeature have written, and reads no pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ofx_lipsync.analysis import Parts
from ofx_lipsync.core.errors import AnalysisError
from ofx_lipsync.core.portrait import PortraitPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.graph import node
from ofx_lipsync.plugin.answer import Answer, composed, grey, passed
from ofx_lipsync.plugin.job import SOURCE, Job
from ofx_lipsync.plugin.proxies import placed

NAME = "Portrait"


def render(job: Job) -> Answer:
    job.need(SOURCE)
    params = job.settings[NAME]
    shot, rate, wanted = job.of_this_frame(), job.rate, params.digest_text(analysed_only=True)
    plan = job.workshop.of_shot(job.stamp, f"{NAME} {wanted}", lambda: _planned(job, shot, rate))
    plan = _scaled(plan, job)
    made = node(NAME).render(job.plate, job.frame, plan, params.at(job.frame))
    job.request.check()
    if made is None:
        empty = np.zeros((0, 0), np.float32)
        return passed(job) if job.view != "matte" else grey(job, empty, Region(0, 0, 0, 0))
    image, matte = made
    if job.view == "matte":
        return grey(job, matte, image.region)
    return composed(job, image.pixels, image.region, matte)


def _planned(job: Job, shot: Parts, rate: Rate) -> PortraitPlan:
    """Made under the workshop's lock, so that it asks the workshop for nothing.

    Raises: AnalysisError where the file lacks the face or the line.
    """
    if shot.faces is None or shot.audio is None:
        maker = "FaceDetect" if shot.faces is None else "AudioFeature"
        raise AnalysisError(f"{job.text('analysis')}: holds nothing of {maker}; press Analyse there")
    plan: PortraitPlan = node(NAME).analyse(
        shot.faces.chosen_track(), shot.audio, shot.frames.tolist(), rate, job.settings[NAME]
    )
    return plan


def _scaled(plan: PortraitPlan, job: Job) -> PortraitPlan:
    """The plan in the pixels of a proxy."""
    if job.place.is_full:
        return plan
    depth = np.float32(np.sqrt(job.place.x_scale * job.place.y_scale))
    points = placed(plan.landmarks[:, :2], job.place, job.display)
    return replace(plan, landmarks=np.concatenate([points, plan.landmarks[:, 2:] * depth], axis=1).astype(np.float32))
