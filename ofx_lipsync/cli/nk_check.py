# SPDX-License-Identifier: Apache-2.0
"""lipsync nk-check: what a Nuke script needs, and whether it renders here (exit 0: it does, 4: it does not)."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ofx_lipsync.cli.shot import frame_range
from ofx_lipsync.core.timing import FrameRange


def register(verbs: Any) -> None:
    parser = verbs.add_parser("nk-check", help="what a Nuke script needs, and whether it renders here",
                              description=__doc__)  # fmt: skip
    parser.add_argument("script", help="the script, as Nuke saves it (.nk, .gizmo)")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="frames, as 1001-1100 (default: the project's)")
    parser.add_argument("-X", "--write", metavar="NAMES", default="", help="only these Writes, as Write1,Write2")
    parser.add_argument(
        "--set", metavar="NODE.KNOB=VALUE", action="append", default=[], dest="sets", help="as of render"
    )
    parser.add_argument("--colour", metavar="CONFIG", help="OCIO config (default: $OCIO, or the script's)")
    parser.add_argument("--frames-syntax", choices=("nuke", "openjd"), default="nuke", help="how ':' in ranges is read")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ofx_lipsync.nk.check import needs
    from ofx_lipsync.nk.project import open_project

    project = open_project(args.script, args.sets, args.colour)
    asked: FrameRange | None = frame_range(args.frames, args) if args.frames else None
    found = needs(project, [name for name in args.write.split(",") if name], asked)
    print(json.dumps(found.as_dict(), indent=2) if args.json else _text(found))
    return 0 if found.renders else 4


def _text(found: Any) -> str:
    lines = [f"script   {found.script}" + (f", Nuke {found.nuke}" if found.nuke else "")]
    lines += [f"colour   {found.config} ({found.config_from})"]
    width = max(len(one.name) for one in found.classes)
    for one in found.classes:
        state = "MISSING" if one.is_missing else "needed" if one.needed else "not on the way to a Write"
        lines.append(f"class    {one.name:<{width}} {one.count:>3}  {one.origin}, {state}")
    for file in found.files:
        state = f"frames {file.missing} missing" if file.missing else "there" if file.exists else "MISSING"
        frames = f" {file.frames}" if file.frames else ""
        lines.append(f"file     {file.path}{frames} ({file.node}): {state}{'' if file.needed else ', not needed'}")
    lines += [f"write    {write}" for write in found.writes]
    lines += [f"problem  {problem}" for problem in found.problems]
    lines += ["it renders here" if found.renders else "it does not render here"]
    return "\n".join(lines)
