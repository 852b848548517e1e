# SPDX-License-Identifier: Apache-2.0
"""A second dub over a first: another person in the same plate."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.provenance import frame_stamp, shot_stamp
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import Dub, Dubbed, node
from ofx_lipsync.media.plate import Frame


def lay_dub(frame: Frame, number: int, opened: OpenShot, analysis: Analysis) -> list[Dubbed]:
    """Onto a frame as it is by now; its mouth is made from the plate. Returns what was laid: nothing or one."""
    patch = Dub(opened.shot, opened.settings).patch(analysis.plan, number, analysis.audio)
    if patch is None:
        return []
    region, holdout = patch.image.region, opened.shot.holdout
    front = None if holdout is None else holdout.crop(number, region)
    dubbed = Dubbed(*node("Blend").render(_under(frame, region), patch, opened.settings["Blend"].at(number), front))
    frame.composite(dubbed.image, dubbed.matte)
    _stamp(frame, {**shot_stamp(opened, analysis), **frame_stamp(region)})
    return [dubbed]


def _under(frame: Frame, region: Region) -> Image:
    """RGB of the frame in the working space, black outside its data window."""
    planes = np.zeros((3, *region.shape), np.float32)
    image = frame.image()
    inside = region.intersect(image.region)
    if not inside.is_empty:
        rows, columns = inside.slices_in(region)
        planes[:, rows, columns] = image.window(inside).pixels[:3]
    return Image(planes, region, frame.display)


def _stamp(frame: Frame, stamp: dict[str, str | int]) -> None:
    """What both dubs say, where they differ one after the other."""
    for name, value in stamp.items():
        before = frame.metadata.get(name)
        frame.metadata[name] = value if before in (None, value) else f"{before}; {value}"
