# SPDX-License-Identifier: Apache-2.0
"""A fill, on one screen: find bad frames, follow the faces through the gaps, rebuild the picture, give it a mouth."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any, Mapping, Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.fill import FillAnalysis, FillPlan
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.landmarks import LIPS_INNER, LIPS_OUTER
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.graph import Progress, Settings, Shot, followed, node

REEL_BEGINS = 2**32
"""Frame numbers of a reel when plate and reel are one pool of mouths: beyond any plate's."""
ALIKE, UNLIKE, MIXED = 0.008, 0.025, 0.6
"""Lips within ALIKE face heights of where a mix has them cover MIXED of it, from UNLIKE on all of it."""
KEPT = 3
"""Rebuilt frames held: a mouth asks for the frame it goes on more than once."""


class Fill:
    """The shot's plate must answer for bad frames too (its size and window); what it answers is not looked at."""

    def __init__(self, shot: Shot, settings: Settings, progress: Progress | None = None) -> None:
        self.shot, self.settings = shot, settings
        self.progress = progress or (lambda stage, done, total: None)

    def analyse(self, known: Mapping[int, str] | None = None) -> FillAnalysis:
        """known: frames that are bad for certain. Raises: FrameError where none is good."""
        shot, fill = self.shot, node("Fill")
        plan = fill.analyse(
            shot.plate, shot.frames, self.settings["Fill"], known=known, progress=self._stage("search")
        )  # fmt: skip
        bad = set(plan.frames.tolist())
        good = [frame for frame in shot.frames if frame not in bad]
        nobody = FaceAnalysis((), (), -1)
        faces = self._faces(shot.plate, good, "faces") if bad else nobody
        tracks = tuple(fill.faces(faces.tracks, plan))
        return FillAnalysis(plan, faces, tracks, self._mouths(plan, faces, tracks, good))

    def render(self, analysis: FillAnalysis, frame: int) -> Image | None:
        """The whole rebuilt frame, or None where the plate is good."""
        if analysis.plan.index(frame) is None:
            return None
        rebuilt = Rebuilt(self.shot.plate, analysis)
        image = rebuilt.crop(frame, rebuilt.window(frame))
        mouth, pool = node("MouthGenerate"), self.pool(analysis)
        params = self.settings["MouthGenerate"].at(frame)
        patch = mouth.render(rebuilt, frame, analysis.mouths, params, reel=pool)
        if patch is None:
            return image
        under = rebuilt.crop(frame, patch.image.region)
        blend = self.settings["Blend"].at(frame)
        blend = blend.with_values(mix=blend.mix * stands_alone(analysis.mouths, frame))
        comp, matte = node("Blend").render(under, patch, blend, None)
        return _put(image, comp, matte)

    def pool(self, analysis: FillAnalysis) -> Clip:
        """Where mouths come from: the plate's good frames, and the reel's after them."""
        return Pool(self.shot.plate, self.shot.reel)

    def _mouths(
        self, plan: FillPlan, faces: FaceAnalysis, tracks: Sequence[FaceTrack], good: Sequence[int]
    ) -> MouthPlan:
        shot, settings = self.shot, self.settings
        mouth, audio = node("MouthGenerate"), node("AudioFeature")
        person = faces.chosen if settings["Fill"].mouth and len(plan.frames) else -1
        filmed = followed(faces, good, settings["FaceDetect"]) if person >= 0 else None
        track = tracks[person] if person >= 0 else None
        heard = audio.analyse(shot.sound, shot.frames, shot.plate.rate, settings["AudioFeature"], times_s=shot.times_s)
        params = settings["MouthGenerate"]
        if person >= 0 and mouth.is_published(params):
            raise UsageError(
                f"Fill: {params.weights} is a public network that goes by the sound, and a gap's mouth must join those "
                "beside it; use MouthGenerate.engine=plate"
            )
        if filmed is not None:
            params = params.with_values(library="reel")
        made = mouth.analyse(
            track, shot.plate.rate, shot.frames, heard.curve, params, cuts=faces.cuts, times_s=heard.curve.times_s,
            reel=None if filmed is None else (Pool(shot.plate, shot.reel), self._pooled(filmed)),
            made_up=plan.frames.tolist(),
        )  # fmt: skip
        rows = np.isin(made.frames, plan.frames)
        parts: dict[str, Any] = {name: value[rows] for name, value in vars(made).items()}
        return MouthPlan(**parts)

    def _pooled(self, filmed: FaceTrack) -> FaceTrack:
        """The plate's own sightings and the reel's, as one track over the pool."""
        reel = self.shot.reel
        track = None if reel is None else self._faces(reel, reel.frames, "reel").chosen_track()
        if track is None:
            return filmed
        parts: dict[str, Any] = {n: np.concatenate([getattr(filmed, n), getattr(track, n)]) for n in _ROWS}
        if filmed.covered is not None and track.covered is not None:
            parts["covered"] = np.concatenate([filmed.covered, track.covered])
        return replace(
            filmed, frames=np.concatenate([filmed.frames, track.frames + REEL_BEGINS]), **{"covered": None, **parts}
        )

    def _faces(self, clip: Clip, frames: Sequence[int], stage: str) -> FaceAnalysis:
        found: FaceAnalysis = node("FaceDetect").analyse(
            clip, frames, self.settings["FaceDetect"], progress=self._stage(stage)
        )
        return found

    def _stage(self, stage: str) -> Any:
        return lambda done, total: self.progress(stage, done, total)


