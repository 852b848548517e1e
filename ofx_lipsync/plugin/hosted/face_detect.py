# SPDX-License-Identifier: Apache-2.0
"""FaceDetect in a host: the plate as it came, or with what was found drawn over it."""

from __future__ import annotations

from ofx_lipsync.plugin.answer import Answer, passed
from ofx_lipsync.plugin.hosted.shown import landmarks, presence
from ofx_lipsync.plugin.job import Job

NAME = "FaceDetect"


def render(job: Job) -> Answer:
    if job.view not in ("landmarks", "confidence"):
        return passed(job)
    job.made_with_these(NAME)
    if job.view == "landmarks":
        return landmarks(job)
    faces = job.parts.faces
    return presence(job, None if faces is None else faces.chosen_track())
