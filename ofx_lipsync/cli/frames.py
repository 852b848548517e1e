# SPDX-License-Identifier: Apache-2.0
"""Finished frames of a dub, one after another: what every way of delivering them starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.progress import Progress
from ofx_lipsync.cli.provenance import frame_stamp, shot_stamp
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.image import Image
from ofx_lipsync.graph import Dub, Dubbed
from ofx_lipsync.media.plate import Frame


@dataclass(frozen=True)
class Finished:
    """frame: the plate's own, with the new mouth in it and what it says of itself. dubbed: None where the plate stands
    as it is. layer: the new pixels as they were laid over the frame, see Frame.lay."""

    frame: Frame
    dubbed: Dubbed | None
    layer: Image | None = None


def finished(opened: OpenShot, analysis: Analysis, frames: Sequence[int], shown: Progress) -> Iterator[Finished]:
    """The frames asked for, in order; each a pure function of plate, analysis and params."""
    dub, stamp = Dub(opened.shot, opened.settings), shot_stamp(opened, analysis)
    dub.prepare(analysis, frames)
    for number in shown.stage("render", frames):
        dubbed = dub.render(analysis, number)
        frame = opened.plate.load(number)
        laid = None
        if dubbed is not None and dubbed.layer is not None:
            laid = frame.lay(dubbed.layer)
            frame.metadata.update({**stamp, **frame_stamp(dubbed.image.region)})
        yield Finished(frame, dubbed, laid)
