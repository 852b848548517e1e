# SPDX-License-Identifier: Apache-2.0
"""What a script needs to be rendered here: classes, files, an OCIO config; and whether it has it all."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import Any, Sequence

from ofx_lipsync.cli.progress import progress
from ofx_lipsync.core.errors import LipSyncError
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.nk.classes import DONE, OURS, SHOWN, SILENT, engine_node, origin
from ofx_lipsync.nk.project import Project
from ofx_lipsync.nk.render import Renderer
from ofx_lipsync.nk.script import Node
from ofx_lipsync.nk.shown import Over, Shown
from ofx_lipsync.nk.spaces import config_name
from ofx_lipsync.nk.writes import chosen, frames_of, output_of

_FILES = ("line", "reel", "weights", "plate_file")
"""Knobs of our nodes that name files to be read."""


@dataclass
class NeededClass:
    """count: nodes of it. needed: whether one is on the way to a Write."""

    name: str
    origin: str
    count: int
    needed: bool

    @property
    def is_missing(self) -> bool:
        return self.needed and self.origin not in (OURS, DONE, SHOWN)


@dataclass
class NeededFile:
    """frames: those asked for, of a sequence. missing: those that are not there. needed: as of classes."""

    node: str
    path: str
    exists: bool
    needed: bool
    frames: str = ""
    missing: str = ""


@dataclass
class Needs:
    """problems: why it will not render here, a sentence each; none where it will."""

    script: str
    nuke: str
    config: str
    config_from: str
    classes: list[NeededClass] = field(default_factory=list)
    files: list[NeededFile] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def renders(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        return {"renders": self.renders, **asdict(self)}


def needs(project: Project, names: Sequence[str] = (), asked: FrameRange | None = None) -> Needs:
    """names: Writes asked for. asked: frames, or the script's own."""
    script = project.values.script
    config = project.reads.colour.name
    found = Needs(script.path, script.version, config_name(config), project.why_colour)
    plans = _plans(project, found, names, asked)
    on_path = _on_path(project, plans)
    counts: dict[str, list[Node]] = {}
    for node in script.nodes:
        counts.setdefault(node.kind, []).append(node)
    for kind, nodes in sorted(counts.items()):
        found.classes.append(NeededClass(kind, origin(kind), len(nodes), any(n in on_path for n in nodes)))
    _files(project, found, plans, on_path)
    for file in found.files:
        if file.needed and (file.missing or not file.exists):
            what = f"frames {file.missing} are missing" if file.missing else "is not there"
            _add(found, f"{file.path}: {what} ({file.node})")
    return found


def _plans(
    project: Project, found: Needs, names: Sequence[str], asked: FrameRange | None
) -> list[tuple[Node, dict[int, Shown]]]:
    """Each Write as far as it can be followed; why not is noted."""
    plans = []
    try:
        writes = chosen(project.values.script, project.values, names)
    except LipSyncError as error:
        found.problems.append(str(error))
        return []
    with progress("none") as quiet, Renderer(project, quiet) as renderer:
        for node in writes:
            try:
                output = output_of(node, project.values, project.reads.colour)
                found.writes.append(f"{node.full_name} {output.path}")
                plans.append((node, renderer.check(output, frames_of(output, project.walk, project.reads, asked))))
            except LipSyncError as error:
                _add(found, str(error))
    return plans


def _add(found: Needs, problem: str) -> None:
    """Once, and not where another line says the same of the same file."""
    path = problem.split(": ")[0]
    known = "missing" in problem and any(p.startswith(f"{path}: ") for p in found.problems)
    if problem not in found.problems and not known:
        found.problems.append(problem)


def _on_path(project: Project, plans: list[tuple[Node, dict[int, Shown]]]) -> set[Node]:
    """Nodes between the Reads and the Writes. Of a Write that cannot be followed: all above it."""
    followed = {node for node, _ in plans}
    on_path: set[Node] = set()
    for write in [n for n in project.values.script.nodes if n.kind == "Write"]:
        if write in followed or not project.values.flag(write, "disable", 0):
            waiting: list[Node | None] = [write]
            while waiting:
                node = waiting.pop()
                if node is None or node in on_path:
                    continue
                on_path.add(node)
                waiting += [*node.inputs, *(n for n in node.children if n.kind == "Output")]
                waiting += [node.parent.input(0)] if node.kind == "Input" and node.parent is not None else []
    return {n for n in on_path if n.kind not in SILENT}


def _files(project: Project, found: Needs, plans: list[tuple[Node, dict[int, Shown]]], on_path: set[Node]) -> None:
    asked = _asked(project, plans)
    for node in project.values.script.nodes:
        name = engine_node(node.kind)
        needed = node in on_path and not _off(project, node)
        try:
            if node.kind == "Read" and project.values.has(node, "file"):
                found.files.append(_footage(project, node, asked.get(node, set()), needed))
            elif name is not None:
                found.files += _named(project, node, needed)
        except LipSyncError as error:
            if needed:
                _add(found, str(error))


def _off(project: Project, node: Node) -> bool:
    try:
        return project.values.flag(node, "disable", 0)
    except LipSyncError:
        return False


def _asked(project: Project, plans: list[tuple[Node, dict[int, Shown]]]) -> dict[Node, set[int]]:
    """Frames at which each Read is asked, shots in whole: they are analysed in whole."""
    asked: dict[Node, set[int]] = {}
    for _, plan in plans:
        for shown in plan.values():
            asked.setdefault(shown.read, set()).add(shown.frame)
            for step in shown.steps:
                if isinstance(step, Over):
                    asked.setdefault(step.top.read, set()).add(step.top.frame)
    for spec in project.shots.known:
        asked.setdefault(spec.read, set()).update(spec.frames.values())
    return asked


def _footage(project: Project, node: Node, asked: set[int], needed: bool) -> NeededFile:
    footage = project.reads.footage(node)
    if not asked:
        first, last = project.reads.range(node)
        asked = set(range(first, min(last, first + 100_000) + 1))
    frames = FrameRange(sorted(asked))
    missing = project.reads.missing(node, frames)
    exists = bool(footage.found) or (footage.single is not None and footage.single.is_file())
    nearest = project.values.text(node, "on_error") == "nearest frame" and exists
    return NeededFile(node.full_name, footage.path, exists, needed and not (nearest and missing), str(frames),
                      str(missing))  # fmt: skip


def _named(project: Project, node: Node, needed: bool) -> list[NeededFile]:
    found = []
    for knob in node.knobs:
        if knob.rsplit("_", 1)[-1] not in _FILES and knob not in _FILES:
            continue
        path = project.values.path(node, knob)
        weights_by_name = knob.endswith("weights") and "/" not in path and "." not in path
        if path and not weights_by_name and "#" not in path and "%" not in path:
            exists = os.path.exists(path)
            found.append(NeededFile(f"{node.full_name}.{knob}", path, exists, needed and knob != "plate_file"))
    return found
