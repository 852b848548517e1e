# SPDX-License-Identifier: Apache-2.0
"""A dub as a queue runs it: a folder with the shot as it is now, what must travel along, and how it is cut.

The folder holds its own copy of the shot file, so that an artist may go on changing hers while the job runs. Paths in
it start at the folder: they stay right where a farm puts the same tree elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterator

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.params import File
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.graph import node
from ofx_lipsync.media import movie_codec
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.writer import put_in_place, scratch_path
from ofx_lipsync.shotfile import OpenShot, ShotFile, write_shot
from ofx_lipsync.shotfile.entries import entries

SHOT = "shot.toml"
_TABLES = ("plate", "colour", "output")


@dataclass(frozen=True)
class Job:
    """folder: of the job, whole path. frames: to deliver. chunk: frames a task. lipsync: the command on the hosts."""

    name: str
    folder: Path
    shot: ShotFile
    frames: FrameRange
    out: Path
    analysis: Path
    chunk: int = 25
    threads: int = 1
    memory_mib: int = 2048
    lipsync: str = "lipsync"

    @property
    def is_movie(self) -> bool:
        """One file cannot be made in parts."""
        return self.out.suffix.lower() in movie_codec.WRITES

    @property
    def tasks(self) -> int:
        return 1 if self.is_movie else -(-len(self.frames) // self.chunk)


def memory_mib(opened: OpenShot) -> int:
    """What a task needs at most, for the scheduler: the program and its networks, and some copies of a frame."""
    pixels = opened.plate.display.width * opened.plate.display.height
    return 1024 + 256 * -(-pixels * 240 // (256 << 20))


def write_job(job: Job) -> None:
    """The folder with its shot file, without the movie to look at: chunks would write it over each other.

    Raises: OutputError."""
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{job.folder}: cannot be made ({error.strerror}); give another --out") from None
    shot = job.shot if job.is_movie else replace(job.shot, output=replace(job.shot.output, review=""))
    write_shot(job.folder / SHOT, from_folder(shot, job.folder))


def write_text(path: Path, text: str) -> None:
    """The whole text or nothing.  Raises: OutputError."""
    scratch = scratch_path(path)
    try:
        scratch.write_text(text, encoding="utf-8")
        put_in_place(scratch, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); check space and rights") from None
    finally:
        scratch.unlink(missing_ok=True)


def inputs(shot: ShotFile) -> Iterator[tuple[str, str]]:
    """(name, path as seen from here) of every file or sequence that the shot reads."""
    yield "Plate", shot.at(shot.plate.path)
    yield from (
        (name, shot.at(path)) for name, path in (("Reel", shot.plate.reel), ("Holdout", shot.plate.holdout)) if path
    )
    for number, line in enumerate(shot.lines, start=1):
        yield f"Line{number if len(shot.lines) > 1 else ''}", shot.at(line.path)
    config = shot.at_if_there(shot.colour.config)
    if config and os.path.exists(config):
        yield "Config", config
    for number in range(max(1, len(shot.lines))):
        for owner, param, path in _files(shot, number):
            yield f"{owner}{param.title().replace('_', '')}{number + 1 if number else ''}", path


def _files(shot: ShotFile, line: int) -> Iterator[tuple[str, str, str]]:
    """(node, param, path) of file params that name a file which is there."""
    for owner, params in shot.settings(line).params.items():
        for name, declared in type(params).declarations().items():
            value = params.as_dict()[name]
            if isinstance(declared, File) and value and (os.path.exists(value) or Pattern.parse(value)):
                yield owner, name, value


def from_folder(shot: ShotFile, folder: Path) -> ShotFile:
    """The same shot with every path beginning at `folder`."""
    here = os.path.realpath(folder)

    def moved(path: str) -> str:
        return os.path.relpath(os.path.abspath(shot.at(path)), here) if path else path

    def named(name: str) -> str:
        return moved(name) if name and os.path.exists(shot.at(name)) else name

    def part(value: Any) -> Any:
        known = entries(type(value)).items()
        paths = {name: moved(getattr(value, name)) for name, one in known if one.path}
        return replace(value, **paths, **{name: named(getattr(value, name)) for name, one in known if one.named})

    def params(given: Any) -> dict[str, dict[str, Any]]:
        return {
            owner: {
                n: named(v) if isinstance(node(owner).Params.declarations()[n], File) else v for n, v in own.items()
            }
            for owner, own in given.items()
        }

    tables = {name: part(getattr(shot, name)) for name in _TABLES}
    lines = tuple(replace(part(line), params=params(line.params)) for line in shot.lines)
    return replace(shot, **tables, lines=lines, params=params(shot.params), folder=here)
