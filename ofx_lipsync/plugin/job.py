# SPDX-License-Identifier: Apache-2.0
"""A request as a node sees it: the frame, the params, the shot's analysis, and the host's clips on the plate."""

from __future__ import annotations

import json
import math
import re
from contextlib import ExitStack
from functools import cached_property
from typing import Any

import numpy as np

from ofx_lipsync.analysis import Parts
from ofx_lipsync.cli.shot import parse_offset
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import AnalysisError, LipSyncError, UsageError
from ofx_lipsync.core.image import SCENE_LINEAR, Image
from ofx_lipsync.core.params import Bool, Float, Int, Param
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange, Rate, parse_rate
from ofx_lipsync.graph import NODES, Dub, Settings, Shot, followed, node, planned
from ofx_lipsync.media.source import STILLS, open_plate
from ofx_lipsync.plugin.host_clip import HostClip, Proxy
from ofx_lipsync.plugin.pictures import HostColour, Layout, Picture, Place, alpha_of
from ofx_lipsync.plugin.request import Named, Request, frame_of, no_frame
from ofx_lipsync.plugin.workshop import Stamp, Workshop

SOURCE, MOUTH, HOLDOUT = "Source", "Mouth", "Holdout"
WHOLE, FILL = "LipSync", "Fill"
"""The node that is all four; its params are named NODE_PARAM."""
_DISPLAY_HOSTS = ("mlt", "resolve", "fusion", "vegas")
"""Hosts that hand over what a screen shows; others hand over scene-linear."""
SILENCE = Sound(np.zeros((1, 1), np.float32), 16000)
"""For a graph that hears nothing: renders and plans read no sound."""


