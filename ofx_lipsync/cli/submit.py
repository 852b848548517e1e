# SPDX-License-Identifier: Apache-2.0
"""lipsync submit: a dub as a job for the farm, written into a folder; --run runs it here.

The job analyses the shot once and dubs it in chunks, which may run anywhere, in any order and again: the bytes are the
same. Hosts need this package and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from ofx_lipsync.cli.dub import wanted_frames
from ofx_lipsync.cli.shot import add_shot_arguments, asked, check_outputs, open_shot, report
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.farm import opencue, openjd
from ofx_lipsync.farm.existing import check_skippable
from ofx_lipsync.farm.job import Job, memory_mib, write_job
from ofx_lipsync.media import movie_codec

ENGINES: dict[str, ModuleType] = {"openjd": openjd, "opencue": opencue}


def register(verbs: Any) -> None:
    parser = verbs.add_parser("submit", help="a dub as a job for the farm", description=__doc__)
    add_shot_arguments(parser)
    parser.add_argument("out", nargs="?", help="sequence (exr, png), cut into chunks, or movie, made in one task")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="render only these frames of the shot, as 1001-1075x2")
    parser.add_argument(
        "--analysis", metavar="FILE", help="where the analysis is, or is to be made (default: the job's)"
    )
    parser.add_argument("--codec", help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=tuple(ENGINES), default="openjd", help="what runs it (default: openjd)")
    parser.add_argument("--chunk", type=int, default=25, metavar="N", help="frames a task (default: 25)")
    parser.add_argument("--memory", type=int, metavar="MIB", help="memory a task needs (default: by the plate's size)")
    parser.add_argument("--lipsync", metavar="COMMAND", help="what the hosts call this program (default: lipsync)")
    parser.add_argument("--out", dest="job", metavar="DIR", help="folder for the job (default: NAME.farm here)")
    parser.add_argument("--run", dest="now", action="store_true", help="run it here, through openjd")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.now and args.engine != "openjd":
        raise UsageError(f"lipsync submit: --run is for --engine openjd, not {args.engine}; launch it as it says")
    if args.now:
        openjd.openjd()
    if args.chunk < 1:
        raise UsageError(f"lipsync submit: --chunk {args.chunk}, expected at least 1")
    check_outputs(args)
    job = _job(args)
    write_job(job)
    how = ENGINES[args.engine].write(job)
    report(
        [
            ("job", f"{job.folder}"),
            ("frames", f"{job.frames} in {job.tasks} task{'s' if job.tasks > 1 else ''}, after one that analyses"),
            ("a task asks for", f"{job.threads} core{'s' if job.threads > 1 else ''}, {job.memory_mib} MiB"),
            *(how if not args.now else ()),
        ]
    )
    if args.now:
        sys.stdout.flush()
        openjd.run(job)
        report([("result", str(job.out))])
    return 0


def _job(args: argparse.Namespace) -> Job:
    shot = asked(args)
    out = Path(args.out).absolute()
    if out.suffix.lower() not in movie_codec.WRITES:
        check_skippable(str(out))
    name = shot.name or out.stem.split(".")[0]
    folder = Path(args.job or f"{name}.farm").absolute()
    with open_shot(args) as opened:
        frames = FrameRange(wanted_frames(args, opened))
        memory = args.memory or memory_mib(opened)
    here = openjd.here() if args.now else "lipsync"
    return Job(
        name, folder, shot, frames, out, Path(args.analysis or folder / "shot.lipsync").absolute(), args.chunk,
        args.threads or 1, memory, args.lipsync or here,
    )  # fmt: skip
