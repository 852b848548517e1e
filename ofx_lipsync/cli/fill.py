# SPDX-License-Identifier: Apache-2.0
"""lipsync fill: missing, black, frozen or NaN frames rebuilt from their neighbours and the sound."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.cli.progress import Progress, progress
from ofx_lipsync.cli.provenance import fill_stamp, filled_stamp, movie_tags, recipe
from ofx_lipsync.cli.shot import ARGUMENTS, OpenShot, check_outputs, open_shot, report
from ofx_lipsync.cli.trust import Trust, add_trust_arguments, vouched
from ofx_lipsync.core.errors import MediaError, OutputError, UsageError
from ofx_lipsync.core.fill import MISSING, FillAnalysis, FillPlan
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.fill import Fill
from ofx_lipsync.media import movie_codec
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.still_frame import StillFrame
from ofx_lipsync.media.timecode import advance

OWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--frames", {"metavar": "LIST", "help": "rebuild these whatever they look like, as 1012-1016,1030 (Fill.frames)"}),
    ("--find", {"choices": ("all", "listed"), "help": "look for bad frames, or take listed and missing ones only"}),
    ("--dry-run", {"action": "store_true", "help": "say which frames are bad and why, and make nothing"}),
    ("--codec", {"help": "prores, prores4444, h264 or ffv1 (default: by the file's extension)"}),
)  # fmt: skip
LEFT_OUT = {"--missing-frames", "--holdout"}


def register(verbs: Any) -> None:
    parser = verbs.add_parser("fill", help="rebuild missing, black, frozen or NaN frames", description=__doc__)
    for name, options in ARGUMENTS:
        if name not in LEFT_OUT:
            parser.add_argument(name, **options)
    parser.add_argument("out", nargs="?", help="movie (mov, mp4, mkv) or sequence (exr, dpx, tif, png)")
    for name, options in OWN:
        parser.add_argument(name, **options)
    add_trust_arguments(parser)
    parser.set_defaults(run=run, missing_frames="hold", holdout=None)


def run(args: argparse.Namespace) -> int:
    began = time.monotonic()
    own = [f"Fill.{name}={getattr(args, name)}" for name in ("frames", "find") if getattr(args, name)]
    args.sets = [*args.sets, *own]
    check_outputs(args)
    trust = vouched(args)
    with open_shot(args) as opened, progress(args.progress) as shown:
        opened.consent = trust.consent
        if opened.others:
            raise UsageError(f"{args.plate}: {len(opened.people)} people speak; fill takes a shot with one [[line]]")
        fill = Fill(opened.shot, opened.settings, shown.advance)
        analysis = fill.analyse(missing(opened.plate))
        sidecar = "" if args.dry_run else _render(args, trust, opened, fill, analysis, shown)
        lines = [("frames", f"{len(opened.plate.frames)} in, {len(opened.plate.frames)} out")]
        report(
            [
                *([] if args.dry_run else [("result", args.out), ("origin", sidecar), *lines]),
                *described(analysis.plan),
                *opened.notes.items(),
                ("time", f"{time.monotonic() - began:.1f} s"),
            ]
        )
    return 0


def missing(plate: Plate) -> dict[int, str]:
    """Frames of a sequence whose files are not there; a plate opened with missing="hold" shows others for them."""
    pattern = Pattern.parse(plate.info.path)
    if pattern is None or plate.info.kind != "sequence":
        return {}
    there = set(pattern.scan())
    return {frame: MISSING for frame in plate.frames if frame not in there}


def described(plan: FillPlan) -> list[tuple[str, str]]:
    """A line for what is wrong with which frames."""
    if not len(plan.frames):
        return [("bad frames", "none")]
    words = dict.fromkeys(plan.why)
    found = []
    for word in words:
        frames = [int(f) for f, why in zip(plan.frames, plan.why, strict=True) if why == word]
        found.append((word, f"{FrameRange(frames)}, rebuilt"))
    held = [int(f) for row, f in enumerate(plan.frames) if len(plan.sources(row)) == 1]
    return found + ([("held", f"{FrameRange(held)}: good frames on one side only")] if held else [])


def _render(
    args: argparse.Namespace, trust: Trust, opened: OpenShot, fill: Fill, analysis: FillAnalysis, shown: Progress
) -> str:
    """Write every frame; returns what to know of the sidecar."""
    plate, plan, marks = opened.plate, analysis.plan, fill_stamp(opened)
    is_movie = Path(args.out).suffix.lower() in movie_codec.WRITES
    bad = str(FrameRange(plan.frames.tolist()))
    with open_writer(args.out, plate, sound=opened.sound if is_movie else None, codec=args.codec) as writer:
        tags = movie_tags(marks, plan.frames.tolist(), plate.frames)
        tags |= {"lipsync/filled_frames": bad} if tags else {}
        made_with = recipe(marks, opened.consent, plate.info.path, opened.key)
        ledger = trust.begin(writer, args.out, made_with, plate.frames, plate.info.path, tags)
        for frame in shown.stage("render", plate.frames):
            native = _native(plate, plan, frame)
            made = fill.render(analysis, frame)
            if made is not None:
                native.composite(made, np.ones(made.region.shape, np.float32))
                native.metadata.update({**marks, **filled_stamp(plan, frame, made.region)})
            writer.write(native)
    return ledger.finish()


def _native(plate: Plate, plan: FillPlan, frame: int) -> Frame:
    """The frame to write on: its own file's, or where that is not there a good one's with its own number and time."""
    row = plan.index(frame)
    if row is None:
        return plate.load(frame)
    try:
        native = plate.load(frame)
    except MediaError:
        native = plate.load(plan.sources(row)[0])
        native.number = frame
    if isinstance(native, StillFrame) and plate.info.timecode:
        native.set_timecode(advance(plate.info.timecode, frame - plate.frames[0], plate.rate))
    elif not isinstance(native, StillFrame) and native.number != frame:
        raise OutputError(f"{plate.info.path}: frame {frame} cannot be decoded; copy the movie again")
    return native