class Job:
    """Everything is looked up when it is first asked for, so that a node pays for what it uses."""

    def __init__(self, workshop: Workshop, request: Request, name: str) -> None:
        self.workshop, self.request, self.message, self.name = workshop, request, request.message, name
        self.files = ExitStack()

    @cached_property
    def frame(self) -> int:
        return frame_of(self.message)

    def text(self, param: str) -> str:
        """A param of the shot: analysis, line, plate_file and their like; empty where there is none."""
        return self.message.text(f"p.{param}", "").strip()

    @cached_property
    def plate_path(self) -> str:
        """plate_file, a sequence as a pattern. Raises: ProtocolError for a request without a time."""
        path = self.text("plate_file")
        return self.as_pattern(path) if path else ""

    def as_pattern(self, path: str) -> str:
        """Nuke hands a file param over with the frame in place of its ####: the pattern again, where the name ends in
        this frame's number. Whole names of other hosts stay as they are."""
        if "nuke" not in self.workshop.host.lower():
            return path
        found = re.search(r"(\d+)(\.[A-Za-z0-9]+)$", path)
        if found is None or found[2].lower() not in STILLS or int(found[1]) != self.frame:
            return path
        return f"{path[: found.start(1)]}{'#' * len(found[1])}{found[2]}"

    @cached_property
    def view(self) -> str:
        return self.text("view") or "result"

    @cached_property
    def settings(self) -> Settings:
        """This node's params as the host has them, those of the others as the analysis file has them.

        Raises: UsageError naming a param that is out of range or of another type.
        """
        names = NODES if self.name == WHOLE else [self.name]
        values = {name: self._given(name) for name in names}
        others = {name: self._filed(name) for name in NODES if name not in values}
        return Settings(**{name: node(name).Params(**given) for name, given in {**others, **values}.items()})

    @cached_property
    def stamp(self) -> Stamp:
        return self.workshop.analysis(self.text("analysis"))[0]

    @cached_property
    def parts(self) -> Parts:
        """Raises: UsageError or AnalysisError where there is no file, or not of this frame."""
        return self.workshop.analysis(self.text("analysis"))[1]

    def of_this_frame(self) -> Parts:
        """The analysis. Raises: AnalysisError where it is of other frames."""
        if self.frame not in self.parts.frames:
            have = FrameRange(self.parts.frames.tolist())
            raise AnalysisError(
                f"{self.text('analysis')}: is of frames {have}, expected {self.frame} among them; "
                "name the analysis of this shot, or press Analyse again with this frame in the range"
            )
        return self.parts

    def made_with_these(self, *names: str) -> None:
        """Raises: AnalysisError where the file was made with other params of these nodes."""
        for name in names:
            key, now = self.parts.key.get(f"{name} params"), self.settings[name].digest_text(analysed_only=True)
            if key is not None and key != now:
                raise AnalysisError(
                    f"{self.text('analysis')}: was made with other params of {name}; press Analyse again"
                )

    def plan(self, params: Any) -> MouthPlan:
        """In full-resolution plate pixels, for these params of MouthGenerate: the file's plan where it was made with
        them, else one made now, which reads no pixels."""
        parts, wanted = self.of_this_frame(), params.digest_text(analysed_only=True)
        if parts.plan is not None and parts.key.get("MouthGenerate params", wanted) == wanted:
            return parts.plan
        return self.workshop.plan(self.stamp, wanted, lambda: self._planned(params))

    def _planned(self, params: Any) -> MouthPlan:
        parts, name = self.parts, self.text("analysis")
        if parts.faces is None or parts.audio is None:
            maker = "FaceDetect" if parts.faces is None else "AudioFeature"
            raise AnalysisError(f"{name}: holds nothing of {maker}; press Analyse there")
        if params.reel:
            raise AnalysisError(
                f"{name}: was made with other params of MouthGenerate; press Analyse there, for the reel"
            )
        frames, settings = parts.frames.tolist(), Settings(**{**self.settings.params, "MouthGenerate": params})
        track = followed(parts.faces, frames, self.settings["FaceDetect"])
        return planned(track, self.rate, frames, parts.faces, parts.audio, settings)

    @cached_property
    def rate(self) -> Rate:
        """Of the analysis file, else of the host. Raises: UsageError where nobody says."""
        if self.existing is not None and self.existing.rate:
            return parse_rate(self.existing.rate)
        return self.host_rate()

    def host_rate(self) -> Rate:
        given = self.message.number("rate", 0.0)
        if not 0.1 < given < 1000:
            raise UsageError(f"{self.name}: the host says no frame rate (got {given:g}); set the project's frame rate")
        ntsc = Rate(round(given * 1.001) * 1000, 1001)
        return ntsc if abs(float(ntsc) - given) < 1e-3 else Rate(given).limit_denominator(1000)

    @cached_property
    def existing(self) -> Parts | None:
        """The analysis file as far as there is one that can be read."""
        try:
            return self.workshop.analysis(self.text("analysis"))[1]
        except LipSyncError:
            return None

    @cached_property
    def display(self) -> Region:
        """The plate's format in its own pixels: as it was analysed, else as the host has it."""
        return Region(*self.existing.display) if self.existing and self.existing.display else self.format

    @cached_property
    def format(self) -> Region:
        """Of the host: Source's region of definition where it begins at 0, else the project's, else what there is."""
        rod, project = self._source_rod(), self._box("format.")
        box = rod if rod is not None and (rod[:2] == (0, 0) or project is None) else project
        if box is None:
            layout = self._source_layout()
            x, y = self.scale
            box = (layout.x1 / x, 0.0, layout.x2 / x, layout.y2 / y)
        return Region(round(box[0]), 0, round(box[2]), round(box[3]))

    def source_box(self) -> Region | None:
        """What Source covers in plate pixels, y down, or None where the host does not say."""
        rod = self._source_rod()
        if rod is None:
            return None
        (x1, y1, x2, y2), top = rod, self.display.y1
        return Region(math.floor(x1), math.floor(top - y2), math.ceil(x2), math.ceil(top - y1))

    @property
    def scale(self) -> tuple[float, float]:
        x, y = self.message.number("scale_x", 1.0), self.message.number("scale_y", 1.0)
        if not (0.001 < x <= 16 and 0.001 < y <= 16):
            raise UsageError(f"{self.name}: render scale is {x:g} x {y:g}, expected above 0 and up to 16")
        return x, y

    @cached_property
    def place(self) -> Place:
        return Place(round(self.display.y1 * self.scale[1]), *self.scale)

    @cached_property
    def colour(self) -> HostColour:
        """What the pixels of Source mean. Raises: ColourError for a space that the config does not have."""
        colour, given = self.workshop.colour, self.text("input_space")
        if given:
            return HostColour(colour, colour.check(given))
        source = self.request.named(SOURCE)
        depth = source.layout.depth if source is not None else self.message.integer("out.depth", 4)
        integers = depth < 3
        shown = integers or any(word in self.workshop.host.lower() for word in _DISPLAY_HOSTS)
        return HostColour(colour, colour.look_space if shown else colour.check(SCENE_LINEAR))

    @cached_property
    def plate(self) -> HostClip:
        """Source, and where plate_file is given the file for other frames. Nobody asks it for its rate in a render."""
        self._check_size()
        frames = self.parts.frames.tolist()
        return HostClip(
            self.request, SOURCE, self.place, self.colour, self.display, Rate(24), frames, self.frame, self.on_disk
        )  # fmt: skip

    @cached_property
    def on_disk(self) -> Clip | None:
        """plate_file, at the host's scale."""
        path = self.plate_path
        if not path:
            return None
        plate = open_plate(path, colour=self.workshop.colour, missing=self.missing)
        return self._scaled(self.files.enter_context(plate))

    @property
    def missing(self) -> str:
        """What stands for frames of a sequence on disk that are not there: Fill makes them."""
        return "hold" if self.name == FILL else "error"

    def of_source(self, frame: int) -> Picture:
        """Source at any time.  Raises: MediaError where the host has no such frame."""
        named = self.request.named(SOURCE, None if frame == self.frame else frame)
        picture = self.request.fetch(SOURCE, frame) if named is None else self.request.picture(named)
        if picture is None:
            raise no_frame(SOURCE, frame, self.request.why)
        return picture

    def reel(self, params: Any) -> Clip | None:
        """MouthGenerate's reel, from disk."""
        if not params.reel:
            return None
        return self._scaled(
            self.files.enter_context(open_plate(self.as_pattern(params.reel), colour=self.workshop.colour))
        )

    @cached_property
    def dub(self) -> Dub:
        """The graph over the host's clips, for one frame."""
        holdout = Holdout(self) if self.request.named(HOLDOUT) else None
        return Dub(Shot(self.plate, SILENCE, self.plate.frames, None, holdout), self.settings)

    def source(self) -> Picture:
        """Raises: UsageError where nothing is connected."""
        return self.request.picture(self.need(SOURCE))

    def need(self, clip: str) -> Named:
        named = self.request.named(clip)
        if named is None:
            what = {SOURCE: "the plate", MOUTH: "MouthGenerate"}.get(clip, "a matte")
            raise UsageError(f"{self.name}: nothing comes in at {clip}; connect {what}")
        return named

    @cached_property
    def out(self) -> Layout:
        return Layout.read(self.message, "out.")

    def _scaled(self, clip: Clip) -> Clip:
        return clip if self.place.is_full else Proxy(clip, self.place)

    def _given(self, name: str) -> dict[str, Any]:
        prefix = f"p.{name}_" if self.name == WHOLE else "p."
        declared = node(name).Params.declarations()
        body = self.message.body
        return {param: _value(declared[param], body[prefix + param]) for param in declared if prefix + param in body}

    def _filed(self, name: str) -> dict[str, Any]:
        if self.existing is None:
            return {}
        try:
            given = json.loads(self.existing.key.get(f"{name} params", "{}"))
            return dict(given)
        except (ValueError, TypeError):
            raise AnalysisError(f"{self.text('analysis')}: its params of {name} are damaged; press Analyse") from None

    def canonical(self, points: np.ndarray, display: Region) -> np.ndarray:
        """[N, 2] plate pixels as hosts count: y up from the format's bottom, x in square pixels."""
        return np.stack([points[:, 0] * self.par, display.y1 - points[:, 1]], axis=1)

    def _source_rod(self) -> tuple[float, float, float, float] | None:
        at = next((n for n in range(64) if self.message.body.get(f"image{n}.clip") == SOURCE), 0)
        return self._box(f"image{at}.rod.")

    def _box(self, prefix: str) -> tuple[float, float, float, float] | None:
        """x1 y1 x2 y2 of a canonical box in plate pixels, y up; a format's bottom is at 0 in every host we know."""
        if prefix + "x1" not in self.message.body:
            return None
        x1, y1, x2, y2 = (self.message.number(prefix + edge) for edge in ("x1", "y1", "x2", "y2"))
        if not max(map(abs, (x1, y1, x2, y2))) < 1 << 20 or not (x1 < x2 and max(y1, 0) < y2):
            return None
        return x1 / self.par, y1, x2 / self.par, y2

    @property
    def par(self) -> float:
        par = self.message.number("par", 1.0)
        return par if 0.01 < par < 100 else 1.0

    def _check_size(self) -> None:
        """Raises: AnalysisError where the shot was analysed at another resolution.

        Data windows may be smaller or larger than the format; a picture that begins at 0, 0 and is the format at
        another size is another plate."""
        named, have = self.request.named(SOURCE), self.parts.display
        if named is None or not have or (named.layout.x1, named.layout.y1) != (0, 0):
            return
        width, height = named.layout.x2 / self.scale[0], named.layout.y2 / self.scale[1]
        across, down = width / max(have[2], 1), height / max(have[3], 1)
        if abs(across - 1) > 0.02 and abs(down / across - 1) < 0.01:
            raise AnalysisError(
                f"{self.text('analysis')}: is of a plate of {have[2]}x{have[3]}, expected {width:.0f}x{height:.0f} as "
                f"{SOURCE} has it; name this shot's analysis, or press Analyse again"
            )

    def _source_layout(self) -> Layout:
        named = self.request.named(SOURCE)
        if named is not None:
            return named.layout
        if "out.depth" in self.message.body:
            return self.out
        first = self.message.integer("first", 0)
        picture = self.request.fetch(SOURCE, first)
        if picture is None:
            raise UsageError(
                f"{self.name}: the host gives no picture of frame {first}; check first_frame and last_frame"
            )
        return picture.layout


