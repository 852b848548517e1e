# SPDX-License-Identifier: Apache-2.0
"""lipsync portrait: a still and a line in, a picture that says the line out."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np

from ofx_lipsync.cli.dub import heard, wanted_frames
from ofx_lipsync.cli.progress import Progress, progress
from ofx_lipsync.cli.provenance import frame_stamp, stamp
from ofx_lipsync.cli.shot import ARGUMENTS, OpenShot, check_outputs, fingerprint, parse_offset, report
from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.core.pose import describe_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange, parse_rate
from ofx_lipsync.graph import Settings, Shot
from ofx_lipsync.media import movie_codec
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.plate import Frame
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import STILLS, open_plate
from ofx_lipsync.media.still_frame import StillFrame
from ofx_lipsync.media.still_writer import WRITES
from ofx_lipsync.media.writer import Writer
from ofx_lipsync.portrait import CHAIN, Portrait, PortraitAnalysis

FIRST, RATE = 1, "25"
SHARED = ("line", "--audio-offset", "--set", "--colour", "--space", "--frames-syntax", "--progress")
TURNED = 40.0
"""Degrees of yaw from which the summary says that the far half of the mouth is seen at a slant."""
LONGEST_FRAMES = 1_000_000
ENGINE = "MouthGenerate.engine=auto"
"""A still has no open mouths to give: the network mends what would be painted, unless --set says otherwise."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser("portrait", help="make a still speak", description=__doc__)
    parser.add_argument("plate", metavar="still", help="one picture of a face: jpg, png, tif, exr, ...")
    for name, options in ARGUMENTS:
        if name in SHARED:
            parser.add_argument(name, **options)
    parser.add_argument("out", help="movie (mov, mp4, mkv) with the line, or sequence (exr, dpx, tif, png)")
    parser.add_argument("--rate", "--fps", metavar="FPS", default=RATE, help=f"frames per second (default: {RATE})")
    parser.add_argument("--first", metavar="N", type=int, default=FIRST, help=f"the first frame's number ({FIRST})")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="make only these frames, as 1-75x2")
    parser.add_argument("--codec", help="prores, prores4444, h264 or ffv1 (default: by the file's extension)")
    parser.set_defaults(run=run, reel=None, holdout=None, analysis=None)


def run(args: argparse.Namespace) -> int:
    check_outputs(args)
    began = time.monotonic()
    with open_still(args) as opened, progress(args.progress) as shown:
        frames = wanted_frames(args, opened)
        with _writer(args, opened, frames) as writer:
            portrait = Portrait(opened.shot, opened.settings, shown.advance)
            analysis = portrait.analyse()
            for native in rendered(opened, portrait, analysis, frames, shown, own=_own_format(args)):
                writer.write(native)
    seconds = time.monotonic() - began
    report(
        [
            ("result", args.out),
            ("frames", f"{len(frames)} of {FrameRange(opened.shot.frames)}, {opened.plate.rate} a second"),
            *([("codec", writer.coding)] if writer.coding else []),
            *_seen(analysis).items(),
            *opened.notes.items(),
            ("time", f"{seconds:.1f} s, {len(frames) / seconds:.1f} frames/s"),
        ]
    )
    return 0


def open_still(args: argparse.Namespace) -> OpenShot:
    """The still on every frame that the line and Portrait's leads need, and the line."""
    settings, colour, rate = Settings.parse([ENGINE, *args.sets]), Colour.load(args.colour), parse_rate(args.rate)
    portrait = settings["Portrait"]
    starts_s = portrait.lead_in + parse_offset(args.audio_offset or "0", rate)
    sound = replace(read_sound(args.line, start_s=max(0.0, -starts_s)), start_s=max(0.0, starts_s))
    length_s = sound.start_s + sound.samples.shape[1] / sound.rate_hz + portrait.lead_out
    count = int(np.ceil(round(length_s * float(rate), 6)))
    if count > LONGEST_FRAMES:
        raise InputError(f"{args.line}: asks for {count} frames (expected at most {LONGEST_FRAMES}); cut it into parts")
    frames = FrameRange(range(args.first, args.first + count))
    with ExitStack() as files:
        plate = files.enter_context(open_plate(args.plate, frames=_still_frames(args.plate, frames), colour=colour,
                                               space=args.space, rate=rate))  # fmt: skip
        if plate.info.kind != "still":
            raise UsageError(f"{args.plate}: is a {plate.info.kind}, expected one picture; for footage: lipsync dub")
        notes = {} if plate.info.space_from != "default" else {"space": f"{plate.info.space}, as the file says none"}
        key = {"plate": plate.fingerprint(), "line": fingerprint(sound), "colour": colour.cache_id}
        shot = Shot(plate, sound, plate.frames)
        return OpenShot(shot, plate, settings, sound, key, notes, files.pop_all())


def _still_frames(path: str, frames: FrameRange) -> FrameRange | None:
    """None for what is no still, so that the error says so and not which frames it lacks."""
    return frames if Path(path).suffix.lower() in STILLS and Path(path).is_file() else None


def rendered(
    opened: OpenShot, portrait: Portrait, analysis: PortraitAnalysis, frames: Sequence[int], shown: Progress, own: bool
) -> Iterator[Frame]:
    """Frames of the still, changed and stamped; in its own storage where `own`, else in numbers that nothing rounds."""
    marks = stamp(opened, {**opened.key, **opened.settings.key()}, CHAIN)
    for frame in shown.stage("render", frames):
        native, touched = opened.plate.load(frame), Region(0, 0, 0, 0)
        if isinstance(native, StillFrame) and not own:
            native = native.deepened()
        for layer in portrait.render(analysis, frame):
            native.composite(layer.image, layer.matte)
            touched = touched.union(layer.image.region)
        if not touched.is_empty:
            native.metadata.update({**marks, **frame_stamp(touched)})
        yield native


def _own_format(args: argparse.Namespace) -> bool:
    return WRITES.get(Path(args.plate).suffix.lower()) == WRITES.get(Path(args.out).suffix.lower(), args.out)


def _writer(args: argparse.Namespace, opened: OpenShot, frames: Sequence[int]) -> Writer:
    is_movie = Path(args.out).suffix.lower() in movie_codec.WRITES
    return open_writer(args.out, opened.plate, sound=heard(opened, frames) if is_movie else None, codec=args.codec)


def _seen(analysis: PortraitAnalysis) -> dict[str, str]:
    """What a user should know of the still."""
    landmarks = analysis.plan.landmarks[None]
    yaw, pitch, _, height_px = (float(value[0]) for value in describe_pose(landmarks))
    text = f"{height_px:.0f} px high, turned {yaw:+.0f} degrees, {'down' if pitch > 0 else 'up'} {abs(pitch):.0f}"
    far = "; the far half of the mouth is seen at a slant, look at it closely" if abs(yaw) > TURNED else ""
    return {"face": text + far}