_ROWS = ("landmarks", "presence", "blendshapes")


class _Over:
    """A clip laid over a plate. Implements core.clip.Clip but for `look`, which no mouth asks for."""

    def __init__(self, plate: Clip) -> None:
        self.plate = plate
        self.frames: Sequence[int] = plate.frames

    @property
    def rate(self) -> Rate:
        return self.plate.rate

    @property
    def display(self) -> Region:
        return self.plate.display

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        return self.plate.look(frame, region, longest_px)


class Rebuilt(_Over):
    """The plate with its bad frames rebuilt, mouths as they come out of the mix."""

    def __init__(self, plate: Clip, analysis: FillAnalysis) -> None:
        super().__init__(plate)
        self._analysis = analysis
        self._held: OrderedDict[int, Image] = OrderedDict()

    def window(self, frame: int) -> Region:
        row = self._analysis.plan.index(frame)
        return self.plate.window(frame) if row is None else self._whole(frame).region

    def crop(self, frame: int, region: Region) -> Image:
        if self._analysis.plan.index(frame) is None:
            return self.plate.crop(frame, region)
        whole = self._whole(frame)
        inside = region.intersect(whole.region)
        pixels = np.zeros((3, *region.shape), np.float32)
        if not inside.is_empty:
            pixels[(slice(None), *inside.slices_in(region))] = whole.window(inside).pixels
        return Image(pixels, region, self.display)

    def _whole(self, frame: int) -> Image:
        if frame not in self._held:
            self._held[frame] = node("Fill").render(self.plate, frame, self._analysis.plan, self._analysis.tracks)
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        return self._held[frame]


class Pool(_Over):
    """Plate and reel as one footage of the actor; the reel's frames are numbered from REEL_BEGINS on."""

    def __init__(self, plate: Clip, reel: Clip | None) -> None:
        super().__init__(plate)
        self.reel = reel

    def window(self, frame: int) -> Region:
        clip, number = self._of(frame)
        return clip.window(number)

    def crop(self, frame: int, region: Region) -> Image:
        clip, number = self._of(frame)
        return clip.crop(number, region)

    def _of(self, frame: int) -> tuple[Clip, int]:
        if self.reel is not None and frame >= REEL_BEGINS:
            return self.reel, frame - REEL_BEGINS
        return self.plate, frame


def stands_alone(mouths: MouthPlan, frame: int) -> float:
    """How much of a new mouth covers the mix of its neighbours' mouths. Lips that lie where the mix has them are mixed
    as the rest of the frame is; lips that lie elsewhere stand alone, or two mouths would be seen."""
    row = mouths.index(frame)
    if row is None:
        return 1.0
    lips = slice(0, len(LIPS_OUTER) + len(LIPS_INNER))
    apart = np.linalg.norm(mouths.target[row, lips] - mouths.here[row, lips], axis=1).mean()
    t = float(np.clip((apart / mouths.face_height_px[row] - ALIKE) / (UNLIKE - ALIKE), 0.0, 1.0))
    return MIXED + (1 - MIXED) * t * t * (3 - 2 * t)


def _put(image: Image, comp: Image, matte: np.ndarray) -> Image:
    """comp over image where its matte holds."""
    inside = comp.region.intersect(image.region)
    pixels = image.pixels.copy()
    at = (slice(None), *inside.slices_in(image.region))
    there = inside.slices_in(comp.region)
    pixels[at] = np.where(matte[there] > 0, comp.pixels[(slice(None), *there)], pixels[at])
    return replace(image, pixels=pixels)
