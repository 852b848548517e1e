# SPDX-License-Identifier: Apache-2.0
"""LipSync in a host: all four nodes in one, for those who want one node."""

from __future__ import annotations

from ofx_lipsync.plugin.answer import Answer
from ofx_lipsync.plugin.hosted.blend import shown
from ofx_lipsync.plugin.hosted.mouth_generate import patch_with
from ofx_lipsync.plugin.job import SOURCE, Job


def render(job: Job) -> Answer:
    job.need(SOURCE)
    job.made_with_these("FaceDetect", "AudioFeature")
    if job.view == "landmarks":
        return shown(job, None)
    return shown(job, patch_with(job, job.settings["MouthGenerate"].at(job.frame)))
