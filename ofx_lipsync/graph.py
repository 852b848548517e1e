# SPDX-License-Identifier: Apache-2.0
"""A dub, on one screen: detect, listen, plan the mouth, then patch frame by frame.

Two passes make a farm right by construction. `analyse` sees the whole shot once and keeps small data; `render` is a
pure function of one frame, the analysis and the params, so that no chunking or order changes a byte.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import FrameError, UsageError
from ofx_lipsync.core.face import FaceAnalysis, FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.core.params import ParamSet
from ofx_lipsync.core.plan import PLATE, REEL, MouthPlan, Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.squeeze import Shown, squeezed_faces
from ofx_lipsync.core.timing import FrameRange, Rate
from ofx_lipsync.kernels.over import over

NODES = {
    "FaceDetect": "face_detect",
    "AudioFeature": "audio_feature",
    "MouthGenerate": "mouth_generate",
    "Blend": "blend",
}
"""The chain of a dub, in order: id -> module."""
OTHERS: dict[str, str] = {
    "Portrait": "portrait",
    "Character": "character",
    "SyncMeter": "sync_meter",
    "Resync": "resync",
    "Fill": "fill",
}
"""Nodes beside it, each with a graph of its own."""
Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total) as frames go by, at least once a second of work; what it raises stops the work."""


@dataclass(frozen=True)
class Shot:
    """What a dub works on. reel: more footage of the same actor, for mouths. holdout: matte of what lies in front.
    times_s: [N] float64, when each frame is shown, where frames last unequal times (VFR).
    pixel_aspect: how many times as wide as high the plate's pixels, and the reel's, are shown."""

    plate: Clip
    sound: Sound
    frames: Sequence[int]
    reel: Clip | None = None
    holdout: Clip | None = None
    times_s: np.ndarray | None = None
    pixel_aspect: float = 1.0


@dataclass(frozen=True)
class Dubbed:
    """One frame's result. image: RGB over the touched region. matte: [H, W] float32; where it is 0 the plate stands.

    Of a dub's own frames also what makes them up. layer: the new pixels alone, RGBA, premultiplied. mouth_matte:
    [H, W] float32, how much of the layer is mouth, the rest being moved jaw. patch: what the engine gave.
    """

    image: Image
    matte: np.ndarray
    layer: Image | None = None
    mouth_matte: np.ndarray | None = None
    patch: Patch | None = None


def node(name: str) -> ModuleType:
    """The module of a node by its id, loaded when first asked for."""
    modules = NODES | OTHERS
    if name not in modules:
        raise UsageError(f"node: there is no {name!r}; there are {', '.join(modules)}")
    return importlib.import_module(f"ofx_lipsync.nodes.{modules[name]}")


class Settings:
    """Params of every node, from `NODE.PARAM=VALUE` texts or as values. A dub takes those of its own chain."""

    def __init__(self, **params: ParamSet) -> None:
        self.params = {name: params.get(name) or node(name).Params() for name in NODES | OTHERS}

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Settings:
        return cls.of(read_params(texts))

    @classmethod
    def of(cls, values: Mapping[str, Mapping[str, Any]]) -> Settings:
        """From values by node and name.  Raises: UsageError for what no node has, or may not be."""
        return cls(**{name: node(name).Params(**given) for name, given in values.items()})

    def __getitem__(self, name: str) -> Any:
        return self.params[name]

    def key(self) -> dict[str, str]:
        """What an analysis depends on besides the shot: the networks, and the params that matter, as text per node."""
        from ofx_lipsync.models.face_bundle import networks_sha256
        from ofx_lipsync.models.listener import COARTICULATION, HEARING
        from ofx_lipsync.models.loader import load

        networks = {
            "face networks": networks_sha256(),
            "voice network": load(self["AudioFeature"].network).sha256,
            "hearing network": load(HEARING).sha256,
            "coarticulation network": load(COARTICULATION).sha256,
        }
        made_by = node("MouthGenerate").generator_sha256(self["MouthGenerate"])
        networks |= {"mouth network": made_by} if made_by else {}
        texts = {f"{name} params": self[name].digest_text(analysed_only=True) for name in NODES}
        return {**networks, **{name: text for name, text in texts.items() if text != "{}"}}


