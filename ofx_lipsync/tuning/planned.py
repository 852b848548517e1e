# SPDX-License-Identifier: Apache-2.0
"""The face as a plan wants it, before a pixel is made, and as the tracker finds it in what was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Mapping, Sequence

import numpy as np

from ofx_lipsync.core import keys
from ofx_lipsync.core.articulate import articulation
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.graph import Dubbed, Settings
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.reduce import reduce_area, reduced_size
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.nodes._face_patch import patch, roi_from_pose
from ofx_lipsync.nodes.mouth.points import INDEX
from ofx_lipsync.tuning.shown import dubbed_rgb

OPEN = 0
"""The column of an articulation that says how far the lips are apart."""


def planned_track(track: FaceTrack, plan: MouthPlan, settings: Settings) -> FaceTrack:
    """The track with lips, cheeks and chin where the plan takes them at the strength of each frame."""
    rows = np.searchsorted(track.frames, plan.frames)
    amount = (strengths(settings, plan.frames.tolist()) * plan.strength)[:, None, None]
    landmarks = track.landmarks.copy()
    landmarks[rows[:, None], INDEX[None], :2] = plan.here + amount * (plan.target - plan.here)
    return replace(track, landmarks=landmarks)


def strengths(settings: Settings, frames: Sequence[int]) -> np.ndarray:
    """[N] float64: MouthGenerate.strength at each frame."""
    value = settings["MouthGenerate"].strength
    return np.array([keys.at(value, frame) if isinstance(value, Mapping) else value for frame in frames], np.float64)


def openings(track: FaceTrack, frames: Sequence[int]) -> np.ndarray:
    """[N] float64: how far the lips are apart on each frame, in % of face height; NaN where nobody is seen."""
    found = np.full(len(frames), np.nan)
    places = [(place, row) for place, frame in enumerate(frames) if (row := track.index(frame)) is not None]
    if places:
        at, rows = (list(part) for part in zip(*places, strict=True))
        found[at] = 100 * articulation(track.landmarks[rows])[:, OPEN]
    return found


KEPT_BYTES = 2**29
"""Of frames that were made, kept for the next look at them: about 100 of 1080p."""


class DubbedClip:
    """The plate with the new mouth in it as a core Clip, each frame made when it is first asked for."""

    def __init__(
        self, plate: Clip, colour: Colour, made: Callable[[int], Dubbed | None], frames: Sequence[int]
    ) -> None:  # fmt: skip
        self._plate, self._colour, self._made, self.frames = plate, colour, made, frames
        self._kept: dict[int, Dubbed | None] = {}
        self._bytes = 0

    @property
    def rate(self) -> Rate:
        return self._plate.rate

    @property
    def display(self) -> Region:
        return self._plate.display

    def window(self, frame: int) -> Region:
        return self._plate.window(frame)

    def crop(self, frame: int, region: Region) -> Image:
        image = self._plate.crop(frame, region)
        return replace(image, pixels=dubbed_rgb(image.pixels, region, self._dubbed(frame)))

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        """As a plate's, but reduced in scene-linear, where the mouth was put in."""
        dubbed = self._dubbed(frame)
        if dubbed is None or dubbed.image.region.intersect(region).is_empty:
            return self._plate.look(frame, region, longest_px)
        size = reduced_size(region.width, region.height, longest_px)
        light = np.fmax(np.fmin(self.crop(frame, region).pixels, np.float32(16)), np.float32(-1))
        pixels = self._colour.to_look(reduce_area(light, *size))
        return Image(pixels, Region.of_size(*size), Region.of_size(*size), colour=self._colour.look_space)

    def _dubbed(self, frame: int) -> Dubbed | None:
        if frame not in self._kept:
            dubbed = self._made(frame)
            self._bytes += 0 if dubbed is None else dubbed.image.pixels.nbytes + dubbed.matte.nbytes
            if self._bytes > KEPT_BYTES:  # rather made again than out of memory
                self._kept, self._bytes = {}, 0
            self._kept[frame] = dubbed
        return self._kept[frame]


class MouthReader:
    """Reads how far lips are apart off pictures, by the face mesh; faces are looked for where a track has them, which a
    new mouth does not change."""

    def __init__(self, track: FaceTrack) -> None:
        self._track, self._mesh = track, FaceNetworks.load().mesh

    def opening(self, clip: Clip, frame: int) -> float:
        """In % of face height; NaN where the track has nobody."""
        row = self._track.index(frame)
        if row is None:
            return float("nan")
        roi = roi_from_pose(self._track.landmarks[row])
        landmarks, _ = self._mesh.place(*self._mesh.predict(patch(clip, frame, roi)), roi)
        return float(100 * articulation(landmarks[None])[0, OPEN])
