# SPDX-License-Identifier: Apache-2.0
"""lipsync analyse: look and listen once per shot; dub, hosts and farm reuse the file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ofx_lipsync.cli.progress import progress
from ofx_lipsync.cli.shot import (
    add_shot_arguments,
    analysed,
    asked,
    check_outputs,
    open_shot,
    person_path,
    report,
    told,
)
from ofx_lipsync.core.errors import UsageError


def register(verbs: Any) -> None:
    parser = verbs.add_parser("analyse", help="analyse a shot once, for later renders", description=__doc__)
    add_shot_arguments(parser)
    parser.add_argument("out", nargs="?", help="the analysis file, as shot.lipsync")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=run, delivers="analysis")


def run(args: argparse.Namespace) -> int:
    asked(args)
    if Path(args.out).exists() and not args.overwrite:
        raise UsageError(f"{args.out}: exists already; give --overwrite to replace it")
    check_outputs(args)
    with open_shot(args) as opened, progress(args.progress) as shown:
        files = [Path(str(person_path(args.out, opened.file, person.person))) for person in opened.people]
        there = [str(file) for file in files if file.exists()]
        if there and not args.overwrite:
            raise UsageError(f"{there[0]}: exists already; give --overwrite to replace it")
        analysis = analysed(opened, args.out, shown, overwrite=args.overwrite)
    sizes = [f"{file} ({file.stat().st_size / 1e6:.1f} MB, {len(analysis.frames)} frames)" for file in files]
    report([*(("analysis", size) for size in sizes), *told(opened, analysis), *opened.notes.items()])
    return 0
