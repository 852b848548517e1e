# SPDX-License-Identifier: Apache-2.0
"""Resync in a host: with fix at picture, the plate frame that belongs to the sound of this frame, as it came; with any
other fix Source itself. A host's node gives no sound: that is `lipsync resync`'s."""

from __future__ import annotations

import os
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.analysis import Parts
from ofx_lipsync.cli.shot import read_line
from ofx_lipsync.core.errors import AnalysisError, UsageError
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.resync import PICTURE
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.graph import Settings, Shot, node
from ofx_lipsync.media.sync_file import read_curve
from ofx_lipsync.plugin.answer import Answer, composed, passed
from ofx_lipsync.plugin.job import SOURCE, Job, Rated, spoken
from ofx_lipsync.plugin.pictures import as_layout
from ofx_lipsync.resync import Resync

NAME = "Resync"
_MOST_FRAMES = 1_000_000


def render(job: Job) -> Answer:
    job.need(SOURCE)
    there = shown(job)
    if there == job.frame:
        return passed(job)
    if job.on_disk is None:
        return Answer(rows=as_layout(job.of_source(there), job.out))
    image = job.on_disk.crop(there, job.on_disk.window(there))
    return composed(job, image.pixels, image.region, np.ones(image.region.shape, np.float32))


def wanted(job: Job) -> set[int]:
    """Frames of Source that a render reads."""
    return {shown(job)}


def shown(job: Job) -> int:
    """The plate frame that this frame shows.

    Raises: UsageError, AnalysisError, InputError or MediaError where nothing tells, the line not, or not of this frame.
    """
    params = job.settings[NAME]
    if params.fix != PICTURE:
        return job.frame
    frames = _frames(job)
    if job.frame not in frames:
        raise UsageError(
            f"{NAME}: frame {job.frame} is not of the shot, {FrameRange(frames)}; set first_frame and last_frame"
        )
    sources = _sources(job, params, frames)
    return sources[list(frames).index(job.frame)]


def _sources(job: Job, params: Any, frames: Sequence[int]) -> Sequence[int]:
    """For each frame of the shot the plate frame that it shows; made once."""
    rate = job.rate
    path, offset_s = spoken(job, rate, frames[0])
    if not path:
        raise UsageError("line: no file is named; name the sound as it was recorded in line")
    in_file = bool(job.text("analysis")) or not params.curve
    stamp = job.stamp if in_file else (str(params.curve), 0, 0, 0)
    made_of = (params.digest_text(analysed_only=True), params.curve, _version(params.curve), path, _version(path))
    what = f"{NAME} {made_of} {offset_s} {rate} {frames[0]} {frames[-1]} {len(frames)}"
    parts = None if params.curve else job.parts

    def make() -> Sequence[int]:
        curve = read_curve(params.curve) if parts is None else _measured(job, parts)
        line = read_line(path, offset_s, float(len(frames) / rate))[0]
        resync = Resync(Shot(Rated(rate), line, frames), Settings(Resync=params))
        return resync.shown(resync.analyse(curve))

    return job.workshop.of_shot(stamp, what, make)


def _measured(job: Job, parts: Parts) -> OffsetCurve:
    """What SyncMeter found of the chosen face."""
    if parts.sync is None or parts.faces is None:
        raise AnalysisError(
            f"{job.text('analysis')}: holds nothing of SyncMeter; press Analyse there, or name a table of how late the "
            "sound is in curve"
        )
    face = node("SyncMeter").chosen(parts.faces, parts.sync)
    if face is None:
        raise AnalysisError(f"{job.text('analysis')}: nobody is chosen; choose a face in FaceDetect and press Analyse")
    curve: OffsetCurve = face.curve
    return curve


def _frames(job: Job) -> Sequence[int]:
    """The shot: the analysis file's frames, else what the host says."""
    if job.text("analysis") or not job.settings[NAME].curve:
        found: list[int] = job.parts.frames.tolist()
        return found
    first, last = (job.message.integer(f"p.{name}", 0) for name in ("first_frame", "last_frame"))
    if (first, last) == (0, 0):
        first, last = job.message.integer("first"), job.message.integer("last")
    if not (abs(first) < 1e9 and 0 <= last - first < _MOST_FRAMES):
        raise UsageError(f"{NAME}: the shot is {first} to {last}; set first_frame and last_frame")
    return range(first, last + 1)


def _version(path: str) -> tuple[int, int]:
    """Of a file as it is now; of one that is not there, which its reader says, nothing."""
    try:
        stat = os.stat(path)
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
