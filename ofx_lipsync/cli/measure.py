# SPDX-License-Identifier: Apache-2.0
"""lipsync measure: how late the sound is against the lips, over time and for every face, and who says what.

Positive offsets are a sound that comes late. Nothing is changed; CSV, JSON and a heat strip are written where asked.
"""

from __future__ import annotations

import argparse
import math
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.cli.progress import progress
from ofx_lipsync.cli.shot import ARGUMENTS, assumed, frame_range, report, taken
from ofx_lipsync.cli.sync_files import write_csv, write_json
from ofx_lipsync.cli.sync_picture import write_picture
from ofx_lipsync.core.errors import InputError, OutputError, UsageError
from ofx_lipsync.core.offset import SyncReport
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import Rate, parse_rate
from ofx_lipsync.graph import Shot
from ofx_lipsync.measure import Summary, measured, summed_up
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.writer import check_writable

SHARED = ("plate", "--rate", "--set", "--colour", "--space", "--missing-frames", "--frames-syntax", "--progress")
"""Arguments that mean here what they mean to dub."""
BESIDE_S = 3.0
"""How much sound before and after the frames may matter: as far as SyncMeter.reach goes, and its windows."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser("measure", help="how late the sound is against the lips", description=__doc__)
    for name, options in ARGUMENTS:
        if name in SHARED:
            parser.add_argument(name, **options)
    parser.add_argument("--sound", metavar="FILE", help="sound that goes with the plate (default: the movie's own)")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="measure only these frames of the plate, as 1001-1100")
    parser.add_argument("--weights", metavar="NAME", help="sync weights, ours or a SyncNet's (SyncMeter.network)")
    parser.add_argument("--csv", metavar="FILE", help="offset and confidence of every frame and face, and who speaks")
    parser.add_argument("--json", metavar="FILE", help="the same and the summary, for scripts")
    parser.add_argument("--png", metavar="FILE", help="heat strip of every face: likeness over time and offset")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    args.sets = [*args.sets, *([f"SyncMeter.network={args.weights}"] if args.weights else [])]
    shot = taken(args)
    settings, args.frames = shot.settings(), args.frames or shot.plate.frames
    _check_outputs(args)
    with ExitStack() as files, progress(args.progress) as shown:
        rate = parse_rate(args.rate) if args.rate else None
        plate = files.enter_context(
            open_plate(
                args.plate,
                colour=Colour.load(args.colour),
                space=args.space,
                rate=rate,
                missing=args.missing_frames or "error",
            )
        )
        spoken = _shot(args, plate)
        _, found = measured(spoken, settings, shown.advance)
        notes = assumed(plate)
    assert spoken.times_s is not None
    frames = [(int(frame), float(time)) for frame, time in zip(spoken.frames, spoken.times_s, strict=True)]
    least = settings["SyncMeter"].confidence
    sums = [summed_up(found, index, least) for index in range(len(found.faces))]
    rate = plate.rate
    if args.csv:
        write_csv(args.csv, found, frames, rate)
    if args.json:
        write_json(args.json, found, sums, frames, rate, settings["SyncMeter"].network)
    if args.png:
        write_picture(args.png, found, rate)
    report([
        *(line for index, one in enumerate(sums) for line in told(found, index, one, rate)),
        ("speaks", spoken_by(found)),
        ("network", settings["SyncMeter"].network), *notes.items(),
        *((name, path) for name, path in (("csv", args.csv), ("json", args.json), ("png", args.png)) if path),
    ])  # fmt: skip
    return 0


def _check_outputs(args: argparse.Namespace) -> None:
    """Before any work.  Raises: OutputError, UsageError."""
    inputs = {Path(path).resolve() for path in (args.plate, args.sound) if path}
    for out in filter(None, (args.csv, args.json, args.png)):
        check_writable(out)
        if Path(out).resolve() in inputs:
            raise UsageError(f"{out}: is an input as well, and would be lost; write to another name")
    if args.png and Path(args.png).suffix.lower() != ".png":
        raise OutputError(f"{args.png}: got {Path(args.png).suffix or 'no ending'}, expected .png")


def _shot(args: argparse.Namespace, plate: Plate) -> Shot:
    """The frames that are measured; their first is at 0 s. A sound goes with the whole plate, whatever part is asked
    for."""
    frames = sorted(_frames(args, plate))
    whole_s = np.array([plate.time_s(frame) for frame in frames])
    begin_s = whole_s[0] - plate.time_s(plate.frames[0])
    duration_s = float(whole_s[-1] - whole_s[0] + 1 / plate.rate)
    if args.sound is None and plate.info.kind != "movie":
        raise UsageError(f"{args.plate}: has no sound of its own; give it with --sound")
    early_s = max(0.0, float(begin_s) - BESIDE_S)
    sound = read_sound(
        args.sound or args.plate, start_s=early_s, duration_s=duration_s + float(begin_s) - early_s + BESIDE_S
    )
    placed = Sound(sound.samples, sound.rate_hz, sound.start_s - float(begin_s))
    if placed.start_s >= duration_s:
        raise InputError(f"{args.sound or args.plate}: no sound falls on the frames; check --frames")
    return Shot(plate, placed, frames, times_s=whole_s - whole_s[0])


def _frames(args: argparse.Namespace, plate: Plate) -> Sequence[int]:
    if not args.frames:
        return plate.frames
    wanted, have = frame_range(args.frames, args), set(plate.frames)
    absent = [frame for frame in wanted if frame not in have]
    if absent:
        raise UsageError(
            f"-F {args.frames}: frame {absent[0]} is not in the plate "
            f"({plate.frames[0]}-{plate.frames[-1]}); give frames of the plate"
        )
    return wanted


def told(found: SyncReport, index: int, one: Summary, rate: Rate) -> list[tuple[str, str]]:
    """A face, in words."""
    face = found.faces[index]
    name = f"face {face.identity}"
    if math.isnan(one.offset_s):
        text = f"nothing is sure (confidence {one.confidence:.2f}): no speech of this face is heard"
    else:
        text = f"{in_words(one.offset_s, rate)}, confidence {one.confidence:.2f}{changes(one)}"
    whole = f"LSE-D {face.lse_d:.3f}, LSE-C {face.lse_c:.3f} at {in_words(face.offset_s, rate)}"
    return [(name, text), ("", whole)]


def in_words(offset_s: float, rate: Rate) -> str:
    """`sound 3.0 frames (120 ms) late`."""
    frames = abs(offset_s) * float(rate)
    if frames < 0.05:
        return "in sync (0.0 frames)"
    return f"sound {frames:.1f} frames ({abs(offset_s) * 1000:.0f} ms) {'late' if offset_s > 0 else 'early'}"


def changes(one: Summary) -> str:
    if one.jumps:
        jumps = ", ".join(f"{1000 * (after - before):+.0f} ms at {at:.1f} s" for at, before, after in one.jumps[:5])
        return f", {len(one.jumps)} jumps: {jumps}{' ...' if len(one.jumps) > 5 else ''}"
    if abs(one.drift) > 0.002 and one.spread_s > 0.02:
        return f", drifts {1000 * one.drift:+.1f} ms a second"
    return ", steady" if one.spread_s < 0.04 else f", within {1000 * one.spread_s:.0f} ms"


def spoken_by(found: SyncReport) -> str:
    """`0.3-2.1 s face 0, 2.4-4.0 s face 1`."""
    edges = np.flatnonzero(np.diff(found.speaking, prepend=-2, append=-2))
    parts = [
        f"{found.times_s[a]:.1f}-{found.times_s[b - 1]:.1f} s face {found.faces[found.speaking[a]].identity}"
        for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        if found.speaking[a] >= 0 and found.times_s[b - 1] - found.times_s[a] > 0.15
    ]
    return ", ".join(parts[:12]) + (f" and {len(parts) - 12} more" if len(parts) > 12 else "") or "nobody seen"
