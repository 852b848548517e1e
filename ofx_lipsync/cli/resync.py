# SPDX-License-Identifier: Apache-2.0
"""lipsync resync: sound that drifts, jumps or lags unevenly is brought back to its picture."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.cli.offset_plot import write_plot
from ofx_lipsync.cli.progress import Progress, progress
from ofx_lipsync.cli.provenance import changed_frames, frame_stamp, moved_stamp, movie_tags, recipe, resync_stamp
from ofx_lipsync.cli.shot import frame_range, report, taken
from ofx_lipsync.cli.trust import Trust, add_trust_arguments, vouched
from ofx_lipsync.core.errors import OutputError, UsageError
from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.resync import PICTURE, ResyncPlan
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange, parse_rate
from ofx_lipsync.graph import Settings, Shot
from ofx_lipsync.media import movie_codec
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.movie_copy import copy_movie, may_copy
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.sound_file import write_wav
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.sync_file import read_curve, read_plan, write_plan
from ofx_lipsync.media.writer import check_writable
from ofx_lipsync.resync import Mouths, Resync

ARGUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("plate", {"help": "movie, sequence as plate.####.exr, or a shot file, shot.toml"}),
    ("out", {"help": "movie, sequence with its sound beside it (out.####.exr, out.wav), or out.wav alone"}),
    ("--fix", {"choices": ("auto", "sound", "picture", "mouth"), "help": "what gives way (Resync.fix; default: auto)"}),
    ("--sound", {"metavar": "FILE", "help": "the sound, from the shot's first frame (default: the movie's own)"}),
    ("--curve", {"metavar": "CSV", "help": "how late the sound is: seconds,offset_ms,confidence (default: measured)"}),
    ("--plan", {"metavar": "CSV", "help": "read the decided stretches from this file, or write them there, to edit"}),
    ("--plot", {"metavar": "PNG", "help": "draw the curve and what was decided"}),
    ("--dry-run", {"action": "store_true", "help": "decide, show and write the plan, but make nothing"}),
    ("--shot", {"metavar": "RANGE", "help": "the shot's frames (default: all)"}),
    ("--rate", {"metavar": "FPS", "help": "frames per second, as 24000/1001 (default: the file's, or 24)"}),
    ("--set", {"metavar": "NODE.PARAM=VALUE", "action": "append", "default": [], "dest": "sets", "help": "a param"}),
    ("--codec", {"help": "prores, prores4444, h264 or ffv1; a picture that stays is else copied as it is stored"}),
    ("--colour", {"metavar": "CONFIG", "help": "OCIO config, a file or a named built-in (default: $OCIO, or pinned)"}),
    ("--space", {"metavar": "NAME", "help": "the plate's colour space (default: read from the file)"}),
    ("--frames-syntax", {"choices": ("nuke", "openjd"), "default": "nuke", "help": "how ':' in ranges is read"}),
    ("--progress", {"choices": ("auto", "plain", "openjd", "none"), "default": "auto", "help": "how to say how far"}),
)  # fmt: skip


def register(verbs: Any) -> None:
    parser = verbs.add_parser("resync", help="bring drifting sound back to its picture", description=__doc__)
    for name, options in ARGUMENTS:
        parser.add_argument(name, **options)
    add_trust_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    began = time.monotonic()
    settings = _settings(args)
    _check_outputs(args)
    trust = vouched(args)
    with ExitStack() as files, progress(args.progress) as shown:
        plate = files.enter_context(
            open_plate(
                args.plate, frames=frame_range(args.shot, args) if args.shot else None,
                colour=Colour.load(args.colour), space=args.space, rate=parse_rate(args.rate) if args.rate else None,
            )
        )  # fmt: skip
        times_s = np.array([plate.time_s(frame) for frame in plate.frames])
        shot = Shot(plate, _take(args, plate), plate.frames, times_s=times_s)
        resync = Resync(shot, settings, shown.advance)
        plan, curve = _decided(args, resync, shown)
        if args.plot:
            write_plot(args.plot, plan, curve, shot.sound, resync.duration_s)
        made = None if args.dry_run else _make(args, trust, plate, resync, plan, shown)
    report([*_decisions(plan), *(made.lines() if made else []), ("time", f"{time.monotonic() - began:.1f} s")])
    return 0


@dataclass(frozen=True)
class Made:
    """What came of a run."""

    out: str
    sound: Sound
    frames: int
    moved: int
    redrawn: int
    sidecar: str = ""

    def lines(self) -> list[tuple[str, str]]:
        return [
            ("result", self.out),
            *([("origin", self.sidecar)] if self.sidecar else []),
            ("sound", f"{self.sound.duration_s:.3f} s, as long as the picture"),
            ("frames", f"{self.frames} in, {self.frames} out, {self.moved} show another frame, "
                       f"{self.redrawn} with a new mouth"),
        ]  # fmt: skip


def _settings(args: argparse.Namespace) -> Settings:
    """Of a shot file too, whose plate is put into args."""
    args.sets = [*args.sets, *([f"Resync.fix={args.fix}"] if args.fix else [])]
    return taken(args).settings()


def _check_outputs(args: argparse.Namespace) -> None:
    """Raises: OutputError or UsageError, before any work."""
    for out in (args.out, args.plot, args.plan):
        if out is not None and not (out == args.plan and Path(out).exists()):
            check_writable(out)
    if args.plot and Path(args.plot).suffix.lower() != ".png":
        raise OutputError(f"{args.plot}: the plot is written as .png; give such a name")
    for given in (args.plate, args.sound, args.curve):
        if given and Path(given).resolve() in {Path(o).resolve() for o in (args.out, args.plot, args.plan) if o}:
            raise UsageError(f"{given}: is an input as well, and would be lost; write to another name")


def _take(args: argparse.Namespace, plate: Plate) -> Sound:
    """The sound on the shot's clock."""
    if args.sound:
        return read_sound(args.sound)
    if plate.info.kind != "movie":
        raise UsageError(f"{args.plate}: a sequence holds no sound; name it with --sound")
    sound = read_sound(args.plate)
    return Sound(sound.samples, sound.rate_hz, sound.start_s - float((plate.frames[0] - 1) / plate.rate))


