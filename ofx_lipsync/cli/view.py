# SPDX-License-Identifier: Apache-2.0
"""lipsync view: a shot in a window, through the OCIO view, with what the analysis found drawn over it.

With --out one frame is drawn without a window, the first of --shot, by the same code.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.analysis import Analysis, check_key, read_analysis
from ofx_lipsync.cli.shot import ARGUMENTS, frame_range, person_path, taken
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.plan import REEL
from ofx_lipsync.core.timing import FrameRange, parse_rate
from ofx_lipsync.graph import Settings
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.shotfile import ShotFile
from ofx_lipsync.view.look import look, views
from ofx_lipsync.view.overlay import chosen
from ofx_lipsync.view.player import KEYS, Player
from ofx_lipsync.view.shot import ViewedShot

SHARED = ("plate", "--shot", "--rate", "--set", "--reel", "--colour", "--space", "--missing-frames", "--frames-syntax")
"""Arguments that mean here what they mean to dub."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser(
        "view", help="look at a shot, with what was found drawn over it", description=__doc__, epilog=f"Keys: {KEYS}"
    )
    for name, options in ARGUMENTS:
        if name in SHARED:
            parser.add_argument(name, **{**options, **({"help": "the frames to look at"} if name == "--shot" else {})})
    parser.add_argument("--person", metavar="NAME", help="of a shot file with several lines: whose (default: first)")
    parser.add_argument("--analysis", metavar="FILE", help="what lipsync analyse made: overlays, matte and result")
    parser.add_argument("--overlays", metavar="NAMES", help="some of box,landmarks,lips,wanted,matte; all; none")
    parser.add_argument("--result", action="store_true", help="show the dub; the plate otherwise")
    parser.add_argument("--display", metavar="NAME", help="display of the OCIO config (default: the config's)")
    parser.add_argument("--view", metavar="NAME", help="view of the display (default: the display's)")
    parser.add_argument("--exposure", metavar="STOPS", type=float, default=0.0, help="brighter or darker, in stops")
    parser.add_argument("--out", metavar="FILE", help="draw one frame into a png, tif or exr, without a window")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    shot_file = taken(args)
    person = _person(args, shot_file)
    args.analysis = args.analysis or _kept(shot_file, person)
    colour = Colour.load(args.colour)
    display, names = views(colour, args.display)
    first = look(colour, display, args.view)
    overlays = chosen(args.overlays or ("all" if args.analysis else "none"))
    _check(args, overlays)
    with ExitStack() as files:
        shot = _open(args, colour, shot_file.settings(person), files)
        if args.out:
            return _still(args, shot, first, overlays)
        from ofx_lipsync.view.window import show

        player = Player(
            shot.frames, float(shot.plate.rate), names, overlays, args.exposure, args.result,
            can_dub=shot.analysis is not None, view=names.index(first.view),
        )  # fmt: skip
        print(KEYS)
        show(shot, player, lambda name: look(colour, display, name))
    return 0


def _person(args: argparse.Namespace, shot: ShotFile) -> int:
    """Number of the line that is looked at."""
    if args.person is None:
        return 0
    if args.person not in shot.people:
        raise UsageError(
            f"--person: nobody is called {args.person!r}; there are {', '.join(shot.people) or 'no lines'}"
        )
    return shot.people.index(args.person)


def _kept(shot: ShotFile, person: int) -> str | None:
    """The analysis that a shot file names, once it has been made."""
    path = shot.at(shot.output.analysis)
    kept = person_path(path, shot, shot.people[person]) if path and shot.lines else path
    return kept if kept and Path(kept).is_file() else None


def _check(args: argparse.Namespace, overlays: frozenset[str]) -> None:
    """What can be said before any file is opened.  Raises: UsageError, OutputError."""
    wanted = "--result" if args.result else "--overlays" if overlays else ""
    if wanted and not args.analysis:
        raise UsageError(f"{wanted}: there is nothing to show without an analysis; make one with lipsync analyse")
    if not np.isfinite(args.exposure):
        raise UsageError(f"--exposure: got {args.exposure}, expected stops such as 1.5 or -2")
    if args.out:
        from ofx_lipsync.view.still import check_still

        check_still(args.out)


def _open(args: argparse.Namespace, colour: Colour, settings: Settings, files: ExitStack) -> ViewedShot:
    """The plate over the frames that were analysed, so that a file of another shot is refused."""
    analysis = read_analysis(args.analysis) if args.analysis else None
    asked = frame_range(args.shot, args) if args.shot else None
    whole = FrameRange(analysis.frames.tolist()) if analysis is not None else asked
    rate = parse_rate(args.rate) if args.rate else None
    plate = files.enter_context(
        open_plate(
            args.plate, frames=whole, colour=colour, space=args.space, rate=rate, missing=args.missing_frames or "error"
        )
    )
    if analysis is not None:
        check_key(analysis, {"plate": plate.fingerprint()}, args.analysis)  # any config may show it
    frames = sorted(asked if asked is not None else plate.frames)
    absent = [frame for frame in frames if frame not in plate.frames]
    if absent:
        raise UsageError(f"--shot {args.shot}: frame {absent[0]} is not in {args.analysis}, made of {whole}")
    reel_path = args.reel or settings["MouthGenerate"].reel
    if analysis is not None and _needs_reel(analysis) and not reel_path:
        raise UsageError(f"{args.analysis}: was made with a reel; give it with --reel")
    reel = files.enter_context(open_plate(reel_path, colour=colour)) if reel_path else None
    return ViewedShot(plate, frames, analysis, settings, reel)


def _needs_reel(analysis: Analysis) -> bool:
    return bool((analysis.plan.source_clip == REEL).any())


def _still(args: argparse.Namespace, shot: ViewedShot, first: Any, overlays: frozenset[str]) -> int:
    from ofx_lipsync.view.context import offscreen
    from ofx_lipsync.view.still import draw, write_still

    frame = shot.frames[0]
    shown = shot.read(frame, args.result, "matte" in overlays)
    matte = None if shown.matte is None else (shown.matte, shown.matte_region)
    with offscreen():
        pixels = draw(
            shown.rgb, shot.region, first,
            exposure=args.exposure, strokes=shot.strokes(frame, overlays), matte=matte,
        )  # fmt: skip
    write_still(args.out, pixels)
    print(f"frame {frame} of {args.plate} as {first.view} on {first.display}: {args.out}")
    return 0