def read_params(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Values by node and name from `NODE.PARAM=VALUE` texts.  Raises: UsageError."""
    values: dict[str, dict[str, Any]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        name, dot, param = target.partition(".")
        if not (equals and dot):
            raise UsageError(f"--set: cannot read {text!r}; write NODE.PARAM=VALUE, as in Blend.feather=12")
        declared = node(name).Params.declarations()
        if param not in declared:
            raise UsageError(f"--set: {name} has no param {param!r}; it has {', '.join(declared)}")
        values.setdefault(name, {})[param] = declared[param].read(value)
    return values


class Dub:
    """FaceDetect + AudioFeature -> MouthGenerate -> Blend."""

    def __init__(self, shot: Shot, settings: Settings, progress: Progress | None = None) -> None:
        self.shot = shot
        self.settings = settings
        self.aspect = shot.pixel_aspect
        self.progress = progress or (lambda stage, done, total: None)

    def analyse(self, key: dict[str, str] | None = None, seen: FaceAnalysis | None = None) -> Analysis:
        """The whole shot, in order. seen: what was found in this plate for somebody else's line, with other params that
        may differ in whose face they choose. Raises: FrameError when no face is found and the policy is `error`."""
        faces, audio = self.faces() if seen is None else self.choose(seen), self.audio()
        plan = self.plan(faces, audio)
        frames, display = np.asarray(self.shot.frames, np.int64), self.shot.plate.display
        edges = (display.x0, display.y0, display.x1, display.y1)
        return Analysis(key or self.settings.key(), frames, faces, audio, plan, str(self.shot.plate.rate), edges)

    def faces(self) -> FaceAnalysis:
        """Everybody in the plate."""
        shot = self.shot
        seen = shot.plate if self.aspect == 1 else Shown(shot.plate, self.aspect)
        found = node("FaceDetect").analyse(
            seen, shot.frames, self.settings["FaceDetect"], progress=self._stage("faces")
        )
        return squeezed_faces(found, self.aspect)

    def choose(self, faces: FaceAnalysis) -> FaceAnalysis:
        """Of everybody in the plate, the one whom this dub is for."""
        chosen = node("FaceDetect").choose(faces.tracks, self.shot.plate.display, self.settings["FaceDetect"])
        return replace(faces, chosen=chosen)

    def audio(self) -> AudioAnalysis:
        """What the line says, at the frames of the shot."""
        shot = self.shot
        heard = node("AudioFeature").analyse(
            shot.sound, shot.frames, shot.plate.rate, self.settings["AudioFeature"], times_s=shot.times_s,
            progress=self._stage("hearing"),
        )  # fmt: skip
        return heard

    def plan(self, faces: FaceAnalysis, audio: AudioAnalysis) -> MouthPlan:
        """What to paint where. Raises: FrameError as `analyse`."""
        track = followed(faces, self.shot.frames, self.settings["FaceDetect"])
        return planned(
            track, self.shot.plate.rate, self.shot.frames, faces, audio, self.settings, self._reel(),
            self._stage("planning"), self.shot.holdout, self.aspect,
        )  # fmt: skip

    def prepare(self, analysis: Analysis, frames: Sequence[int]) -> None:
        """Fetch what these frames need from elsewhere in the shot, in one sweep."""
        for source, clip in ((PLATE, self.shot.plate), (REEL, self.shot.reel)):
            wanted = node("MouthGenerate").wanted(analysis.plan, frames, source, self.settings["MouthGenerate"])
            prefetch = getattr(clip, "prefetch", None)
            if prefetch is not None and wanted:
                prefetch(wanted)

    def render(self, analysis: Analysis, frame: int) -> Dubbed | None:
        """One frame, or None where the plate stands untouched."""
        patch = self.patch(analysis.plan, frame, analysis.audio)
        return None if patch is None else self.comp(patch, frame)

    def patch(self, plan: MouthPlan, frame: int, audio: AudioAnalysis | None = None) -> Patch | None:
        """The new mouth of a frame, or None where the plate keeps its own. audio: for weights that hear it."""
        params, heard = self.settings["MouthGenerate"].at(frame), spoken_at(audio, self.shot.frames, frame)
        made = node("MouthGenerate").render(self.shot.plate, frame, plan, params, reel=self.shot.reel, heard=heard)
        return made if made is None else replace(made, pixel_aspect=self.aspect)

    def comp(self, patch: Patch, frame: int) -> Dubbed:
        """The patch over the plate."""
        plate = self.shot.plate.crop(frame, patch.image.region)
        holdout = self._holdout(frame, patch.image.region)
        layer, mouth_matte = node("Blend").layer(plate, patch, self.settings["Blend"].at(frame), holdout)
        comp = replace(plate, pixels=over(layer.pixels, plate.pixels))
        return Dubbed(comp, layer.pixels[3], layer, mouth_matte, patch)

    def _stage(self, stage: str) -> Callable[[int, int], None]:
        return lambda done, total: self.progress(stage, done, total)

    def _reel(self) -> tuple[Clip, FaceTrack] | None:
        if self.shot.reel is None:
            return None
        faces = node("FaceDetect").analyse(
            self.shot.reel, self.shot.reel.frames, self.settings["FaceDetect"], progress=self._stage("reel")
        )
        track = faces.chosen_track()
        if track is None:
            raise FrameError("MouthGenerate.reel: no face is found in the reel; give footage of the same actor")
        return self.shot.reel, track

    def _holdout(self, frame: int, region: Region) -> Image | None:
        return None if self.shot.holdout is None else self.shot.holdout.crop(frame, region)


def together(layers: Sequence[Image]) -> Image:
    """One RGBA layer of several, each over those before it; regions may differ."""
    if len(layers) == 1:
        return layers[0]
    region = functools.reduce(Region.union, (layer.region for layer in layers))
    pixels = np.zeros((4, *region.shape), np.float32)
    for layer in layers:
        rows, columns = layer.region.slices_in(region)
        pixels[:, rows, columns] = over(layer.pixels, pixels[:, rows, columns])
    return replace(layers[0], pixels=pixels, region=region)


def followed(faces: FaceAnalysis, frames: Sequence[int], params: Any) -> FaceTrack | None:
    """The chosen person, after FaceDetect's policy for frames where nobody is seen.

    Raises: FrameError where somebody is missing and the policy is `error`.
    """
    policy, track = params.missing_face, faces.chosen_track()
    seen = 0 if track is None else len(track.frames)
    if policy == "error" and seen < len(frames):
        missing = faces.missing(frames)
        raise FrameError(
            f"FaceDetect: no face in {len(missing)} of {len(frames)} frames ({missing}); "
            "set FaceDetect.missing_face=pass to leave those as they are"
        )
    return track.held(frames, faces.cuts) if track is not None and policy == "hold" else track


def planned(
    track: FaceTrack | None, rate: Rate, frames: Sequence[int], faces: FaceAnalysis, audio: AudioAnalysis,
    settings: Settings, reel: tuple[Clip, FaceTrack] | None = None,
    progress: Callable[[int, int], None] | None = None, holdout: Clip | None = None,
    aspect: float = 1.0,
) -> MouthPlan:  # fmt: skip
    """MouthGenerate's plan. The curve lies at the times of the shot's frames, so that they need not be given again."""
    plan = node("MouthGenerate").analyse(
        track, rate, frames, audio.curve, settings["MouthGenerate"],
        reel=reel, cuts=faces.cuts, times_s=audio.curve.times_s, progress=progress,
        holdout=holdout, invert_holdout=settings["Blend"].invert_holdout, aspect=aspect,
    )  # fmt: skip
    return plan


def spoken_at(audio: AudioAnalysis | None, frames: Sequence[int], frame: int) -> tuple[AudioAnalysis, float] | None:
    """The line, and when a frame of the shot is shown, on the shot's clock; None where there is no line."""
    if audio is None or frame not in frames:
        return None
    return audio, float(audio.curve.times_s[int(np.searchsorted(np.asarray(frames), frame))])


def summary(analysis: Analysis) -> Mapping[str, str]:
    """What a user should know about an analysis: frames without a face or with a covered mouth, cuts, people."""
    faces, frames = analysis.faces, analysis.frames.tolist()
    missing = faces.missing(frames)
    track = faces.chosen_track()
    covered = FrameRange(track.frames[~track.clear()].tolist() if track is not None else [])
    held = FrameRange(sorted(set(missing) & set(analysis.plan.frames.tolist())))
    return {
        "people": str(len({t.identity for t in faces.tracks})),
        "cuts": ", ".join(map(str, faces.cuts)) or "none",
        "frames without the face": (str(missing) if len(missing) else "none") + (f" (held: {held})" if held else ""),
        **({"something before the mouth": f"{covered}; give --holdout where it should stay"} if covered else {}),
    }
