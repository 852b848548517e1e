# SPDX-License-Identifier: Apache-2.0
"""The shot that a Blend stands for: its plate, line, holdout and params, as the engine takes them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.core.image import SCENE_LINEAR
from ofx_lipsync.core.timing import FrameRange, parse_offset
from ofx_lipsync.graph import NODES, Settings, Shot
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.nk.classes import engine_node
from ofx_lipsync.nk.mattes import ChannelMatte, open_matte
from ofx_lipsync.nk.params import Overrides, params_of
from ofx_lipsync.nk.reads import Reads
from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.shown import Cut
from ofx_lipsync.nk.walk import Walk
from ofx_lipsync.shotfile.opening import TAIL_S, OpenShot, assumed, fingerprint, read_line

WHOLE = "LipSync"


@dataclass(frozen=True)
class Cast:
    """nodes: each of the engine's nodes -> the script's that holds its params. mouth_from: what the mouth looks at."""

    blend: Node
    nodes: dict[str, Node]
    mouth_from: Node
    holdout: Node | None

    @property
    def prefix(self) -> str:
        """In front of a param's name: `{}_` where one node holds all four."""
        return "{}_" if engine_node(self.blend.kind) == WHOLE else ""

    @property
    def distinct(self) -> list[Node]:
        return list(dict.fromkeys(self.nodes.values()))


@dataclass(frozen=True)
class Spec:
    """A shot before its files are opened. frames: the script's frames -> those at which the Read is asked."""

    cast: Cast
    read: Node
    frames: dict[int, int]
    line: str
    offset: str
    analysis: str
    settings: Settings


