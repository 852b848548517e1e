# SPDX-License-Identifier: Apache-2.0
"""lipsync analyse: look and listen once per shot; dub, hosts and farm reuse the file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ofx_lipsync.cli.progress import progress
from ofx_lipsync.cli.shot import add_shot_arguments, analysed, asked, check_outputs, open_shot, report
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.graph import summary


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
        analysis = analysed(opened, args.out, shown, overwrite=args.overwrite)
    size = Path(args.out).stat().st_size
    report(
        [
            ("analysis", f"{args.out} ({size / 1e6:.1f} MB, {len(analysis.frames)} frames)"),
            *summary(analysis).items(),
            *opened.notes.items(),
        ]
    )
    return 0
