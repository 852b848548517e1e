# SPDX-License-Identifier: Apache-2.0
"""Measures how late a sound is against the lips that say it: over time, for every face, with how sure it is.

A network trained on people in sync compares every moment of a face with every moment of the sound within reach; the
best path through that map is the offset. It changes no pixel: Resync and people act on what it says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.offset import FaceSync, SyncReport
from ofx_lipsync.core.params import Choice, Float, Int, ParamSet, Text
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.nodes._sync_maps import maps
from ofx_lipsync.nodes._sync_read import Reading, read, speakers
from ofx_lipsync.nodes._sync_strip import strip, to_linear

ID = "SyncMeter"
VERSION = 1
INPUTS = ("plate", "sound")

STRIP = 0.12
"""Height of a face's heat strip, of the picture's."""


class Params(ParamSet):
    owner = ID
    reach = Int(
        15, lo=1, hi=100, slider=(5, 30), unit="frames", group="Search", analysed=True,
        help="The largest offset to look for, early or late. More finds worse mistakes, and more chance likenesses.",
    )  # fmt: skip
    window = Float(
        0.5, lo=0.2, hi=5, slider=(0.5, 2), unit="s", group="Search", analysed=True, animates=False,
        help="How much speech is compared at once: short follows quick changes, long is surer of itself.",
    )  # fmt: skip
    jump = Float(
        1.0, lo=0, hi=100, slider=(0.2, 5), unit="times", group="Search", analysed=True, animates=False,
        help="What a jump of the offset costs: raise it where splices are seen that are none; lower it for short bits.",
    )  # fmt: skip
    confidence = Float(
        0.5, lo=0, hi=1, slider=(0, 1), unit="0..1", group="Result", analysed=True, animates=False,
        help="How sure it must be before a face counts as the speaker; less than this is not to be relied on.",
    )  # fmt: skip
    view = Choice(
        "over", options=("over", "strip", "none"), group="Result",
        help="What a viewer shows: the heat strip over the picture, the strip alone, or the picture untouched.",
    )  # fmt: skip
    by = Choice(
        "both", options=("both", "shape", "picture"), group="Network", analysed=True,
        help="What is compared with the sound: the tracked shape of lips and jaw, the picture of them, or both.",
    )  # fmt: skip
    network = Text(
        "sync", group="Network", analysed=True,
        help="Name of the sync weights: the shipped ones, or yours in a folder of OFX_LIPSYNC_MODEL_PATH; a SyncNet's "
        "too.",
    )  # fmt: skip


def analyse(
    plate: Clip, faces: FaceAnalysis, sound: Sound, frames: Sequence[int], params: Params, *,
    times_s: np.ndarray | None = None, progress: Callable[[int, int], None] | None = None,
) -> SyncReport:  # fmt: skip
    """faces: everybody that FaceDetect saw. sound: on the shot's clock. times_s: [F] when each frame is shown, for
    footage whose frames last unequal times.

    Raises: MediaError for samples that are not numbers; ModelError for the weights.
    """
    if not np.isfinite(sound.samples).all():
        raise MediaError(f"{ID}: the sound has samples that are not numbers (NaN or Inf); export it again")
    times_s = np.array([float((f - frames[0]) / plate.rate) for f in frames]) if times_s is None else times_s
    found = maps(plate, faces, sound, frames, times_s, params.reach, params.network, params.by, progress)
    reading = Reading(params.window, params.jump)
    each = tuple(
        read(one, found, track.identity, reading) for one, track in zip(found.faces, faces.tracks, strict=True)
    )
    middle = len(found.offsets_s) // 2
    voice = found.voice[middle : middle + len(found.times_s)]
    return SyncReport(found.times_s, each, speakers(each, voice, params.confidence), voice)


def render(plate: Clip, frame: int, report: SyncReport, params: Params, *, time_s: float = 0.0) -> Image:
    """The picture; along its lower edge a heat strip of every face and where this frame is in it, where the view asks
    for that. time_s: when the frame is shown."""
    picture = plate.crop(frame, plate.window(frame))
    drawn = strips(picture.region, plate.display, report, params, time_s=time_s)
    if drawn is None:
        return picture
    pixels = np.array(picture.pixels)
    pixels[(slice(None), *drawn.region.slices_in(picture.region))] = drawn.pixels
    return replace(picture, pixels=pixels)


def strips(
    window: Region, display: Region, report: SyncReport, params: Params, *, time_s: float = 0.0
) -> Image | None:  # fmt: skip
    """What `render` lays over a picture that covers `window`, whose format is `display`; None where nothing is."""
    region = display.intersect(window) if params.view == "over" else window
    if params.view == "none" or not report.faces or region.is_empty:
        return None
    high = max(1, round(STRIP * region.height)) if params.view == "over" else region.height // len(report.faces)
    shown = [strip(face, region.width, high) for face in report.faces][: max(1, region.height // high)]
    bars = np.concatenate(shown, axis=1)
    span_s = float(report.times_s[-1] - report.times_s[0]) or 1.0
    here = int(np.clip((time_s - report.times_s[0]) / span_s * region.width, 0, region.width - 1))
    bars[:, :, here] = 1.0
    return Image(to_linear(bars), Region(region.x0, region.y1 - bars.shape[1], region.x1, region.y1), display)


def chosen(faces: FaceAnalysis, report: SyncReport) -> FaceSync | None:
    """The face that a dub or a resync is about, against the sound; None where nobody is seen."""
    return report.faces[faces.chosen] if 0 <= faces.chosen < len(report.faces) else None