class Shots:
    """Every Blend of a script, worked out when it is first asked for."""

    def __init__(self, walk: Walk, reads: Reads, overrides: Overrides) -> None:
        self.walk, self.reads, self.values, self.overrides = walk, reads, walk.values, overrides
        self._specs: dict[Node, Spec] = {}

    def spec(self, blend: Node, frame: int) -> Spec:
        """frame: one at which it is shown, to follow the graph at.  Raises: InputError naming node and knob."""
        if blend not in self._specs:
            self._specs[blend] = self._spec(blend, frame)
        return self._specs[blend]

    @property
    def known(self) -> list[Spec]:
        """Those worked out so far."""
        return list(self._specs.values())

    def _spec(self, blend: Node, frame: int) -> Spec:
        cast = self._cast(blend, frame)
        wanted = self._frames(cast, frame)
        frames = {at: self._source(cast, at) for at in wanted}
        reads = {read for read, _ in frames.values()}
        if len(reads) > 1:
            raise self.walk.stop(blend, "its plate changes from one Read to another within the shot")
        settings = Settings(**{name: params_of(self.values, name, cast.nodes[name], cast.prefix.format(name), wanted,
                                               self.overrides) for name in NODES})  # fmt: skip
        self._check_space(cast)
        line = self._path(cast, "line")
        if not line:
            owner = cast.nodes["AudioFeature"]
            raise InputError(f"{self.values.script.path}: {owner.full_name}.line: is empty; name the line")
        offset = self._same(cast, "audio_offset") or "0"
        asked = {at: number for at, (_, number) in frames.items()}
        return Spec(cast, reads.pop(), asked, line, offset, self._path(cast, "analysis"), settings)

    def open(self, spec: Spec) -> OpenShot:
        """Its files, open and checked, as `lipsync dub` opens them."""
        with ExitStack() as files:
            plate = files.enter_context(self.reads.open(spec.read, spec.frames))
            reel_path = spec.settings["MouthGenerate"].reel
            reel = files.enter_context(open_plate(reel_path, colour=plate.colour)) if reel_path else None
            holdout = None
            if spec.cast.holdout is not None:
                holdout = open_matte(self.walk, self.reads, spec.cast.holdout, plate, files)
            offset_s = parse_offset(
                spec.offset, plate.rate, f"{spec.cast.nodes['AudioFeature'].full_name}.audio_offset"
            )
            sound, whole = read_line(spec.line, offset_s, float(len(plate.frames) / plate.rate))
            notes = assumed(plate)
            if not whole:
                notes["line"] = f"goes on, and is cut {TAIL_S:g} s after the shot's last frame"
            key = {"plate": plate.fingerprint(), "line": fingerprint(sound), "colour": plate.colour.cache_id}
            if reel is not None:
                key["reel"] = reel.fingerprint()
            if isinstance(holdout, (Plate, ChannelMatte)):
                key["holdout"] = holdout.fingerprint() + (" inverted" if spec.settings["Blend"].invert_holdout else "")
            times_s = np.array([plate.time_s(frame) - plate.time_s(plate.frames[0]) for frame in plate.frames])
            aspect = float(plate.info.pixel_aspect)
            shot = Shot(plate, sound, plate.frames, reel, holdout, times_s, aspect)
            return OpenShot(shot, plate, spec.settings, sound, key, notes, files.pop_all())

    def _cast(self, blend: Node, frame: int) -> Cast:
        if engine_node(blend.kind) == WHOLE:
            above = blend.input(0)
            assert above is not None
            return Cast(blend, dict.fromkeys(NODES, blend), above, self.walk.connected(blend.input(1), frame))
        mouth = self._mouth(blend, frame)
        above = mouth.input(0)
        if above is None:
            raise self.walk.stop(mouth, "nothing is connected to its input; connect the plate")
        nodes = {"Blend": blend, "MouthGenerate": mouth}
        for name in ("AudioFeature", "FaceDetect"):
            nodes[name] = self._companion(name, mouth, above, frame)
        return Cast(blend, nodes, above, self.walk.connected(blend.input(2), frame))

    def _mouth(self, blend: Node, frame: int) -> Node:
        above = blend.input(1)
        if above is None:
            raise self.walk.stop(blend, "nothing is connected to Mouth; connect MouthGenerate")
        at, when = above, frame
        while engine_node(at.kind) != "MouthGenerate" or self.walk.is_off(at, when):
            at, when = self.walk.step_up(at, when, "Mouth of " + blend.full_name)
        if when != frame:
            raise self.walk.stop(blend, f"its Mouth is moved in time (frame {when} at {frame}); move the Blend instead")
        return at

    def _companion(self, name: str, mouth: Node, above: Node, frame: int) -> Node:
        """Between mouth and plate, or elsewhere with the same analysis file, as hosts have it."""
        for at, when in self.walk.trail(above, frame):
            if engine_node(at.kind) == name and not self.walk.is_off(at, when):
                return at
        analysis = self.values.path(mouth, "analysis")
        others = [n for n in self.values.script.nodes if engine_node(n.kind) == name and analysis
                  and self.values.path(n, "analysis") == analysis]  # fmt: skip
        if len(others) != 1:
            raise self.walk.stop(
                mouth, f"there is {'no' if not others else 'more than one'} {name} between it and the plate, or with "
                "the same analysis file",
            )  # fmt: skip
        return others[0]

    def _frames(self, cast: Cast, frame: int) -> FrameRange:
        """first_frame and last_frame where somebody gave them, else the range of the plate."""
        given = {}
        for owner in cast.distinct:
            first, last = (self.values.whole(owner, k, frame) for k in ("first_frame", "last_frame"))
            if (first, last) != (0, 0):
                given[owner.full_name] = (first, last)
        if len(set(given.values())) > 1:
            said = ", ".join(f"{name} {first}-{last}" for name, (first, last) in given.items())
            raise UsageError(
                f"{self.values.script.path}: first_frame and last_frame differ ({said}); give all the same"
            )
        first, last = (
            next(iter(given.values())) if given else self.walk.range_of(cast.mouth_from, frame, self.reads.range)
        )
        if last < first or last - first > 1_000_000:
            raise self.walk.stop(cast.blend, f"its shot is frames {first} to {last}, expected the first frame first")
        return FrameRange(range(first, last + 1))

    def _source(self, cast: Cast, frame: int) -> tuple[Node, int]:
        """The Read and the frame at it that the mouth is made from.

        Raises: InputError where the Blend lays it over another picture, or that picture was changed.
        """
        shown = self.walk.shown(cast.mouth_from, frame)
        changed = next((s for s in shown.steps if not (isinstance(s, Cut) and not s.display)), None)
        if changed is not None:
            raise self.walk.stop(
                changed.node, f"is above {cast.nodes['MouthGenerate'].full_name}, which is made from the plate itself; "
                "move it below the Blend",
            )  # fmt: skip
        if cast.blend.input(0) is not cast.mouth_from:
            under = self.walk.above(cast.blend, frame)
            reframed = next((step for step in under.steps if isinstance(step, Cut) and step.display), None)
            if reframed is not None:
                raise self.walk.stop(reframed.node, f"is above {cast.blend.full_name}; move it below the Blend")
            if (under.read, under.frame) != (shown.read, shown.frame):
                raise self.walk.stop(
                    cast.blend, f"its Source is {under.read.full_name} at {under.frame}, but the mouth is made from "
                    f"{shown.read.full_name} at {shown.frame}; connect both to one plate",
                )  # fmt: skip
        return shown.read, shown.frame

    def _path(self, cast: Cast, knob: str) -> str:
        found = {self.values.path(n, knob) for n in cast.distinct if self.values.has(n, knob)} - {""}
        return self._one(cast, knob, sorted(found))

    def _same(self, cast: Cast, knob: str) -> str:
        found = {self.values.text(n, knob).strip() for n in cast.distinct if self.values.has(n, knob)} - {""}
        return self._one(cast, knob, sorted(found))

    def _one(self, cast: Cast, knob: str, found: Sequence[str]) -> str:
        if len(found) > 1:
            raise InputError(
                f"{self.values.script.path}: the nodes of {cast.blend.full_name} name more than one {knob} "
                f"({', '.join(found)}); name the same on each"
            )
        return found[0] if found else ""

    def _check_space(self, cast: Cast) -> None:
        given, colour = self._same(cast, "input_space"), self.reads.colour
        if given and not colour.is_same(colour.check(given), SCENE_LINEAR):
            raise InputError(
                f"{self.values.script.path}: {cast.blend.full_name}: input_space is {given!r}, but pictures come to it "
                "scene-linear; empty it"
            )
