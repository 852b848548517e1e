# SPDX-License-Identifier: Apache-2.0
"""A resync, on one screen: a curve of how late the sound is, a plan, then sound, picture or mouth brought together."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.resync import ResyncPlan
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import Dub, Dubbed, Progress, Settings, Shot, node
from ofx_lipsync.measure import measured

EASE_FRAMES = 3
"""Beside stretches whose mouth stays, a mouth that is made anew comes and goes over so many frames."""


class Resync:
    """The shot's sound is its own, as it was recorded, on the shot's clock."""

    def __init__(self, shot: Shot, settings: Settings, progress: Progress | None = None) -> None:
        self.shot, self.settings, self.progress = shot, settings, progress
        self.params = settings["Resync"]
        frames, rate = shot.frames, float(shot.plate.rate)
        steady = (np.asarray(frames) - frames[0]) / rate
        self.times_s: np.ndarray = steady if shot.times_s is None else shot.times_s
        last_s = float(self.times_s[-1] - self.times_s[-2]) if len(frames) > 1 else 1 / rate
        self.duration_s = float(self.times_s[-1]) + last_s

    def measure(self, progress: Progress | None = None, faces: FaceAnalysis | None = None) -> OffsetCurve:
        """How late the sound is, by looking and listening: of the face that says most of it.

        Raises: FrameError where no face is seen.
        """
        _, report = measured(self.shot, self.settings, progress, faces)
        says = [int((report.speaking == index).sum()) for index in range(len(report.faces))]
        return report.faces[int(np.argmax(says))].curve

    def analyse(self, curve: OffsetCurve) -> ResyncPlan:
        """Raises: InputError where nothing of the curve is sure enough."""
        plan: ResyncPlan = node("Resync").analyse(curve, self.shot.sound, self.duration_s, self.params)
        return plan

    def check(self, plan: ResyncPlan, name: str) -> None:
        """Raises: UsageError where a plan, read from the file `name`, is not of this shot."""
        if plan.end_s[-1] > self.duration_s + 1e-3 or plan.begin_s[0] < -1e-3:
            raise UsageError(
                f"{name}: runs from {plan.begin_s[0]:g} to {plan.end_s[-1]:g} s, but the shot from 0 to "
                f"{self.duration_s:g} s; it is the plan of another shot"
            )

    def sound(self, plan: ResyncPlan) -> Sound:
        """What is delivered: exactly as long as the picture."""
        made: Sound = node("Resync").sound(self.shot.sound, plan, self.duration_s, self.params)
        return made

    def shown(self, plan: ResyncPlan) -> Sequence[int]:
        """The plate frame that each output frame shows."""
        frames: Sequence[int] = node("Resync").shown(plan, self.shot.frames, self.times_s)
        return frames

    def redrawn(self, plan: ResyncPlan) -> np.ndarray:
        """[N] bool: frames whose mouth is made again."""
        flags: np.ndarray = node("Resync").redrawn(plan, self.times_s)
        return flags

    def mouths(self, plan: ResyncPlan, sound: Sound) -> Mouths | None:
        """Mouths made again for the delivered sound, or None where all stay."""
        flags = self.redrawn(plan)
        if not flags.any():
            return None
        dub = Dub(replace(self.shot, sound=sound), self.settings, self.progress)
        analysis = dub.analyse()
        share = eased(flags)
        rows = np.searchsorted(np.asarray(self.shot.frames), analysis.plan.frames)
        strength = (analysis.plan.strength * share[rows]).astype(np.float32)
        return Mouths(dub, replace(analysis, plan=replace(analysis.plan, strength=strength)))


class Mouths:
    """The dub of those frames whose mouth is made again."""

    def __init__(self, dub: Dub, analysis: Analysis) -> None:
        self.dub, self.analysis = dub, analysis
        dub.prepare(analysis, dub.shot.frames)

    def render(self, frame: int) -> Dubbed | None:
        """None where the plate stands untouched."""
        return self.dub.render(self.analysis, frame)


def eased(flags: np.ndarray) -> np.ndarray:
    """[N] float32: 1 where flags hold, falling to 0 over EASE_FRAMES inside their ends; none at the shot's own ends."""
    away = np.full(len(flags), EASE_FRAMES + 1)
    for row in np.flatnonzero(~flags):
        away = np.minimum(away, np.abs(np.arange(len(flags)) - row))
    return (away / (EASE_FRAMES + 1)).astype(np.float32)
