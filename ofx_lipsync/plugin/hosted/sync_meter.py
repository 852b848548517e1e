# SPDX-License-Identifier: Apache-2.0
"""SyncMeter in a host: the plate as it came, with a heat strip of how late the sound is where the view asks for it."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import AnalysisError
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import node
from ofx_lipsync.plugin.answer import Answer, composed, passed
from ofx_lipsync.plugin.job import Job

NAME = "SyncMeter"


def render(job: Job) -> Answer:
    params = job.settings[NAME].at(job.frame)
    if params.view == "none":
        return passed(job)
    parts = job.of_this_frame()
    if parts.sync is None:
        raise AnalysisError(f"{job.text('analysis')}: holds nothing of {NAME}; press Analyse there")
    job.made_with_these(NAME)
    place = job.place
    window = place.region(job.source().layout)
    display = Region(round(job.display.x0 * place.x_scale), 0, round(job.display.x1 * place.x_scale), place.format_px)
    time_s = float((job.frame - int(parts.frames[0])) / job.rate)
    drawn = node(NAME).strips(window, display, parts.sync, params, time_s=time_s)
    if drawn is None:
        return passed(job)
    return composed(job, drawn.pixels, drawn.region, np.ones(drawn.region.shape, np.float32))
