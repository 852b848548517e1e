# SPDX-License-Identifier: Apache-2.0
"""A wedge: one shot in many settings, as pictures and figures side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.errors import FrameError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import Dubbed, Settings, followed
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.tuning.planned import DubbedClip, MouthReader, openings, planned_track
from ofx_lipsync.tuning.rendered_score import rendered_lse, windows
from ofx_lipsync.tuning.shared import Made, Shared
from ofx_lipsync.tuning.shown import Shower, dubbed_rgb, mouth_regions
from ofx_lipsync.tuning.sync_score import SyncScore, SyncScorer
from ofx_lipsync.tuning.vary import Variant


@dataclass
class Cell:
    """A variant on one frame. close: [3, H, W] display values round the mouth; whole: of the frame, where asked for.
    wanted, made: how far the lips are apart, in % of face height, as planned and as tracked in the picture."""

    close: np.ndarray
    whole: np.ndarray | None
    wanted: float
    made: float


@dataclass
class Tried:
    """A variant. cost_s: CPU-seconds that a frame of it takes. sync: of the whole shot's planned lips. heard_s: seconds
    of it that were rendered and measured; lse: what that gave."""

    variant: Variant
    cost_s: float
    sync: SyncScore | None
    cells: dict[int, Cell] = field(default_factory=dict)
    lse: float | None = None


@dataclass
class Wedge:
    """plates: what the variants stand beside, by frame. current: number of the variant that the shot is set to."""

    frames: list[int]
    plates: dict[int, Cell]
    tried: list[Tried]
    current: int | None
    view: str
    cpu_s: float


def wedge(
    shared: Shared, plate: Plate, variants: Sequence[Variant], frames: Sequence[int], shower: Shower,
    whole: bool = False, measure_s: float = 0.0,
) -> Wedge:  # fmt: skip
    """Raises: FrameError where nobody is seen in the shot."""
    began = time.process_time()
    analyses = shared.analyses()
    tracks = [
        _planned(shared, analysis, variant.settings) for analysis, variant in zip(analyses, variants, strict=True)
    ]
    found = followed(shared.base.faces, shared.shot.frames, shared.base_settings["FaceDetect"])
    if found is None or not len(found.frames):
        raise FrameError("wedge: nobody is seen in the shot; look at it with: lipsync view")
    regions = mouth_regions(found, list(frames), plate.display)
    eye, tried = MouthReader(found), [Tried(variant, 0.0, None) for variant in variants]
    pictures = _Pictures(plate, regions, shower, whole)
    made_on: dict[tuple[int, int], float] = {}
    for made in shared.comps(analyses, frames):
        mouth = made.frame, made.same_mouth
        if mouth not in made_on:  # the same mouth is as far open whatever Blend does to its edge
            made_on[mouth] = eye.opening(_clip(plate, made), made.frame)
        close, picture = pictures.of(made.frame, made.dubbed)
        for place in made.variants:
            wanted = float(openings(tracks[place], [made.frame])[0])
            tried[place].cells[made.frame] = Cell(close, picture, wanted, made_on[mouth])
            tried[place].cost_s += (made.mouth_s + made.comp_s) / len(frames)
    plates = {f: Cell(*pictures.of(f, None), float(openings(found, [f])[0]), float("nan")) for f in frames}
    _score(shared, tracks, tried)
    if measure_s > 0:
        _measure(shared, plate, analyses, tried, frames, measure_s)
    current = next((v.number for v in variants if v.settings.params == shared.base_settings.params), None)
    return Wedge(list(frames), plates, tried, current, f"{shower.view}, {shower.display}", time.process_time() - began)


@dataclass
class _Pictures:
    """The plate is read and shown once a frame, whatever the number of variants."""

    plate: Plate
    regions: dict[int, Region]
    shower: Shower
    with_whole: bool
    _rgb: dict[tuple[int, bool], np.ndarray] = field(default_factory=dict)

    def of(self, frame: int, dubbed: Dubbed | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Round the mouth, and of the whole frame or None."""
        return self._shown(frame, dubbed, False), self._shown(frame, dubbed, True) if self.with_whole else None

    def _shown(self, frame: int, dubbed: Dubbed | None, whole: bool) -> np.ndarray:
        region = self.plate.display if whole else self.regions[frame]
        if (frame, whole) not in self._rgb:
            self._rgb = {key: rgb for key, rgb in self._rgb.items() if key[0] == frame}
            self._rgb[frame, whole] = self.plate.crop(frame, region).pixels
        return self.shower.picture(dubbed_rgb(self._rgb[frame, whole], region, dubbed))


def _planned(shared: Shared, analysis: Analysis, settings: Settings) -> FaceTrack:
    track = followed(analysis.faces, shared.shot.frames, settings["FaceDetect"])
    if track is None:
        raise FrameError("wedge: a variant sees nobody in the shot; vary FaceDetect less")
    return planned_track(track, analysis.plan, settings)


def _clip(plate: Plate, made: Made) -> DubbedClip:
    return DubbedClip(plate, plate.colour, lambda frame: made.dubbed, [made.frame])


def _score(shared: Shared, tracks: Sequence[FaceTrack], tried: Sequence[Tried]) -> None:
    """By the planned lips of the whole shot; variants of one plan and strength have one score."""
    shot, network = shared.shot, shared.base_settings["SyncMeter"].network
    assert shot.times_s is not None
    if not SyncScorer.can(network):
        return
    scorer = SyncScorer(shot.sound, shot.frames, shot.times_s, float(1 / shot.plate.rate), network)
    known: dict[bytes, SyncScore | None] = {}
    for track, one in zip(tracks, tried, strict=True):
        key = track.landmarks.tobytes()
        if key not in known:
            known[key] = scorer.score(track)
        one.sync = known[key]


def _measure(
    shared: Shared, plate: Plate, analyses: Sequence[Analysis], tried: Sequence[Tried], frames: Sequence[int],
    seconds: float,
) -> None:  # fmt: skip
    """By pixels: so many seconds round each frame are rendered, once for variants that differ in Blend alone, and
    SyncMeter looks at them."""
    known: dict[str, float] = {}
    for analysis, one in zip(analyses, tried, strict=True):
        settings = one.variant.settings
        key = " ".join(settings[name].digest_text() for name in ("FaceDetect", "AudioFeature", "MouthGenerate"))
        if key not in known:
            each = [
                rendered_lse(shared.shot, settings, analysis, plate, part)
                for part in windows(shared.shot, frames, seconds)
            ]
            known[key] = float(np.mean(each))
        one.lse = known[key]
