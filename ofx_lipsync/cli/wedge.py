# SPDX-License-Identifier: Apache-2.0
"""lipsync wedge: a few frames of a shot in many settings, side by side, with what each costs and how well it speaks.

    lipsync wedge shot.toml out/ --vary MouthGenerate.opening=0.8:1.2:5 --vary Blend.feather=4,8,16
    lipsync wedge shot.toml out/ --pick 7

Writes a labelled sheet through the OCIO view, every picture, and a table; --pick puts a variant of it into the shot
file. Nothing is worked out twice: variants share faces, hearing, plans and mouths wherever their params allow.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from ofx_lipsync.analysis import Analysis, read_analysis, write_analysis
from ofx_lipsync.cli.dub import wanted_frames
from ofx_lipsync.cli.person import add_person_argument, person_of, with_params_of
from ofx_lipsync.cli.progress import Progress, progress
from ofx_lipsync.cli.shot import OpenShot, add_shot_arguments, analysed, is_shot_file, open_shot, person_path, report
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.graph import read_params
from ofx_lipsync.shotfile import read_shot, write_shot
from ofx_lipsync.tuning.choose import telling_frames
from ofx_lipsync.tuning.kept import keep, picked
from ofx_lipsync.tuning.shared import Count, CountedDub, Shared, no_counts, told
from ofx_lipsync.tuning.shown import Shower
from ofx_lipsync.tuning.vary import MOST, Axis, grid, read_axis
from ofx_lipsync.tuning.wedge import Tried, wedge


def register(verbs: Any) -> None:
    parser = verbs.add_parser("wedge", help="a shot in many settings, side by side", description=__doc__,
                              formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add_shot_arguments(parser)
    parser.add_argument("out", help="folder for the sheet, the pictures and wedge.json")
    parser.add_argument("--vary", metavar="NODE.PARAM=VALUES", action="append", default=[],
                        help="first:last:count, or values with commas; several of these are all combined")  # fmt: skip
    parser.add_argument("-F", "--frames", metavar="FRAMES", help="frames to show (default: three that tell most)")
    add_person_argument(parser)
    parser.add_argument("--whole", action="store_true", help="a sheet of whole frames as well")
    parser.add_argument("--measure", metavar="SECONDS", type=float, default=0.0,
                        help="render so much round each frame of every mouth and measure its sync (slow)")  # fmt: skip
    parser.add_argument("--pick", metavar="N", type=int, help="put variant N of the wedge in OUT into the shot file")
    parser.add_argument("--most", metavar="N", type=int, default=MOST, help=f"variants at most (default: {MOST})")
    parser.add_argument("--analysis", metavar="FILE", help="read the analysis from this file, or make it there")
    parser.add_argument("--display", metavar="NAME", help="display of the OCIO config (default: the config's)")
    parser.add_argument("--view", metavar="NAME", help="view of the display (default: the display's)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.pick is not None:
        return pick(args)
    check_folder(args.out)
    axes = [read_axis(text) for text in args.vary]
    with open_shot(args) as everybody, progress(args.progress) as shown:
        opened = person_of(everybody, args.person)
        variants = grid(opened.settings, axes, args.most)
        shower = Shower.of(opened.plate.colour, args.display, args.view)
        asked = list(wanted_frames(args, opened)) if args.frames else None
        counts = no_counts()
        path = person_path(args.analysis, opened.file, opened.person)
        base = base_analysis(opened, path, shown, counts)
        frames = asked or telling_frames(base)
        shared = Shared(opened.shot, [v.settings for v in variants], base, opened.settings, counts)
        made = wedge(shared, opened.plate, variants, frames, shower, args.whole, args.measure)
        sheets = keep(Path(args.out), made, title(args, axes), len(axes[-1].values), counts)
        notes = opened.notes
    report([
        *((f"{one.variant.number:>3} {one.variant.label[:60]}", row(one)) for one in made.tried),
        ("frames", ", ".join(map(str, frames))), ("view", made.view),
        *told(counts),
        ("wedge", f"{made.cpu_s:.1f} CPU-s with pictures and scores, besides the analysis"),
        *[("sheet", str(path)) for path in sheets], *notes.items(),
    ])  # fmt: skip
    return 0


def title(args: argparse.Namespace, axes: list[Axis]) -> str:
    return f"{Path(args.plate).name}: {' x '.join(axis.name for axis in axes)}"


def pick(args: argparse.Namespace) -> int:
    """A variant of a wedge that is there, into the shot file.  Raises: UsageError where no shot file is named."""
    if not is_shot_file(args.plate):
        raise UsageError(
            f"--pick: {args.plate} is no shot file; make one with: lipsync new, or give the --set of wedge.json"
        )
    if args.vary:
        raise UsageError("--pick: takes from a wedge that is there; make the wedge first, without --pick")
    sets = picked(Path(args.out), args.pick)
    write_shot(args.plate, with_params_of(read_shot(args.plate), args.person, read_params(sets)))
    report([("shot file", args.plate), *(("set", text) for text in sets)])
    return 0


def base_analysis(opened: OpenShot, path: str | None, shown: Progress, counts: dict[str, Count]) -> Analysis:
    """The shot as it is set: read where there is a file, else made, counted, and kept where a path is given. Of a file
    that another plan alone makes stale, as after --pick, faces and hearing are taken."""
    expected = {**opened.key, **opened.settings.key()}
    dub = CountedDub(counts, opened.shot, opened.settings, shown.advance)
    if path and Path(path).exists():
        found = read_analysis(path)
        if found.frames.tolist() == list(opened.shot.frames) and stale(found.key, expected) <= PLANNED:
            if not stale(found.key, expected):
                return found
            return replace(found, key=expected, plan=dub.plan(found.faces, found.audio))
        return analysed(opened, path, shown)  # says what is wrong with it
    made = dub.analyse(expected)
    if path:
        write_analysis(path, made)
    return made


PLANNED = {"MouthGenerate params", "mouth network"}


def stale(key: dict[str, str], expected: dict[str, str]) -> set[str]:
    return {name for name, value in expected.items() if key.get(name) != value}


def row(one: Tried) -> str:
    lips = ", ".join(f"{frame}: {cell.made:.1f} of {cell.wanted:.1f}" for frame, cell in one.cells.items())
    sync = "" if one.sync is None else f"sync {one.sync.in_sync:.3f} (best at {1000 * one.sync.late_s:+.0f} ms)  "
    lse = "" if one.lse is None else f"LSE-C {one.lse:.3f}  "
    return f"{sync}{lse}lips {lips} %  {one.cost_s:.3f} CPU-s a frame"


def check_folder(path: str) -> None:
    """Raises: UsageError where a file is in the way."""
    if Path(path).is_file():
        raise UsageError(f"{path}: is a file, expected a folder for the sheet and its pictures")
