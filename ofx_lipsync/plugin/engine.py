# SPDX-License-Identifier: Apache-2.0
"""Answers to what a host asks: which node, which action, and what goes back."""

from __future__ import annotations

import contextlib
import importlib
from dataclasses import dataclass
from itertools import groupby
from types import ModuleType

import numpy as np

from ofx_lipsync.core.errors import LipSyncError, UsageError
from ofx_lipsync.graph import node
from ofx_lipsync.plugin.answer import Answer
from ofx_lipsync.plugin.channel import ResultFile
from ofx_lipsync.plugin.job import SOURCE, WHOLE, Job
from ofx_lipsync.plugin.pictures import Picture
from ofx_lipsync.plugin.protocol import Kind, Message, Value
from ofx_lipsync.plugin.request import Request, frame_of
from ofx_lipsync.plugin.store import Hash
from ofx_lipsync.plugin.workshop import Workshop

HOSTED = {
    "facedetect": ("FaceDetect", "face_detect"),
    "audiofeature": ("AudioFeature", "audio_feature"),
    "mouthgenerate": ("MouthGenerate", "mouth_generate"),
    "blend": ("Blend", "blend"),
    "lipsync": (WHOLE, "lip_sync"),
    "portrait": ("Portrait", "portrait"),
    "character": ("Character", "character"),
    "syncmeter": ("SyncMeter", "sync_meter"),
    "resync": ("Resync", "resync"),
    "fill": ("Fill", "fill"),
}
"""By the last part of a plug-in's id: the node, and its module in `hosted`."""
_READS_MOUTHS = ("MouthGenerate", "Blend", WHOLE)
_READS_OTHERS = ("Resync", "Fill")
"""Nodes whose module says what is read, with `wanted`."""
_MOST_SPANS = 64


@dataclass(frozen=True, eq=False)
class Made:
    """A result that waits for its RESULT: under which hash the host now has it."""

    picture: Picture
    answer: Answer

    def keep(self, workshop: Workshop, key: Hash) -> None:
        answer = self.answer
        workshop.store.put(key, self.picture, answer.packet, answer.packet_bytes, answer.recipe)


@dataclass(frozen=True, eq=False)
class Reply:
    """The body of DONE, what goes in a memory file beside it, and what may be named by a RESULT."""

    body: dict[str, Value]
    content: np.ndarray | None = None
    made: Made | None = None

    def message(self, number: int, file: ResultFile) -> Message:
        """DONE, with `file` beside it where there is more than a body."""
        fds = () if self.content is None else (file.fill(self.content.reshape(-1).view(np.uint8).data),)
        return Message(Kind.DONE, number, self.body, fds)


def serve(workshop: Workshop, request: Request) -> Reply:
    """Do what a request asks.  Raises: LipSyncError, and whatever a node raises."""
    message = request.message
    name, module = _hosted(message)
    job = Job(workshop, request, name)
    with job.files, request.mapped:
        if message.kind == Kind.ANALYSE:
            return _analyse(job)
        frame_of(message)  # a request without a time ends its channel, whatever the node would say
        if message.kind == Kind.RENDER:
            return _render(job, module)
        if message.kind == Kind.REGION:
            return Reply(_region(job, module))
        if message.kind == Kind.FRAMES:
            return Reply(_frames(job, module))
        return _overlay(job)


def _hosted(message: Message) -> tuple[str, str]:
    name = message.text("node").lower().rpartition(".")[2]
    if name not in HOSTED:
        raise UsageError(
            f"{message.kind.name} node: got {name!r}, expected {', '.join(HOSTED)}; install the plug-in anew"
        )
    return HOSTED[name]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"ofx_lipsync.plugin.hosted.{name}")


def _render(job: Job, module: str) -> Reply:
    answer: Answer = _module(module).render(job)
    job.workshop.counters.add(renders=1)
    job.request.check()
    if answer.change is not None:
        if answer.change.put():
            return Reply({"out": "card"})
        answer = Answer(rows=answer.change.rows())
    if answer.rows is None:
        assert answer.image is not None
        return Reply({"out": "image", "image": answer.image})
    return Reply({"out": "fd"}, answer.rows, Made(Picture(job.out, answer.rows), answer))


def _region(job: Job, module: str) -> dict[str, Value]:
    """The mouth alone for MouthGenerate; other nodes cover what Source covers, AudioFeature without one the format."""
    box = _module(module).region(job) if job.name == "MouthGenerate" and job.view == "result" else None
    if box is not None:
        return {f"rod.{edge}": value for edge, value in zip(_EDGES, box, strict=True)}
    if any(job.message.body.get(f"image{n}.clip") == SOURCE for n in range(64)):
        return {"same": 1}
    return {f"rod.{edge}": job.message.number(f"format.{edge}", wanted) for edge, wanted in _NO_FORMAT.items()}


_EDGES = ("x1", "y1", "x2", "y2")
_NO_FORMAT = dict(zip(_EDGES, (0.0, 0.0, 1920.0, 1080.0), strict=True))


def _frames(job: Job, module: str) -> dict[str, Value]:
    """Which frames of Source are read: its own, and those that mouths come from or that are shown in its place, unless
    a file is read for them."""
    wanted = {job.frame}
    if not job.text("plate_file"):
        with contextlib.suppress(LipSyncError):  # the render says what is wrong
            wanted |= _others(job, module)
    body: dict[str, Value] = {}
    for index, (first, last) in enumerate(_spans(sorted(wanted))):
        prefix = f"image{index}."
        body[prefix + "clip"], body[prefix + "first"], body[prefix + "last"] = SOURCE, first, last
    return body


def _others(job: Job, module: str) -> set[int]:
    if job.name in _READS_MOUTHS:
        plan = job.plan(job.settings["MouthGenerate"])
        return set(node("MouthGenerate").wanted(plan, [job.frame], params=job.settings["MouthGenerate"]))
    wanted: set[int] = _module(module).wanted(job) if job.name in _READS_OTHERS else set()
    return wanted


def _spans(frames: list[int]) -> list[tuple[int, int]]:
    runs = (list(run) for _, run in groupby(enumerate(frames), lambda pair: pair[1] - pair[0]))
    return [(run[0][1], run[-1][1]) for run in runs][:_MOST_SPANS]


def _overlay(job: Job) -> Reply:
    from ofx_lipsync.plugin.overlay import overlay

    body, points = overlay(job)
    return Reply(body, points if len(points) else None)


def _analyse(job: Job) -> Reply:
    from ofx_lipsync.plugin.analysing import analyse

    analyse(job)
    return Reply({})
