# SPDX-License-Identifier: Apache-2.0
"""lipsync new: a shot file to fill in, with every entry and every param explained."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from ofx_lipsync.cli.shot import is_shot_file, report
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.graph import read_params
from ofx_lipsync.media.writer import check_writable
from ofx_lipsync.shotfile import Colours, Line, Output, PlateEntry, ShotFile
from ofx_lipsync.shotfile.template import template
from ofx_lipsync.shotfile.write import checked, put_text, rebased

PLATE = ("frames", "rate", "space", "handles", "reel", "holdout")
OUTPUT = ("comp", "elements", "analysis", "review", "codec")


def register(verbs: Any) -> None:
    parser = verbs.add_parser("new", help="a shot file to fill in", description=__doc__)
    parser.add_argument("out", help="the shot file, as ab_0010.toml")
    parser.add_argument("--name", help="the shot's name (default: the file's)")
    parser.add_argument("--plate", metavar="PLATE", help="movie, or sequence as plate.####.exr")
    parser.add_argument("--line", metavar="SOUND", action="append", default=[], help="a line; again for another person")
    parser.add_argument("--frames", "--shot", metavar="RANGE", help="the shot's frames, as 1001-1100")
    parser.add_argument("--handles", metavar="N", type=int, help="frames before and after to look at as well")
    parser.add_argument("--rate", metavar="FPS", help="frames per second, as 24000/1001")
    parser.add_argument("--space", metavar="NAME", help="the plate's colour space")
    parser.add_argument("--reel", metavar="PLATE", help="more footage of the same actor, for mouths")
    parser.add_argument("--holdout", metavar="PLATE", help="matte of what is in front of the face")
    parser.add_argument("--colour", metavar="CONFIG", help="OCIO config, a file or a named built-in")
    parser.add_argument("--set", metavar="NODE.PARAM=VALUE", action="append", default=[], dest="sets", help="a param")
    parser.add_argument("--comp", metavar="OUT", help="the result, as comp.####.exr")
    parser.add_argument("--elements", metavar="OUT", help="layers for the comp, as elements.####.exr")
    parser.add_argument("--analysis", metavar="FILE", help="where the analysis is kept (default: beside the shot file)")
    parser.add_argument("--review", metavar="OUT", help="a movie to look at")
    parser.add_argument("--codec", help="of a movie: prores, prores4444, h264 or ffv1")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    out = Path(args.out)
    if not is_shot_file(args.out):
        raise UsageError(f"{args.out}: a shot file's name ends in .toml; give one such as ab_0010.toml")
    if out.exists() and not args.overwrite:
        raise UsageError(f"{args.out}: exists already; give --overwrite to replace it")
    check_writable(args.out)
    shot = rebased(checked(_shot(args)), str(out.parent))
    shot = shot if args.analysis else replace(shot, output=replace(shot.output, analysis=f"{out.stem}.lipsync"))
    put_text(out, template(shot))
    wanting = [text for there, text in ((shot.plate.path, "plate"), (shot.lines, "line"), (shot.output.comp, "comp"))
               if not there]  # fmt: skip
    report(
        [("shot file", args.out), ("to fill in", ", ".join(wanting) or "nothing"), ("then", f"lipsync dub {args.out}")]
    )
    return 0


def _shot(args: argparse.Namespace) -> ShotFile:
    """As it was asked for, its paths seen from here."""
    plate = {name: value for name in PLATE if (value := getattr(args, name)) is not None}
    output = {name: value for name in OUTPUT if (value := getattr(args, name))}
    several = len(args.line) > 1
    names = [Path(line).stem for line in args.line]
    lines = tuple(
        Line(name="".join(c if c.isalnum() or c in "_-" else "_" for c in name) if several else "", path=line)
        for name, line in zip(names, args.line, strict=True)
    )
    return ShotFile(
        name=args.name or Path(args.out).stem,
        plate=PlateEntry(path=args.plate or "", **plate),
        lines=lines,
        params=read_params(args.sets),
        colour=Colours(config=args.colour or ""),
        output=Output(**output),
    )
