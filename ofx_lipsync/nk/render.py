# SPDX-License-Identifier: Apache-2.0
"""A Write of a script, frame by frame: the dub as `lipsync dub` makes it, then what the graph does with it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Sequence

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.dub import heard
from ofx_lipsync.cli.frames import Finished, finished
from ofx_lipsync.cli.progress import Progress
from ofx_lipsync.cli.provenance import changed_frames, movie_tags, people_stamp, recipe, shot_stamp
from ofx_lipsync.cli.shot import OpenShot, analysed
from ofx_lipsync.cli.trust import Trust
from ofx_lipsync.core.errors import OutputError, UsageError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.graph import Dubbed
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.writer import KEY, Writer, refuse_own_input
from ofx_lipsync.nk.layers import lay_dub
from ofx_lipsync.nk.project import Project
from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.shots import Spec
from ofx_lipsync.nk.shown import Cut, Dubbing, Over, Shown
from ofx_lipsync.nk.steps import cut, lay_over
from ofx_lipsync.nk.writes import Output, open_output
from ofx_lipsync.trust.ledger import Ledger


@dataclass
class Rendered:
    """What came of a Write. left: frames that stay as the plate has them."""

    output: Output
    frames: list[int]
    left: list[int] = field(default_factory=list)
    coding: str = ""
    origin: str = ""


@dataclass
class _Job:
    """A Blend with its shot open. wanted: its frames that are asked for, in order, again where one is held."""

    spec: Spec
    opened: OpenShot
    wanted: list[int]
    analysis: Analysis | None = None


class Renderer:
    """Shots stay open from one Write to the next; use in a `with` block."""

    def __init__(self, project: Project, shown: Progress, trust: Trust | None = None) -> None:
        self.project, self.progress = project, shown
        self.trust = trust or Trust(None, None)
        self.jobs: dict[Node, _Job] = {}
        self._files = ExitStack()
        self._analyses: dict[Node, Analysis] = {}
        self._opened: dict[Node, OpenShot] = {}

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()

    def render(self, output: Output, frames: Sequence[int]) -> Rendered:
        """Raises: UsageError for frames that the shot does not have, and what reading, dubbing and writing raise."""
        walk = self.project.walk
        above = output.node.input(0)
        if above is None:
            raise walk.stop(output.node, "nothing is connected to its input")
        plan = {frame: walk.shown(above, frame) for frame in frames}
        jobs = self._jobs(plan)
        plates = self._plates(plan)
        made = Rendered(output, list(frames))
        with self._writer(output, plan, jobs, plates) as writer:
            made.coding = writer.coding
            for job_node, job in jobs.items():
                job.analysis = self._analysis(job_node, job)
            ledger = self._watched(writer, output, plan, jobs) if jobs else None
            self._write(writer, plan, jobs, plates, made)
        made.origin = ledger.finish() if ledger else ""
        return made

    def _watched(self, writer: Writer, output: Output, plan: dict[int, Shown], jobs: dict[Node, _Job]) -> Ledger:
        """What is written says of itself, inside and beside, how it was made."""
        cast: dict[str, dict[str, str | int]] = {}
        changed: set[int] = set()
        for blend, job in jobs.items():
            assert job.analysis is not None
            job.opened.consent = self.trust.consent
            cast[blend.full_name] = shot_stamp(job.opened, job.analysis)
            painted = set(changed_frames(job.opened.settings, job.analysis, job.wanted))
            for number, shown in plan.items():
                steps = [step for step in shown.steps if isinstance(step, Dubbing) and step.node is blend]
                changed |= {number} if any(step.frame in painted for step in steps) else set()
        marks = people_stamp(cast) if len(cast) > 1 else next(iter(cast.values()))
        first = next(iter(jobs.values())).opened
        plate = first.plate.info.path
        made_with = recipe(marks, self.trust.consent, plate, first.key)
        tags = movie_tags(marks, changed, list(plan))
        return self.trust.begin(writer, output.path, made_with, [*first.delivered, *plan], plate, tags)

    def check(self, output: Output, frames: Sequence[int]) -> dict[int, Shown]:
        """Everything but files and pixels: that the graph can be followed and every knob worked out."""
        above = output.node.input(0)
        if above is None:
            raise self.project.walk.stop(output.node, "nothing is connected to its input")
        plan = {frame: self.project.walk.shown(above, frame) for frame in frames}
        for step, _ in _dubbings(plan).values():
            self._spec(step)
        return plan

    def _spec(self, step: Dubbing) -> Spec:
        spec = self.project.shots.spec(step.node, step.frame)
        if step.frame not in spec.frames:
            first, last = min(spec.frames), max(spec.frames)
            raise UsageError(
                f"-F: {step.node.full_name} is asked for frame {step.frame}, and its shot is {first}-{last}; give "
                "frames of the shot, or change first_frame and last_frame"
            )
        return spec

    def _jobs(self, plan: dict[int, Shown]) -> dict[Node, _Job]:
        """The shots of this Write, open; the frames of each in the order they are written."""
        jobs: dict[Node, _Job] = {}
        for shown in plan.values():
            for step in shown.steps:
                if isinstance(step, Dubbing):
                    spec = self._spec(step)
                    if step.node not in jobs:
                        jobs[step.node] = _Job(spec, self._shot(step.node, spec), [])
                    jobs[step.node].wanted.append(step.frame)
        return jobs

    def _shot(self, blend: Node, spec: Spec) -> OpenShot:
        if blend not in self._opened:
            self._opened[blend] = self._files.enter_context(self.project.shots.open(spec))
        return self._opened[blend]

    def _analysis(self, blend: Node, job: _Job) -> Analysis:
        if blend not in self._analyses:
            self._analyses[blend] = analysed(job.opened, job.spec.analysis or None, self.progress)
        return self._analyses[blend]

    def _plates(self, plan: dict[int, Shown]) -> dict[tuple[Node, bool], tuple[Plate, dict[int, int]]]:
        """Plates of frames without a dub, and of pictures laid over others; (Read, whether it is laid over)."""
        asked: dict[tuple[Node, bool], set[int]] = {}
        for shown in plan.values():
            if not any(isinstance(step, Dubbing) for step in shown.steps):
                asked.setdefault((shown.read, False), set()).add(shown.frame)
            for step in shown.steps:
                if isinstance(step, Over):
                    asked.setdefault((step.top.read, True), set()).add(step.top.frame)
        plates = {}
        for key, frames in asked.items():
            numbers = {frame: frame for frame in sorted(frames)}
            plates[key] = self._files.enter_context(self.project.reads.open(key[0], numbers)), numbers
        return plates

    def _writer(
        self, output: Output, plan: dict[int, Shown], jobs: dict[Node, _Job],
        plates: dict[tuple[Node, bool], tuple[Plate, dict[int, int]]],
    ) -> Writer:  # fmt: skip
        first = next(iter(jobs.values()), None)
        plate = first.opened.plate if first is not None else plates[next(iter(plan.values())).read, False][0]
        for job in jobs.values():
            if Path(job.spec.line).resolve() == Path(output.path).resolve():
                raise OutputError(f"{output.path}: is the line as well, and would be lost; write to another name")
        for other in (*(p for p, _ in plates.values()), *(job.opened.plate for job in jobs.values())):
            refuse_own_input(output.path, other)
        sound: Sound | None = None
        if output.is_movie and first is not None:
            sound = heard(first.opened, first.wanted)
        return open_output(output, plate, sound)

    def _write(
        self, writer: Writer, plan: dict[int, Shown], jobs: dict[Node, _Job],
        plates: dict[tuple[Node, bool], tuple[Plate, dict[int, int]]], made: Rendered,
    ) -> None:  # fmt: skip
        running: dict[Node, Iterator[Finished]] = {}
        for number, shown in self._counted(plan, jobs):
            first, rest = _first_dubbing(shown)
            if first is None:
                frame, dubs = plates[shown.read, False][0].load(shown.frame), []
            else:
                if first.node not in running:
                    running[first.node] = self._finished(jobs[first.node], first.node, plan)
                done = next(running[first.node])
                frame, dubs = done.frame, [done.dubbed] if done.dubbed is not None else []
            for step in rest:
                frame = self._stepped(frame, step, jobs, dubs, plates)
            if rest:
                frame.metadata.pop(KEY, None)  # it is not the dub alone any more
            if not dubs:
                made.left.append(number)
            frame.number = number
            writer.write(frame)

    def _finished(self, job: _Job, blend: Node, plan: dict[int, Shown]) -> Iterator[Finished]:
        assert job.analysis is not None
        firsts = [_first_dubbing(shown)[0] for shown in plan.values()]
        wanted = [step.frame for step in firsts if step is not None and step.node is blend]
        return finished(job.opened, job.analysis, wanted, self.progress)

    def _counted(self, plan: dict[int, Shown], jobs: dict[Node, _Job]) -> Iterator[tuple[int, Shown]]:
        """The frames; finished ones count themselves."""
        items = list(plan.items())
        return iter(items) if jobs else self.progress.stage("write", items)

    def _stepped(
        self, frame: Frame, step: Dubbing | Over | Cut, jobs: dict[Node, _Job], dubs: list[Dubbed],
        plates: dict[tuple[Node, bool], tuple[Plate, dict[int, int]]],
    ) -> Frame:  # fmt: skip
        if isinstance(step, Cut):
            return cut(frame, step.box, step.display)
        if isinstance(step, Dubbing):
            job = jobs[step.node]
            assert job.analysis is not None
            dubs += lay_dub(frame, step.frame, job.opened, job.analysis)
            return frame
        top = plates[step.top.read, True][0].load(step.top.frame)
        for under in step.top.steps:
            if isinstance(under, Cut):
                top = cut(top, under.box, under.display)
        lay_over(frame, top, step.mix)
        return frame


def _first_dubbing(shown: Shown) -> tuple[Dubbing | None, list[Dubbing | Over | Cut]]:
    """The dub that the frame begins with, and what comes after it. A crop above it may as well come after."""
    place = next((n for n, step in enumerate(shown.steps) if isinstance(step, Dubbing)), None)
    if place is None:
        return None, list(shown.steps)
    first = shown.steps[place]
    assert isinstance(first, Dubbing)
    return first, [*shown.steps[:place], *shown.steps[place + 1 :]]


def _dubbings(plan: dict[int, Shown]) -> dict[tuple[Node, int], tuple[Dubbing, int]]:
    return {(step.node, step.frame): (step, number) for number, shown in plan.items() for step in shown.steps
            if isinstance(step, Dubbing)}  # fmt: skip
