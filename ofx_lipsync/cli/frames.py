# SPDX-License-Identifier: Apache-2.0
"""Finished frames of a dub, one after another: what every way of delivering them starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Sequence

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.progress import Progress
from ofx_lipsync.cli.provenance import frame_stamp, shot_stamp
from ofx_lipsync.cli.shot import OpenShot
from ofx_lipsync.core.errors import at_frame
from ofx_lipsync.farm.recipe import Recipe
from ofx_lipsync.graph import Dub, Dubbed
from ofx_lipsync.media.plate import Frame
from ofx_lipsync.media.writer import KEY


@dataclass(frozen=True)
class Finished:
    """frame: the plate's own, with the new mouth in it and what it says of itself. dubbed: None where the plate stands
    as it is."""

    frame: Frame
    dubbed: Dubbed | None


def finished(opened: OpenShot, analysis: Analysis, frames: Sequence[int], shown: Progress) -> Iterator[Finished]:
    """The frames asked for, in order; each a pure function of plate, analysis and params."""
    dub, stamp, recipe = Dub(opened.shot, opened.settings), shot_stamp(opened, analysis), Recipe.of(opened, analysis)
    dub.prepare(analysis, frames)
    for number in shown.stage("render", frames):
        with at_frame(number):
            dubbed = dub.render(analysis, number)
            frame = opened.plate.load(number)
            if dubbed is not None:
                frame.composite(dubbed.image, dubbed.matte)
                frame.metadata.update({**stamp, **frame_stamp(dubbed.image.region)})
            frame.metadata[KEY] = recipe.key(number)
        yield Finished(frame, dubbed)
