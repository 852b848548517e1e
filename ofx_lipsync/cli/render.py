# SPDX-License-Identifier: Apache-2.0
"""lipsync render: the Writes of a Nuke script, without Nuke."""

from __future__ import annotations

import argparse
import time
from typing import Any, Sequence

from ofx_lipsync.cli.progress import MODES, progress
from ofx_lipsync.cli.shot import frame_range, report
from ofx_lipsync.cli.trust import add_trust_arguments, vouched
from ofx_lipsync.core.timing import FrameRange


def register(verbs: Any) -> None:
    parser = verbs.add_parser("render", help="render a Nuke script, without Nuke", description=__doc__)
    parser.add_argument("script", help="the script, as Nuke saves it (.nk)")
    parser.add_argument(
        "-F", "--frames", metavar="RANGE", action="append", default=[],
        help="frames, as 1001-1100x2; may be given again (default: the project's range)",
    )  # fmt: skip
    parser.add_argument(
        "-X", "--write", metavar="NAMES", action="append", default=[],
        help="only these Writes, as Write1,Write2 (default: all that are enabled)",
    )  # fmt: skip
    parser.add_argument(
        "--set", metavar="NODE.KNOB=VALUE", action="append", default=[], dest="sets",
        help="a knob of the script (Read1.file=...), or a param of every node of ours (Blend.feather=12)",
    )  # fmt: skip
    parser.add_argument("--colour", metavar="CONFIG", help="OCIO config (default: $OCIO, or the script's)")
    parser.add_argument("--frames-syntax", choices=("nuke", "openjd"), default="nuke", help="how ':' in ranges is read")
    parser.add_argument("--progress", choices=MODES, default="auto", help="how to say how far")
    add_trust_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ofx_lipsync.nk.project import open_project
    from ofx_lipsync.nk.render import Renderer
    from ofx_lipsync.nk.writes import chosen, frames_of, output_of

    began = time.monotonic()
    trust = vouched(args)
    project = open_project(args.script, args.sets, args.colour)
    names = [name for given in args.write for name in given.split(",") if name]
    values = project.values
    outputs = [output_of(node, values, project.reads.colour) for node in chosen(values.script, values, names)]
    asked = FrameRange(f for text in args.frames for f in frame_range(text, args)) if args.frames else None
    lines: list[tuple[str, str]] = []
    with progress(args.progress) as shown, Renderer(project, shown, trust) as renderer:
        for output in outputs:
            made = renderer.render(output, frames_of(output, project.walk, project.reads, asked))
            lines += _lines(made)
    report([*lines, ("colour", f"{project.reads.colour.name} ({project.why_colour})"),
            ("time", f"{time.monotonic() - began:.1f} s")])  # fmt: skip
    return 0


def _lines(made: Any) -> Sequence[tuple[str, str]]:
    count = len(made.frames)
    return [
        (made.output.node.full_name, made.output.path),
        *([("origin", made.origin)] if made.origin else []),
        ("frames", f"{FrameRange(made.frames)}: {count}, {count - len(made.left)} dubbed"),
        *([("codec", made.coding)] if made.coding else []),
        *([("frames left as they are", str(FrameRange(made.left)))] if made.left else []),
    ]
