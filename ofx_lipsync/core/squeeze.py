# SPDX-License-Identifier: Apache-2.0
"""Anamorphic plates: faces are found and mouths planned in the picture as it is shown, pixels are kept as they are.

Aspect: how many times as wide as high a pixel is shown; 2 for a 2:1 lens, 1 for square pixels.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate


def stretched(track: FaceTrack, aspect: float) -> FaceTrack:
    """A track of plate pixels in the picture as it is shown; with 1 / aspect the way back."""
    if aspect == 1:
        return track
    scale = np.array([aspect, 1, 1], np.float32)
    return replace(track, landmarks=track.landmarks * scale)


def squeezed_faces(faces: FaceAnalysis, aspect: float) -> FaceAnalysis:
    """What was found in the shown picture, in plate pixels."""
    return replace(faces, tracks=tuple(stretched(track, 1 / aspect) for track in faces.tracks))


def squeezed_plan(plan: MouthPlan, aspect: float) -> MouthPlan:
    """A plan for the shown picture in plate pixels; its unit lies half way between a pixel's width and height."""
    if aspect == 1:
        return plan
    scale = np.array([1 / aspect, 1], np.float32)
    points: dict[str, Any] = {name: getattr(plan, name) * scale for name in ("here", "target", "source")}
    return replace(plan, face_height_px=plan.face_height_px / np.float32(math.sqrt(aspect)), **points)


class Shown:
    """An anamorphic plate as it is shown, for networks: only `look` is stretched. Implements core.clip.Clip."""

    def __init__(self, plate: Clip, aspect: float) -> None:
        self.plate, self.aspect = plate, aspect

    @property
    def frames(self) -> Sequence[int]:
        return self.plate.frames

    @property
    def rate(self) -> Rate:
        return self.plate.rate

    @property
    def display(self) -> Region:
        return self._wide(self.plate.display)

    def window(self, frame: int) -> Region:
        return self._wide(self.plate.window(frame))

    def crop(self, frame: int, region: Region) -> Image:
        raise NotImplementedError("pixels are read from the plate itself")

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        """Of a region of the shown picture, by straight lines between the plate's own reduced pixels."""
        narrow = Region(math.floor(region.x0 / self.aspect), region.y0, math.ceil(region.x1 / self.aspect), region.y1)
        scale = min(1.0, longest_px / max(region.width, region.height))
        longest = max(1, round(max(narrow.width, narrow.height) * min(1.0, scale * max(1.0, self.aspect))))
        seen = self.plate.look(frame, narrow, longest).pixels
        width, height = max(1, round(region.width * scale)), max(1, round(region.height * scale))
        x = (region.x0 + (np.arange(width) + 0.5) * region.width / width) / self.aspect - narrow.x0
        y = (np.arange(height) + 0.5) * region.height / height
        across = _weights(x * seen.shape[2] / narrow.width, seen.shape[2], seen.shape[2] / width)
        down = _weights(y * seen.shape[1] / region.height, seen.shape[1], seen.shape[1] / height)
        box = Region.of_size(width, height)
        return Image((down @ seen @ across.T).astype(np.float32), box, box)

    def _wide(self, box: Region) -> Region:
        return Region(round(box.x0 * self.aspect), box.y0, round(box.x1 * self.aspect), box.y1)


def _weights(at: np.ndarray, size: int, step: float) -> np.ndarray:
    """[N, size] float32: how much each of `size` pixels counts at places `at` [N]: a triangle, as wide as the step
    between two places where that is more than a pixel."""
    wide = max(1.0, step)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - (np.arange(size) + 0.5)) / wide)
    weights[np.arange(len(at)), np.clip(at.astype(np.int64), 0, size - 1)] += 1e-9
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
