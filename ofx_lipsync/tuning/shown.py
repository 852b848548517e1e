# SPDX-License-Identifier: Apache-2.0
"""Frames as the OCIO view shows them: what a contact sheet, a wedge and a report are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import PyOpenColorIO as ocio

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import Dubbed
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.view.look import processor, views
from ofx_lipsync.view.shot import place

ABOVE, BELOW, BESIDE = 0.27, 0.31, 0.38
"""What is shown round the middle of the lips, in face heights: from the nose to the chin, cheek to cheek."""


@dataclass(frozen=True)
class Shower:
    """A display and view of a config, applied to scene-linear pictures on the CPU."""

    display: str
    view: str
    _transform: Any

    @classmethod
    def of(cls, colour: Colour, display: str | None = None, view: str | None = None) -> Shower:
        """The config's default display and view where none is named.

        Raises: ColourError naming those that there are."""
        chosen, names = views(colour, display)
        if view is not None and view not in names:
            raise ColourError(f"view: no view {view!r} for {chosen!r}; it has {', '.join(map(repr, names))}")
        wanted = view or names[0]
        return cls(chosen, wanted, processor(colour, chosen, wanted).getDefaultCPUProcessor())

    def picture(self, rgb: np.ndarray) -> np.ndarray:
        """[3, H, W] float32 display values, 0..1, of a scene-linear picture [3, H, W]; NaN is black."""
        planes = np.nan_to_num(np.array(rgb, np.float32, order="C"), nan=0.0, posinf=65504.0, neginf=0.0)
        if planes.size:
            height, width = planes.shape[1:]
            self._transform.apply(ocio.PlanarImageDesc(planes[0], planes[1], planes[2], width, height))
        return np.clip(np.nan_to_num(planes), 0, 1)


def dubbed_rgb(rgb: np.ndarray, region: Region, dubbed: Dubbed | None) -> np.ndarray:
    """[3, H, W]: the plate `rgb` over a region with the new mouth in it; `rgb` itself is kept."""
    if dubbed is None:
        return rgb
    made = rgb.copy()
    place(dubbed.image.pixels, dubbed.matte, dubbed.image.region, made, region)
    return made


def matte_picture(region: Region, dubbed: Dubbed | None) -> np.ndarray:
    """[3, H, W] the matte over a region, black where the plate stands."""
    matte = np.zeros(region.shape, np.float32)
    if dubbed is not None and not (inside := dubbed.image.region.intersect(region)).is_empty:
        matte[inside.slices_in(region)] = dubbed.matte[inside.slices_in(dubbed.image.region)]
    return np.broadcast_to(matte, (3, *matte.shape))


def mouth_regions(track: FaceTrack, frames: list[int], display: Region) -> dict[int, Region]:
    """Where to look on each frame: all of one size, round the lips, so that pictures can be held against each other.
    Frames where nobody is seen show the place where the face was last, or first, seen."""
    rows = np.clip(np.searchsorted(track.frames, frames, side="right") - 1, 0, len(track.frames) - 1)
    height_px = float(np.median(track.face_height_px()[rows]))
    lips = track.landmarks[rows][:, (13, 14), :2].mean(axis=1)
    width, above, below = (round(share * height_px) for share in (2 * BESIDE, ABOVE, BELOW))
    width, high = min(width, display.width), min(above + below, display.height)
    found = {}
    for frame, (x, y) in zip(frames, lips.tolist(), strict=True):
        x0 = min(max(round(x - width / 2), display.x0), display.x1 - width)
        y0 = min(max(round(y - above), display.y0), display.y1 - high)
        found[frame] = Region(x0, y0, x0 + width, y0 + high)
    return found
