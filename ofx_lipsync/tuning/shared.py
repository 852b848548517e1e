# SPDX-License-Identifier: Apache-2.0
"""What the variants of a wedge have in common is worked out once: faces, hearing, plans, mouths, comps.

Variants share faces and hearing where those nodes' params are the same, a plan where MouthGenerate's analysed params
are, a mouth where all of its params are, and nothing but Blend is worked out again for those that differ in Blend.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Callable, ContextManager, Iterator, Sequence, TypeVar

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.mouth import AudioAnalysis
from ofx_lipsync.core.plan import PLATE, REEL, MouthPlan
from ofx_lipsync.core.region import Region
from ofx_lipsync.graph import Dub, Dubbed, Progress, Settings, Shot, node

STAGES = {
    "faces": "walks through the shot for faces",
    "hearing": "hearings of the line",
    "plans": "plans",
    "mouths": "mouths painted",
    "comps": "comps",
}
"""Engine calls, in their order."""
Item = TypeVar("Item")


@dataclass
class Count:
    """asked: calls that variants rendered one by one would make. made: calls that were. cpu_s: what these took."""

    asked: int = 0
    made: int = 0
    cpu_s: float = 0.0

    @property
    def saved(self) -> int:
        return self.asked - self.made

    @property
    def saved_s(self) -> float:
        return self.saved * self.cpu_s / self.made if self.made else 0.0


@dataclass
class Made:
    """One comp: variants (places in the list) that look like this, and what the mouth and the comp took, s of CPU."""

    frame: int
    variants: list[int]
    dubbed: Dubbed | None
    same_mouth: int
    mouth_s: float
    comp_s: float


@dataclass
class Shared:
    """variants: each one's settings. base: the analysis of the shot as it is set, `base_settings`; it is taken for all
    that agree with it."""

    shot: Shot
    variants: Sequence[Settings]
    base: Analysis
    base_settings: Settings
    counts: dict[str, Count] = field(default_factory=lambda: no_counts())

    def analyses(self) -> list[Analysis]:
        """One a variant; parts that may be shared are."""
        known = _keys(self.base_settings)
        faces = {known["faces"]: self.base.faces}
        heard = {known["hearing"]: self.base.audio}
        plans = {known["plans"]: self.base.plan}
        found = []
        for settings in self.variants:
            dub, key = Dub(self.shot, settings), _keys(settings)
            seen = self._once("faces", faces, key["faces"], dub.faces)
            audio = self._once("hearing", heard, key["hearing"], dub.audio)
            plan = self._once("plans", plans, key["plans"], partial(dub.plan, seen, audio))
            found.append(replace(self.base, faces=seen, audio=audio, plan=plan))
        return found

    def comps(self, analyses: Sequence[Analysis], frames: Sequence[int]) -> Iterator[Made]:
        """Every different comp of every frame, those of one mouth after one another; at most one mouth is held."""
        self._prefetch(analyses, frames)
        self.counts["mouths"].asked += len(self.variants) * len(frames)
        self.counts["comps"].asked += len(self.variants) * len(frames)
        for frame in frames:
            by_mouth = _grouped(range(len(self.variants)), partial(self._mouth, frame))
            for number, same in enumerate(by_mouth):
                dub, analysis = Dub(self.shot, self.variants[same[0]]), analyses[same[0]]
                with self._timed("mouths") as mouth:
                    patch = dub.patch(analysis.plan, frame, analysis.audio)
                for alike in _grouped(same, partial(self._comp, frame)):
                    dub = Dub(self.shot, self.variants[alike[0]])
                    with self._timed("comps") as comp:
                        dubbed = None if patch is None else dub.comp(patch, frame)
                    yield Made(frame, alike, dubbed, number, mouth.cpu_s, comp.cpu_s)

    def _mouth(self, frame: int, variant: int) -> str:
        """Alike for variants that paint one mouth on a frame."""
        settings = self.variants[variant]
        return f"{_keys(settings)['plans']} {settings['MouthGenerate'].at(frame).digest_text()}"

    def _comp(self, frame: int, variant: int) -> str:
        """Alike for variants that comp one mouth in one way."""
        return str(self.variants[variant]["Blend"].at(frame).digest_text())

    def _prefetch(self, analyses: Sequence[Analysis], frames: Sequence[int]) -> None:
        """Library frames of all plans in one sweep: a movie is decoded once, not once a variant."""
        for source, clip in ((PLATE, self.shot.plate), (REEL, self.shot.reel)):
            wanted: dict[int, Region] = {}
            for analysis, settings in zip(analyses, self.variants, strict=True):
                params = settings["MouthGenerate"]
                for frame, region in node("MouthGenerate").wanted(analysis.plan, frames, source, params).items():
                    wanted[frame] = wanted[frame].union(region) if frame in wanted else region
            if wanted and (prefetch := getattr(clip, "prefetch", None)) is not None:
                prefetch(wanted)

    def _once(self, stage: str, known: dict[str, Item], key: str, make: Callable[[], Item]) -> Item:
        self.counts[stage].asked += 1
        if key not in known:
            with self._timed(stage):
                known[key] = make()
        return known[key]

    def _timed(self, stage: str) -> ContextManager[Count]:
        return timed(self.counts, stage)


@contextmanager
def timed(counts: dict[str, Count], stage: str) -> Iterator[Count]:
    """Counts a call and its CPU-seconds, of all threads; gives those of this one call."""
    one, began = Count(1, 1), time.process_time()
    yield one
    one.cpu_s = time.process_time() - began
    counts[stage].made += 1
    counts[stage].cpu_s += one.cpu_s


class CountedDub(Dub):
    """A dub whose analysis is counted."""

    def __init__(self, counts: dict[str, Count], shot: Shot, settings: Settings, progress: Progress) -> None:
        super().__init__(shot, settings, progress)
        self._counts = counts

    def faces(self) -> FaceAnalysis:
        with timed(self._counts, "faces"):
            return super().faces()

    def audio(self) -> AudioAnalysis:
        with timed(self._counts, "hearing"):
            return super().audio()

    def plan(self, faces: FaceAnalysis, audio: AudioAnalysis) -> MouthPlan:
        with timed(self._counts, "plans"):
            return super().plan(faces, audio)


def no_counts() -> dict[str, Count]:
    return {name: Count() for name in STAGES}


def _keys(settings: Settings) -> dict[str, str]:
    """What each part of an analysis depends on, besides the shot."""
    faces, hearing = settings["FaceDetect"].digest_text(), settings["AudioFeature"].digest_text()
    plan = settings["MouthGenerate"].digest_text(analysed_only=True)
    # A holdout may be looked at when mouths are planned, and Blend says which way round it is.
    plan += f" {settings['Blend'].digest_text(analysed_only=True)} {settings['Blend'].invert_holdout}"
    return {"faces": faces, "hearing": hearing, "plans": f"{faces} {hearing} {plan}"}


def _grouped(items: Sequence[int], key: Callable[[int], Any]) -> list[list[int]]:
    groups: dict[Any, list[int]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def told(counts: dict[str, Count]) -> list[tuple[str, str]]:
    """For a person: each kind of call made and saved, and what that is worth."""
    lines = []
    for name, count in counts.items():
        if count.asked:
            each = f", {count.cpu_s / count.made:.3f} CPU-s each" if count.made else ""
            lines.append((STAGES[name], f"{count.made} made, {count.saved} saved of {count.asked}{each}"))
    made, saved = sum(c.made for c in counts.values()), sum(c.saved for c in counts.values())
    spent_s, saved_s = sum(c.cpu_s for c in counts.values()), sum(c.saved_s for c in counts.values())
    total = f"{made} made, {saved} saved; {spent_s:.1f} CPU-s spent, {saved_s:.1f} saved"
    return [*lines, ("engine calls", total)]
