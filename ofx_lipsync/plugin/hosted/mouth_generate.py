# SPDX-License-Identifier: Apache-2.0
"""MouthGenerate in a host: the new mouth on transparent black, and its whole patch kept for Blend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ofx_lipsync.core.errors import LipSyncError
from ofx_lipsync.core.plan import Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import node, spoken_at
from ofx_lipsync.kernels.over import over
from ofx_lipsync.plugin.answer import Answer, grey, painted
from ofx_lipsync.plugin.hosted.shown import confidence, landmarks
from ofx_lipsync.plugin.job import Job
from ofx_lipsync.plugin.pictures import Place
from ofx_lipsync.plugin.proxies import scaled

NAME = "MouthGenerate"
_SPARE_PX, _COARSE = 3, 0.25
"""So many pixels of a proxy at this scale lie round the region: hosts ask at one scale and render at another."""


@dataclass(frozen=True, eq=False)
class Packet:
    """What Blend needs beside the picture: patch is None where the plate keeps its own mouth."""

    patch: Patch | None
    place: Place


def render(job: Job) -> Answer:
    params = job.settings[NAME].at(job.frame)
    if job.view == "landmarks":
        return landmarks(job)
    patch = patch_with(job, params)
    if job.view == "confidence":
        return confidence(job, patch)
    if job.view == "matte":
        return matte(job, patch)
    if job.view == "patch" and patch is not None:
        return Answer(rows=painted(job, patch.image.pixels, patch.image.region))
    job.workshop.remember_mouth(job.text("analysis"), job.frame, params)
    rows = job.out.empty() if patch is None else painted(job, layers(patch), patch.image.region)
    return Answer(rows=rows, packet=Packet(patch, job.place), packet_bytes=size_of(patch), recipe=params)


def region(job: Job) -> tuple[float, float, float, float] | None:
    """x1 y1 x2 y2, canonical, of all that this frame's patch may touch; None where Source's own region serves: the
    plate keeps its mouth, or nobody knows it yet."""
    try:
        params = job.settings[NAME].at(job.frame)
        box = node(NAME).region(job.frame, job.plan(params), params)
    except LipSyncError:
        return None
    source = None if box is None else job.source_box()
    if box is None or source is None:
        return None
    spare_px = math.ceil(_SPARE_PX / min(*job.scale, _COARSE))
    inside = box.grow(spare_px).intersect(source)
    if inside.is_empty:
        return None
    y1, y2 = job.display.y1 - inside.y1, job.display.y1 - inside.y0
    return inside.x0 * job.par, float(y1), inside.x1 * job.par, float(y2)


def patch_with(job: Job, params: Any) -> Patch | None:
    """The mouth of this frame, at the host's scale, with params of MouthGenerate resolved at it."""
    plan = scaled(job.plan(params), job.place, job.display)
    heard = spoken_at(job.parts.audio, job.parts.frames.tolist(), job.frame)
    patch: Patch | None = node(NAME).render(job.plate, job.frame, plan, params, reel=job.reel(params), heard=heard)
    return patch


def layers(patch: Patch) -> np.ndarray:
    """[4, H, W] premultiplied: the mouth over the moved skin under it."""
    return np.asarray(over(patch.image.pixels, patch.ground.pixels))


def matte(job: Job, patch: Patch | None) -> Answer:
    if patch is None:
        return grey(job, np.zeros((0, 0), np.float32), Region(0, 0, 0, 0))
    return grey(job, layers(patch)[3], patch.image.region)


def size_of(patch: Patch | None) -> int:
    parts = () if patch is None else (patch.image.pixels, patch.ground.pixels, patch.skin, patch.outline)
    return sum(part.nbytes for part in parts)
