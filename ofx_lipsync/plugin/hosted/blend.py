# SPDX-License-Identifier: Apache-2.0
"""Blend in a host: plate, mouth and holdout in, the comp out; outside the matte the host's own bytes.

MouthGenerate's picture holds less than its patch. Blend knows the patch by the picture's content, or makes it again
from the analysis; a picture that is neither known nor what MouthGenerate would make is an error: it would be ignored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.plan import Patch
from ofx_lipsync.elements import plate_points, uv
from ofx_lipsync.graph import Dubbed
from ofx_lipsync.media.picture_file import to_float
from ofx_lipsync.plugin.answer import Answer, composed, data, grey, painted, passed
from ofx_lipsync.plugin.hosted.mouth_generate import Packet, layers, matte, patch_with
from ofx_lipsync.plugin.hosted.shown import confidence, landmarks
from ofx_lipsync.plugin.job import MOUTH, SOURCE, Job
from ofx_lipsync.plugin.pictures import Layout, Picture
from ofx_lipsync.plugin.proxies import placed
from ofx_lipsync.plugin.request import Named

NAME = "Blend"
_SLACK = {1: (3 / 255, 0.0), 2: (64 / 65535, 0.0), 3: (1e-3, 4e-3), 4: (1e-4, 4e-3)}
"""By depth, how far a host's conversions may bring a mouth from what was made: absolute, and as a share."""


def render(job: Job) -> Answer:
    job.need(SOURCE)
    return shown(job, patch_of(job))


def shown(job: Job, patch: Patch | None) -> Answer:
    """The view of a comp with this patch."""
    if job.view == "landmarks":
        return landmarks(job)
    if job.view == "confidence":
        return confidence(job, patch)
    if job.view == "stmap":
        return st_map(job, patch)
    if patch is None:
        return _nothing(job)
    if job.view == "raw":
        return Answer(rows=painted(job, patch.image.pixels, patch.image.region))
    dubbed = job.dub.comp(patch, job.frame)
    job.request.check()
    if job.view == "matte":
        return grey(job, dubbed.matte, dubbed.image.region)
    if job.view == "patch":
        return Answer(rows=painted(job, _cut_out(dubbed), dubbed.image.region))
    if job.view == "layer" and dubbed.layer is not None:
        return Answer(rows=painted(job, dubbed.layer.pixels, dubbed.layer.region))
    return composed(job, dubbed.image.pixels, dubbed.image.region, dubbed.matte)


def _nothing(job: Job) -> Answer:
    """A frame that keeps its own mouth."""
    if job.view in ("layer", "raw"):
        return Answer(rows=job.out.empty())
    return matte(job, None) if job.view in ("matte", "patch") else passed(job)


def st_map(job: Job, patch: Patch | None) -> Answer:
    """(u, v) of the whole picture in red and green: what does not move reads itself, at any scale of a proxy."""
    region, display = job.place.region(job.out), job.display
    corners = np.array([[display.x0, display.y0], [display.x1, display.y1]], np.float64)
    points = plate_points([] if patch is None else [patch], region)
    return data(job, uv(points, placed(corners, job.place, display)), region)


def patch_of(job: Job) -> Patch | None:
    """The patch of the mouth that comes in.

    Raises: UsageError where nothing comes in, or something that MouthGenerate does not make of this analysis.
    """
    named = job.need(MOUTH)
    packet = job.workshop.store.packet(named.key)
    if isinstance(packet, Packet) and packet.place == job.place:
        job.workshop.counters.add(known=1)
        return packet.patch
    job.workshop.counters.add(recomputed=1)
    recipe = job.workshop.store.recipe(named.key)
    return patch_with(job, recipe) if recipe is not None else _remade(job, named)


def _remade(job: Job, named: Named) -> Patch | None:
    """The patch that looks like the picture: MouthGenerate as it was last seen here, or as it was analysed."""
    picture = job.request.picture(named)
    filed = job.settings["MouthGenerate"].at(job.frame)
    for params in _distinct(job.workshop.remembered_mouth(job.text("analysis"), job.frame), filed):
        patch = patch_with(job, params)
        if _alike(job, picture, patch):
            return patch
    raise UsageError(
        f"{NAME}: what comes in at {MOUTH} is not what MouthGenerate makes of {job.text('analysis')}; connect it to "
        "MouthGenerate itself, render that anew (empty the host's cache), and press Analyse there if its params changed"
    )


def _distinct(*params: Any) -> list[Any]:
    return [p for n, p in enumerate(params) if p is not None and p not in params[:n]]


def _alike(job: Job, picture: Picture, patch: Patch | None) -> bool:
    made = _as_mouth(job, picture.layout, patch)
    atol, rtol = _SLACK[picture.layout.depth]
    close = np.isclose(to_float(made), to_float(picture.rows), rtol=rtol, atol=atol, equal_nan=True)
    return bool(close.all())


def _as_mouth(job: Job, layout: Layout, patch: Patch | None) -> np.ndarray:
    """MouthGenerate's result in the layout of the picture that came in."""
    if patch is None:
        return layout.empty()
    return painted(job, layers(patch), patch.image.region, layout)


def _cut_out(dubbed: Dubbed) -> np.ndarray:
    """[4, H, W]: only the changed pixels, premultiplied by the matte."""
    alpha = dubbed.matte
    return np.concatenate([np.where(alpha > 0, dubbed.image.pixels[:3] * alpha, 0), alpha[None]]).astype(np.float32)