def _decided(args: argparse.Namespace, resync: Resync, shown: Progress) -> tuple[ResyncPlan, OffsetCurve | None]:
    """The plan of the file, or one made from a curve and kept where a file is named."""
    if args.plan and Path(args.plan).exists():
        plan = read_plan(args.plan)
        resync.check(plan, args.plan)
        return plan, None
    path = args.curve or resync.params.curve
    curve = read_curve(path) if path else resync.measure(shown.advance)
    plan = resync.analyse(curve)
    if args.plan:
        write_plan(args.plan, plan)
    return plan, curve


def _make(
    args: argparse.Namespace, trust: Trust, plate: Plate, resync: Resync, plan: ResyncPlan, shown: Progress
) -> Made:
    sidecar = ""
    sound, sources = resync.sound(plan), resync.shown(plan)
    suffix = Path(args.out).suffix.lower()
    moved = sum(a != b for a, b in zip(sources, plate.frames, strict=True))
    redrawn = int(resync.redrawn(plan).sum())
    if suffix == ".wav":
        if moved or redrawn:
            raise UsageError(f"{args.out}: fix={plan.fix[0]} changes the picture; give a movie or a sequence as out")
        write_wav(args.out, sound)
    elif not moved and not redrawn and not args.codec and may_copy(args.out, plate, args.shot):
        copy_movie(args.out, plate, sound)
    else:
        sidecar = _render(args, trust, plate, sources, resync.mouths(plan, sound), resync, sound, shown)
    return Made(args.out, sound, len(plate.frames), moved, redrawn, sidecar)


def _render(
    args: argparse.Namespace, trust: Trust, plate: Plate, sources: Sequence[int], mouths: Mouths | None,
    resync: Resync, sound: Sound, shown: Progress,
) -> str:  # fmt: skip
    """Frames out; a movie with its sound, a sequence with it beside. Returns what to know of the sidecar."""
    marks, changed = moved_stamp(plate, resync.settings, trust.consent), FrameRange([])
    if mouths is not None:
        marks = resync_stamp(plate, mouths, trust.consent)
        changed = changed_frames(mouths.dub.settings, mouths.analysis, plate.frames)
    is_movie = Path(args.out).suffix.lower() in movie_codec.WRITES
    with open_writer(args.out, plate, sound=sound if is_movie else None, codec=args.codec) as writer:
        made_with = recipe(marks, trust.consent, args.plate, {"plate": plate.fingerprint()})
        ledger = trust.begin(
            writer, args.out, made_with, plate.frames, args.plate, movie_tags(marks, changed, plate.frames)
        )
        for frame, source in zip(shown.stage("render", plate.frames), sources, strict=True):
            native = plate.load(frame)
            if source != frame:
                native.show(plate.load(source))
                native.metadata |= {"lipsync/shown_frame": source, "lipsync/frame_source": f"frame {source}"}
            made = mouths.render(frame) if mouths else None
            if made is not None and mouths is not None:
                native.composite(made.image, made.matte)
                native.metadata.update({**marks, **frame_stamp(made.image.region)})
            writer.write(native)
    if not is_movie:
        write_wav(_beside(args.out), sound)
    return ledger.finish()


def _beside(out: str) -> str:
    """out.####.exr -> out.wav"""
    from ofx_lipsync.media.pattern import Pattern

    pattern = Pattern.parse(out)
    stem = Path(out).stem if pattern is None else pattern.head.rstrip("._-") or "sound"
    return str(Path(out).parent / f"{stem}.wav")


def _decisions(plan: ResyncPlan) -> list[tuple[str, str]]:
    """The decided curve, a line a stretch."""
    found = []
    for begin, end, late, fix, tempo in zip(plan.begin_s, plan.end_s, plan.late_s, plan.fix, plan.tempo(), strict=True):
        steady = abs(late[1] - late[0]) < 5e-4
        what = f"{late[0] * 1000:+.0f} ms" if steady else f"{late[0] * 1000:+.0f} to {late[1] * 1000:+.0f} ms"
        drift = "" if steady else f", played at {tempo * 100:.2f} %" if fix not in (PICTURE, "mouth") else ""
        found.append((f"{begin:8.2f} to {end:8.2f} s", f"sound late by {what}; {fix}{drift}"))
    return found
