# SPDX-License-Identifier: Apache-2.0
"""lipsync portrait: a still and a line in, a picture that says the line out."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from ofx_lipsync.cli.dub import heard, wanted_frames
from ofx_lipsync.cli.progress import Progress, progress
from ofx_lipsync.cli.provenance import frame_stamp, movie_tags, recipe, stamp
from ofx_lipsync.cli.shot import ARGUMENTS, OpenShot, asked, check_outputs, fingerprint, parse_offset, report
from ofx_lipsync.cli.trust import add_trust_arguments, vouched
from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.core.pose import describe_pose
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange, parse_rate
from ofx_lipsync.graph import Settings, Shot, read_params
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
from ofx_lipsync.shotfile import ShotFile

FIRST, RATE = 1, "25"
SHARED = ("line", "--audio-offset", "--set", "--colour", "--space", "--frames-syntax", "--progress")
TURNED = 40.0
"""Degrees of yaw from which the summary says that the far half of the mouth is seen at a slant."""
LONGEST_FRAMES = 1_000_000
ENGINE = "MouthGenerate.engine=auto"
"""A still has no open mouths to give: the network mends what would be painted, unless --set says otherwise."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser("portrait", help="make a still speak", description=__doc__)
    parser.add_argument("plate", metavar="still", help="one picture of a face: jpg, png, tif, exr, ...; or shot.toml")
    for name, options in ARGUMENTS:
        if name in SHARED:
            parser.add_argument(name, **options)
    parser.add_argument("out", nargs="?", help="movie (mov, mp4, mkv) with the line, or sequence (exr, dpx, tif, png)")
    parser.add_argument("--rate", "--fps", metavar="FPS", help=f"frames per second (default: {RATE})")
    parser.add_argument("--first", metavar="N", type=int, help=f"the first frame's number ({FIRST})")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="make only these frames, as 1-75x2")
    parser.add_argument("--codec", help="prores, prores4444, h264 or ffv1 (default: by the file's extension)")
    add_trust_arguments(parser)
    parser.set_defaults(run=run, reel=None, holdout=None, analysis=None)


def run(args: argparse.Namespace) -> int:
    check_outputs(args)
    trust = vouched(args)
    began = time.monotonic()
    with open_still(args) as opened, progress(args.progress) as shown:
        opened.consent = trust.consent
        frames = wanted_frames(args, opened)
        with _writer(args, opened, frames) as writer:
            portrait = Portrait(opened.shot, opened.settings, shown.advance)
            analysis = portrait.analyse()
            marks, still = stamp(opened, {**opened.key, **opened.settings.key()}, CHAIN), opened.plate.info.path
            made_with = recipe(marks, opened.consent, still, opened.key)
            tags = movie_tags(marks, frames, frames)
            ledger = trust.begin(writer, args.out, made_with, opened.shot.frames, still, tags)
            own = _own_format(still, args.out)
            for native in rendered(opened, portrait, analysis, frames, shown, marks, own=own):
                writer.write(native)
        sidecar = ledger.finish()
    seconds = time.monotonic() - began
    report(
        [
            ("result", args.out),
            ("origin", sidecar),
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
    shot, line = asked(args), asked(args).lines[0]
    settings, colour = _settings(shot), Colour.load(shot.at_if_there(shot.colour.config) or None)
    rate, still, heard_from = parse_rate(shot.plate.rate or RATE), shot.at(shot.plate.path), shot.at(line.path)
    portrait = settings["Portrait"]
    starts_s = portrait.lead_in + parse_offset(line.offset, rate)
    sound = replace(read_sound(heard_from, start_s=max(0.0, -starts_s)), start_s=max(0.0, starts_s))
    length_s = sound.start_s + sound.samples.shape[1] / sound.rate_hz + portrait.lead_out
    count = int(np.ceil(round(length_s * float(rate), 6)))
    if count > LONGEST_FRAMES:
        raise InputError(
            f"{heard_from}: asks for {count} frames (expected at most {LONGEST_FRAMES}); cut it into parts"
        )
    begins = FrameRange.parse(shot.plate.frames)[0] if shot.plate.frames else FIRST
    first = begins if args.first is None else args.first
    frames = FrameRange(range(first, first + count))
    with ExitStack() as files:
        plate = files.enter_context(open_plate(still, frames=_still_frames(still, frames), colour=colour,
                                               space=shot.plate.space or None, rate=rate))  # fmt: skip
        if plate.info.kind != "still":
            raise UsageError(f"{still}: is a {plate.info.kind}, expected one picture; for footage: lipsync dub")
        notes = {} if plate.info.space_from != "default" else {"space": f"{plate.info.space}, as the file says none"}
        key = {"plate": plate.fingerprint(), "line": fingerprint(sound), "colour": colour.cache_id}
        return OpenShot(Shot(plate, sound, plate.frames), plate, settings, sound, key, notes, files.pop_all())


def _settings(shot: ShotFile) -> Settings:
    chosen = any("engine" in own.get("MouthGenerate", {}) for own in (shot.params, shot.lines[0].params))
    return (shot if chosen else shot.with_params(read_params([ENGINE]))).settings()


def _still_frames(path: str, frames: FrameRange) -> FrameRange | None:
    """None for what is no still, so that the error says so and not which frames it lacks."""
    return frames if Path(path).suffix.lower() in STILLS and Path(path).is_file() else None


def rendered(
    opened: OpenShot, portrait: Portrait, analysis: PortraitAnalysis, frames: Sequence[int], shown: Progress,
    marks: Mapping[str, str | int], own: bool,
) -> Iterator[Frame]:  # fmt: skip
    """Frames of the still, changed and stamped; in its own storage where `own`, else in numbers that nothing rounds."""
    for frame in shown.stage("render", frames):
        native, touched = opened.plate.load(frame), Region(0, 0, 0, 0)
        if isinstance(native, StillFrame) and not own:
            native = native.deepened()
        for layer in portrait.render(analysis, frame):
            native.composite(layer.image, layer.matte)
            touched = touched.union(layer.image.region)
        if not touched.is_empty:
            native.metadata.update({**marks, **frame_stamp(touched, "still, moved and mouth generated")})
        yield native


def _own_format(still: str, out: str) -> bool:
    return WRITES.get(Path(still).suffix.lower()) == WRITES.get(Path(out).suffix.lower(), out)


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