class Holdout(HostClip):
    """The holdout's matte at the request's own time."""

    def __init__(self, job: Job) -> None:
        frames = [job.frame]
        super().__init__(job.request, HOLDOUT, job.place, job.colour, job.display, Rate(24), frames, job.frame)

    def crop(self, frame: int, region: Region) -> Image:
        return Image(alpha_of(self._picture(frame), self._place, region)[None], region, self.display, ("A",))


class Rated:
    """A clip that is only asked for its rate: hearing and planning read no pixels."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate

    def __getattr__(self, name: str) -> Any:
        raise UsageError(f"asked for {name} of a clip that has no pictures; this is a fault, please report it")


def offset_s(job: Job, rate: Rate) -> float:
    """The param audio_offset in seconds.  Raises: UsageError naming what was expected."""
    return parse_offset(job.text("audio_offset") or "0", rate, "audio_offset")


def spoken(job: Job, rate: Rate, first: int) -> tuple[str, float]:
    """The line's file, empty where there is none, and where it begins on the shot's clock, s. first: the shot's frame.

    Without `line` it is the clip's own sound, in hosts that name the clip's file (Resolve): it begins where the file
    does, the shot on the file's frame that the host says, or on its first."""
    path, offset = job.text("line"), offset_s(job, rate)
    if path:
        return path, offset
    at = job.message.number("source_frame", 0.0) if "source_frame" in job.message.body else None
    begins = 0.0 if at is None else at - (job.message.number("time", float(first)) - first)
    return job.message.text("source_file", "").strip(), offset - begins / float(rate)


def _value(param: Param, raw: Any) -> Any:
    """As the wire has it: floats also as keyframes in text, booleans as 0 and 1."""
    if isinstance(param, Float):
        return param.read(raw) if isinstance(raw, str) else float(raw)
    if isinstance(param, Bool) and isinstance(raw, int):
        return bool(raw)
    if isinstance(param, Int) and isinstance(raw, str):
        return param.read(raw)
    return raw
