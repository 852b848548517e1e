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
from ofx_lipsync.core.errors import AnalysisError, UsageError


def register(verbs: Any) -> None:
    parser = verbs.add_parser("analyse", help="analyse a shot once, for later renders", description=__doc__)
    add_shot_arguments(parser)
    parser.add_argument("out", nargs="?", help="the analysis file, as shot.lipsync")
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--overwrite", action="store_true", help="replace an existing file")
    there.add_argument("--skip-existing", action="store_true", help="keep a file that is of this very shot")
    parser.set_defaults(run=run, delivers="analysis")


def run(args: argparse.Namespace) -> int:
    shot, notes = asked(args), list[tuple[str, str]]()
    files = [str(person_path(args.out, shot, person)) for person in shot.people]
    there = [file for file in files if Path(file).exists()]
    if there and not (args.overwrite or args.skip_existing):
        raise UsageError(f"{there[0]}: exists already; give --overwrite to replace it")
    check_outputs(args)
    with open_shot(args) as opened, progress(args.progress) as shown:
        try:
            analysis = analysed(opened, args.out, shown, overwrite=args.overwrite)
            notes += [("skipped", "there already, and of this shot")] if there == files and args.skip_existing else []
        except AnalysisError as error:
            if not args.skip_existing:
                raise
            notes += [("made again", str(error).partition(";")[0])]
            analysis = analysed(opened, args.out, shown, overwrite=True)
    sizes = [f"{file} ({Path(file).stat().st_size / 1e6:.1f} MB, {len(analysis.frames)} frames)" for file in files]
    report([*(("analysis", size) for size in sizes), *notes, *told(opened, analysis), *opened.notes.items()])
    return 0
