# SPDX-License-Identifier: Apache-2.0
"""A portrait that speaks, on one screen: find the face, listen, plan mouth, eyes and head, then make frame by frame.

The same two passes as a dub (graph.py): `analyse` sees the still and hears the whole line once, `render` is a pure
function of one frame. The mouth is painted on the still as it stands; then lids, brows and head move what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.portrait import PortraitPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import Dub, Dubbed, Progress, Settings, Shot, node

CHAIN = ("FaceDetect", "AudioFeature", "MouthGenerate", "Blend", "Portrait")


@dataclass(frozen=True)
class PortraitAnalysis:
    """face: of the still, on the shot's first frame alone."""

    face: FaceAnalysis
    audio: AudioAnalysis
    mouth: MouthPlan
    plan: PortraitPlan


class Portrait:
    """FaceDetect on the still + AudioFeature -> MouthGenerate -> Blend -> Portrait."""

    def __init__(self, shot: Shot, settings: Settings, progress: Progress | None = None) -> None:
        """shot.plate shows the still on every frame."""
        self.settings = settings
        self.shot = replace(shot, plate=_Held(shot.plate, shot.frames))
        self.dub = Dub(replace(self.shot, reel=self.shot.plate), settings, progress)

    def analyse(self) -> PortraitAnalysis:
        """Raises: FrameError where the still shows no face, or one turned too far to speak."""
        shot, detect = self.shot, node("FaceDetect")
        first = list(shot.frames[:1])
        face = detect.analyse(shot.plate, first, self.settings["FaceDetect"])
        track = face.chosen_track()
        audio = self.dub.audio()
        plan = node("Portrait").analyse(track, audio, shot.frames, shot.plate.rate, self.settings["Portrait"])
        return PortraitAnalysis(face, audio, self._mouth(track, audio, plan), plan)

    def render(self, analysis: PortraitAnalysis, frame: int) -> list[Dubbed]:
        """What to lay over the still, one after the other; none where it stands untouched."""
        spoken = self._spoken(analysis, frame)
        talking = _Talking(self.shot.plate, frame, spoken)
        moved = node("Portrait").render(talking, frame, analysis.plan, self.settings["Portrait"].at(frame))
        return [one for one in (spoken, None if moved is None else Dubbed(*moved)) if one is not None]

    def _spoken(self, analysis: PortraitAnalysis, frame: int) -> Dubbed | None:
        patch = self.dub.patch(analysis.mouth, frame, analysis.audio)
        return None if patch is None else self.dub.comp(patch, frame)

    def _mouth(self, track: FaceTrack, audio: AudioAnalysis, alive: PortraitPlan) -> MouthPlan:
        """The still is a reel of one mouth, so that a long line costs no more a frame than a short one."""
        shot, params = self.shot, self.settings["MouthGenerate"].with_values(library="reel")
        whole = _repeated(track, shot.frames)
        plan: MouthPlan = node("MouthGenerate").analyse(
            whole, shot.plate.rate, shot.frames, audio.curve, params,
            plate=shot.plate, reel=(shot.plate, track), times_s=audio.curve.times_s,
        )  # fmt: skip
        return replace(plan, strength=plan.strength * alive.alive)


def _repeated(track: FaceTrack, frames: Sequence[int]) -> FaceTrack:
    """The still's face on every frame."""

    def held(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values[:1], (len(frames), *values.shape[1:]))

    return replace(
        track, frames=np.asarray(frames, np.int64), landmarks=held(track.landmarks), presence=held(track.presence),
        blendshapes=held(track.blendshapes), covered=None,
    )  # fmt: skip


class _Held:
    """The still as a clip: the last parts read are kept, for every frame asks for the same. Implements Clip."""

    KEPT = 4

    def __init__(self, still: Clip, frames: Sequence[int]) -> None:
        self.frames, self.rate, self.display = frames, still.rate, still.display
        self._still, self._first = still, frames[0]
        self._parts: dict[Region, Image] = {}

    def window(self, frame: int) -> Region:
        return self._still.window(self._first)

    def crop(self, frame: int, region: Region) -> Image:
        for whole, part in self._parts.items():
            if whole.contains(region):
                return part.window(region)
        if len(self._parts) >= self.KEPT:
            del self._parts[min(self._parts, key=lambda r: r.width * r.height)]
        self._parts[region] = self._still.crop(self._first, region)
        return self._parts[region]

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        return self._still.look(self._first, region, longest_px)


class _Talking:
    """One frame of the still with its new mouth. Implements Clip."""

    def __init__(self, still: Clip, frame: int, spoken: Dubbed | None) -> None:
        self.frames, self.rate, self.display = (frame,), still.rate, still.display
        self._still, self._spoken = still, spoken

    def window(self, frame: int) -> Region:
        return self._still.window(frame)

    def crop(self, frame: int, region: Region) -> Image:
        still = self._still.crop(frame, region)
        if self._spoken is None:
            return still
        inside = self._spoken.image.region.intersect(region)
        if inside.is_empty:
            return still
        pixels = still.pixels.copy()
        rows, columns = inside.slices_in(region)
        there = self._spoken.matte[inside.slices_in(self._spoken.image.region)] > 0
        pixels[:, rows, columns] = np.where(there, self._spoken.image.window(inside).pixels, pixels[:, rows, columns])
        return replace(still, pixels=pixels)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        return self._still.look(frame, region, longest_px)
