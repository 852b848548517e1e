# SPDX-License-Identifier: Apache-2.0
"""The elements of a dubbed frame, for whoever comps it again: what is new, what it was made of, and where it came from.

Layers, by channel: `R G B A` the new pixels alone, premultiplied, which a plain `over` lays on the plate to give the
comp; `raw` the mouth as the engine gave it, before light, texture and matte; `ground` the plate's own jaw and cheeks,
moved; `matte` how much of the comp is mouth; `confidence` 1 where the plate stands, down to the engine's own where the
mouth is; `stmap` where in the plate each pixel of the moved face is read. Beyond the file's data window nothing is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import MouthPlan, Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import Dubbed, Settings, together
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.nodes.mouth.moved import read_from

MAPS = ("stmap.u", "stmap.v")
"""Channels that are float whatever the plate is: a half knows a place in a 4K picture to a pixel or two."""


@dataclass(frozen=True)
class Elements:
    """planes: channel -> [H, W] float32 of region; colours in the space `colour`, premultiplied."""

    region: Region
    planes: dict[str, np.ndarray]
    colour: str


def elements(people: Sequence[Dubbed], laid: Image, colour: Colour) -> Elements | None:
    """The layers of a frame, or None where nothing of the plate is changed.

    people: what was made of everybody who speaks, in the order they were laid. laid: as Frame.lay gave it back.
    """
    made = [(dubbed, dubbed.patch) for dubbed in people if dubbed.patch is not None]
    if not made or not (laid.pixels[3] > 0).any():
        return None
    region = laid.region
    raw, ground = together([patch.image for _, patch in made]), together([patch.ground for _, patch in made])
    matte, sure = np.zeros(region.shape, np.float32), np.ones(region.shape, np.float32)
    for dubbed, patch in made:
        if dubbed.mouth_matte is not None:
            mouth = _within(dubbed.mouth_matte, dubbed.image.region, region)
            matte += mouth * (1 - matte)
            sure -= mouth * (sure - np.float32(patch.confidence))
    planes = {
        **_named("", laid.pixels),
        **_named("raw.", _native(raw.window(region), laid.colour, colour)),
        **_named("ground.", _native(ground.window(region), laid.colour, colour)),
        "matte.A": matte,
        "confidence.A": sure,
        **dict(zip(MAPS, st_map([patch for _, patch in made], laid.display, region), strict=True)),
    }
    box = _bounds((planes["A"] > 0) | (planes["raw.A"] > 0) | (planes["ground.A"] > 0), region)
    at = box.slices_in(region)
    return Elements(box, {name: plane[at] for name, plane in planes.items()}, laid.colour)


def st_map(patches: Sequence[Patch], display: Region, region: Region) -> np.ndarray:
    """[2, H, W] float32: (u, v) of the plate point that each pixel of a region is read from, as Nuke counts: 0..1 over
    the display window, u from the left, v from the bottom, pixel centres at half a pixel."""
    corners = np.array([[display.x0, display.y0], [display.x1, display.y1]], np.float64)
    return uv(plate_points(patches, region), corners)


def uv(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """[2, H, W] float32 of points [2, H, W]. corners: [2, 2], (x, y) px of the format's upper left and lower right."""
    (x0, y0), (x1, y1) = corners
    return np.stack([(points[0] - x0) / (x1 - x0), (y1 - points[1]) / (y1 - y0)]).astype(np.float32)


def plate_points(patches: Sequence[Patch], region: Region) -> np.ndarray:
    """[2, H, W] float64, (x, y) plate px; where nothing moves, the pixel's own centre. See nodes/mouth/moved.py."""
    still = np.stack(np.meshgrid(np.arange(region.x0, region.x1) + 0.5, np.arange(region.y0, region.y1) + 0.5))
    points = still.copy()
    for patch in patches:
        inside = patch.image.region.intersect(region)
        if patch.moved is None or inside.is_empty:
            continue
        read = read_from(patch.moved, patch.image.region)[(slice(None), *inside.slices_in(patch.image.region))]
        at = (slice(None), *inside.slices_in(region))
        points[at] = np.where((read != still[at]).any(axis=0), read, points[at])
    return points


@dataclass(frozen=True)
class Curves:
    """A shot's numbers per frame, [N] each, known from its analysis without a pixel.

    strength: 0 where the plate keeps its mouth, 1 where the line has it whole. mix: Blend's. confidence: the engine's,
    0 where there is no mouth.
    """

    frames: np.ndarray
    strength: np.ndarray
    mix: np.ndarray
    confidence: np.ndarray

    def at(self, frame: int) -> dict[str, float]:
        row = int(np.searchsorted(self.frames, frame))
        return {name: float(getattr(self, name)[row]) for name in ("strength", "mix", "confidence")}


def curves(plan: MouthPlan, frames: Sequence[int], settings: Settings) -> Curves:
    """The curves over all frames of a shot, whichever of them are rendered."""
    rows = [plan.index(frame) for frame in frames]
    asked: list[Any] = [settings["MouthGenerate"].at(frame).strength for frame in frames]
    strength = [0.0 if row is None else float(plan.strength[row]) * a for row, a in zip(rows, asked, strict=True)]
    confidence = [0.0 if row is None else float(plan.confidence[row]) for row in rows]
    mix = [float(settings["Blend"].at(frame).mix) for frame in frames]
    return Curves(np.asarray(frames, np.int64), np.array(strength), np.array(mix), np.array(confidence))


def _named(layer: str, rgba: np.ndarray) -> dict[str, np.ndarray]:
    return {layer + name: plane for name, plane in zip("RGBA", rgba, strict=True)}


def _within(matte: np.ndarray, region: Region, wanted: Region) -> np.ndarray:
    """[H, W] of another region, 0 where there is nothing."""
    found, inside = np.zeros(wanted.shape, np.float32), region.intersect(wanted)
    if not inside.is_empty:
        found[inside.slices_in(wanted)] = matte[inside.slices_in(region)]
    return found


def _native(image: Image, space: str, colour: Colour) -> np.ndarray:
    """[4, H, W], premultiplied, in a linear space."""
    return np.concatenate([colour.from_working(image.pixels[:3], space), image.pixels[3:]])


def _bounds(there: np.ndarray, region: Region) -> Region:
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return Region(
        region.x0 + int(columns[0]), region.y0 + int(rows[0]), region.x0 + int(columns[-1]) + 1,
        region.y0 + int(rows[-1]) + 1,
    )  # fmt: skip
