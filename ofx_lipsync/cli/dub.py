# SPDX-License-Identifier: Apache-2.0
"""lipsync dub: a plate and a line of dialogue in, dubbed frames out."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Sequence

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.frames import finished
from ofx_lipsync.cli.progress import Progress, progress
from ofx_lipsync.cli.shot import (
    OpenShot,
    add_shot_arguments,
    analysed,
    check_outputs,
    frame_range,
    open_shot,
    report,
)
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.graph import node, summary
from ofx_lipsync.media import movie_codec
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.writer import Writer


def register(verbs: Any) -> None:
    parser = verbs.add_parser("dub", help="dub a shot", description=__doc__)
    add_shot_arguments(parser)
    parser.add_argument("out", nargs="?", help="movie (mov, mp4, mkv) or sequence (exr, dpx, tif, png)")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="render only these frames of the shot, as 1001-1075x2")
    parser.add_argument("--analysis", metavar="FILE", help="read the analysis from this file, or make it there")
    parser.add_argument("--codec", help="prores, prores4444, h264 or ffv1 (default: by the file's extension)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    check_outputs(args)
    began = time.monotonic()
    with open_shot(args) as opened, progress(args.progress) as shown:
        frames = wanted_frames(args, opened)
        # The writer comes first: what it cannot write is said before the shot is analysed, not after.
        with _writer(args, opened, frames) as writer:
            analysis = analysed(opened, args.analysis, shown)
            left = render(opened, analysis, frames, writer, shown)
    seconds = time.monotonic() - began
    report(
        [
            ("result", args.out),
            ("frames", f"{len(frames)} in, {len(frames)} out, {len(frames) - len(left)} dubbed"),
            *([("codec", writer.coding)] if writer.coding else []),
            *summary(analysis).items(),
            *([("frames left as they are", str(FrameRange(left)))] if left else []),
            *([("mouths", text)] if (text := mouths_note(opened)) else []),
            *opened.notes.items(),
            ("time", f"{seconds:.1f} s, {len(frames) / seconds:.1f} frames/s"),
        ]
    )
    return 0


def mouths_note(opened: OpenShot) -> str | None:
    """What MouthGenerate has to say about its weights."""
    note: str | None = node("MouthGenerate").note(opened.settings["MouthGenerate"])
    return note


def _writer(args: argparse.Namespace, opened: OpenShot, frames: Sequence[int]) -> Writer:
    is_movie = Path(args.out).suffix.lower() in movie_codec.WRITES
    sound = heard(opened, frames) if is_movie else None
    return open_writer(args.out, opened.plate, sound=sound, codec=args.codec)


def render(opened: OpenShot, analysis: Analysis, frames: Sequence[int], writer: Writer, shown: Progress) -> list[int]:
    """Write the frames; returns those that stay as the plate has them."""
    left = []
    for made in finished(opened, analysis, frames, shown):
        if made.dubbed is None:
            left.append(made.frame.number)
        writer.write(made.frame)
    return left


def heard(opened: OpenShot, frames: Sequence[int]) -> Sound:
    """The line on the clock of the frames that are written; cut only where those are a part of the shot."""
    plate, sound = opened.plate, opened.sound
    last_of_all = opened.delivered[-1]
    if list(frames) == list(plate.frames):
        return sound
    begin_s = plate.time_s(frames[0])
    end_s = None if frames[-1] == last_of_all else plate.time_s(frames[-1]) + float(1 / plate.rate)
    first = max(0, round((begin_s - sound.start_s) * sound.rate_hz))
    last = None if end_s is None else max(first, round((end_s - sound.start_s) * sound.rate_hz))
    silence_s = max(0.0, sound.start_s - begin_s)
    if end_s is not None:
        silence_s = min(silence_s, end_s - begin_s)
    return Sound(sound.samples[:, first:last], sound.rate_hz, silence_s)


def wanted_frames(args: argparse.Namespace, opened: OpenShot) -> Sequence[int]:
    """Those of -F, ascending, or all of the shot's. Raises: UsageError for one that the shot does not have."""
    if not args.frames:
        return opened.delivered
    wanted = frame_range(args.frames, args)
    have = set(opened.plate.frames)
    absent = [frame for frame in wanted if frame not in have]
    if absent:
        raise UsageError(
            f"-F {args.frames}: frame {absent[0]} is not in the shot "
            f"({opened.plate.frames[0]}-{opened.plate.frames[-1]}); give frames of the shot"
        )
    return sorted(wanted)
