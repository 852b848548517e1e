# SPDX-License-Identifier: Apache-2.0
"""AudioFeature in a host: the line as a strip, from top to bottom its loudness, its mel spectrogram, where somebody
speaks and where lips shut, and how far the mouth opens and widens; or Source as it came."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import AnalysisError
from ofx_lipsync.core.mouth import ARTICULATION, AudioAnalysis
from ofx_lipsync.core.region import Region
from ofx_lipsync.models.mel import FRAMES_HZ
from ofx_lipsync.plugin.answer import Answer, passed
from ofx_lipsync.plugin.draw import DARK, FACE, GOOD, LIPS, WANTED, Ink
from ofx_lipsync.plugin.job import Job, spoken
from ofx_lipsync.plugin.pictures import ALPHA, Picture, part_of, stored

NAME = "AudioFeature"
_QUIETEST_DB = 60.0


def render(job: Job) -> Answer:
    if job.view == "source":
        return passed(job)
    parts = job.of_this_frame()
    if parts.audio is None:
        raise AnalysisError(f"{job.text('analysis')}: holds nothing of {NAME}; press Analyse there")
    job.made_with_these(NAME)
    starts_s = max(0.0, spoken(job, job.rate, int(parts.frames[0]))[1])
    return _opaque(job, drawn(parts.audio, parts.frames, job.frame, job.place.region(job.out), starts_s))


def drawn(audio: AudioAnalysis, frames: np.ndarray, frame: int, region: Region, starts_s: float = 0.0) -> Ink:
    """The strip over `region`, the shot from left to right. starts_s: where the line begins on the shot's clock."""
    ink = Ink(region)
    ink.fill(region.x0, region.y0, region.x1, region.y1, DARK)
    width = max(1.0, region.height / 300)
    rows = np.linspace(region.y0, region.y1, 5)
    _mel(ink, audio, starts_s, rows[1], rows[2])
    loud = 1 + audio.loudness_db / _QUIETEST_DB
    curve = audio.curve
    lanes = {0: ((loud, FACE),), 2: ((curve.voice, GOOD), (curve.closure, WANTED)), 3: _mouth(curve.values)}
    for lane, graphs in lanes.items():
        for values, colour in graphs:
            box = (region.x0, rows[lane] + 2 * width, region.x1, rows[lane + 1] - 2 * width)
            ink.graph(box, values.tolist(), colour, width)
    here = region.x0 + (np.searchsorted(frames, frame) + 0.5) / len(frames) * region.width
    ink.line(np.array([[here, region.y0], [here, region.y1]]), (1.0, 1.0, 1.0), width)
    return ink


def _mouth(values: np.ndarray) -> tuple:
    """Opening from 0 to 1.5 of the person's range; width from -1 to 1, its rest in the middle of the lane."""
    opening, width = (values[:, ARTICULATION.index(name)] for name in ("open", "width"))
    return ((opening / 1.5, LIPS), (0.5 + width / 2, FACE))


def _mel(ink: Ink, audio: AudioAnalysis, starts_s: float, top: float, bottom: float) -> None:
    """The spectrogram, low tones at the bottom."""
    box = Region(ink.region.x0, round(top), ink.region.x1, round(bottom)).intersect(ink.region)
    if box.is_empty or not audio.mel.size or len(audio.curve.times_s) < 2:
        return
    times_s = np.linspace(audio.curve.times_s[0], audio.curve.times_s[-1], box.width)
    columns = np.floor((times_s - starts_s) * FRAMES_HZ).astype(np.int64)
    heard = (columns >= 0) & (columns < audio.mel.shape[1])
    columns = np.clip(columns, 0, audio.mel.shape[1] - 1)
    bands = np.linspace(audio.mel.shape[0] - 1, 0, box.height).astype(np.int64)
    shade = np.clip((audio.mel[bands][:, columns] + 4) / 8, 0, 1) * heard
    rows, across = box.slices_in(ink.region)
    ink.rgb[:, rows, across] = shade * np.array(FACE, np.float32)[:, None, None]


def _opaque(job: Job, ink: Ink) -> Answer:
    """The ink alone, in the host's space."""
    colour = job.colour
    planes = colour.colour.convert(ink.rgb, colour.colour.look_space, colour.space)
    rows = job.out.empty()
    part = part_of(Picture(job.out, rows), job.place, ink.region)
    one = np.ones((1, *ink.region.shape), np.float32)
    shown = one if job.out.comps == ALPHA else np.concatenate([planes, one])[: job.out.comps]
    for channel, plane in enumerate(shown):
        part[..., channel] = stored(plane, job.out.depth)
    return Answer(rows=rows)
