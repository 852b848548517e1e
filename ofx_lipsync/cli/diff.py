# SPDX-License-Identifier: Apache-2.0
"""lipsync diff: what differs between two analysis files, or between two shot files.

As diff(1): 0 where they say the same, another code where they differ, and that is 7, since 1 to 6 are failures here.
"""

from __future__ import annotations

import argparse
from typing import Any

from ofx_lipsync.analysis import read_parts
from ofx_lipsync.cli.shot import is_shot_file, report
from ofx_lipsync.compare import compared
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.shotfile import read_shot
from ofx_lipsync.shotfile.compare import compared_shots

DIFFERENT = 7


def register(verbs: Any) -> None:
    parser = verbs.add_parser("diff", help="what differs between two analyses or shot files", description=__doc__)
    parser.add_argument("first", help="an analysis file, or a shot file")
    parser.add_argument("second", help="another of the same kind")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing; the exit code tells")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    kinds = {is_shot_file(args.first), is_shot_file(args.second)}
    if len(kinds) == 2:
        raise UsageError(f"{args.first}, {args.second}: are of two kinds; give two analyses or two shot files")
    if kinds == {True}:
        rows = compared_shots(read_shot(args.first), read_shot(args.second))
    else:
        rows = compared(read_parts(args.first), read_parts(args.second))
    if not args.quiet:
        report(rows or [("same", f"{args.first} and {args.second} say the same")])
    return DIFFERENT if rows else 0
