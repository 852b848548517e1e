# SPDX-License-Identifier: Apache-2.0
"""The arguments that `dub` and `analyse` share, and the shot they describe."""

from __future__ import annotations

import argparse
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from ofx_lipsync.analysis import Analysis, check_key, read_analysis, write_analysis
from ofx_lipsync.cli.progress import Progress
from ofx_lipsync.core.errors import AnalysisError, ColourError, InputError, UsageError
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange, Rate, parse_rate
from ofx_lipsync.graph import Dub, Settings, Shot
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.plate import Plate
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.writer import check_writable

_OFFSET = re.compile(r"([+-]?\d+(?:\.\d+)?)(f|ms)?\Z")


ARGUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("plate", {"help": "movie, or sequence as plate.####.exr, plate.%%04d.exr, plate.$F4.exr"}),
    ("line", {"help": "the new line: wav, flac, mp3, aac, or a movie for its sound"}),
    ("--shot", {"metavar": "RANGE", "help": "the shot's frames; the line starts on the first (default: all)"}),
    ("--rate", {"metavar": "FPS", "help": "frames per second, as 24000/1001 (default: the file's, or 24)"}),
    ("--audio-offset", {"metavar": "OFFSET", "default": "0", "help": "start later by frames, 12f, or time, 500ms"}),
    ("--set", {"metavar": "NODE.PARAM=VALUE", "action": "append", "default": [], "dest": "sets",
               "help": "a param; keyframes as 1001:0,1010:1; see lipsync nodes"}),
    ("--reel", {"metavar": "PLATE", "help": "more footage of the same actor, for mouths (MouthGenerate.reel)"}),
    ("--holdout", {"metavar": "PLATE", "help": "matte, in red, of what is in front of the face and stays"}),
    ("--colour", {"metavar": "CONFIG", "help": "OCIO config, a file or a named built-in (default: $OCIO, or pinned)"}),
    ("--space", {"metavar": "NAME", "help": "the plate's colour space (default: read from the file)"}),
    ("--missing-frames", {"choices": ("error", "hold", "skip"), "default": "error",
                          "help": "what to do where a sequence has gaps"}),
    ("--frames-syntax", {"choices": ("nuke", "openjd"), "default": "nuke", "help": "how ':' in ranges is read"}),
    ("--progress", {"choices": ("auto", "plain", "openjd", "none"), "default": "auto", "help": "how to say how far"}),
)  # fmt: skip


def add_shot_arguments(parser: argparse.ArgumentParser) -> None:
    for name, options in ARGUMENTS:
        parser.add_argument(name, **options)


@dataclass
class OpenShot:
    """A shot with its files open."""

    shot: Shot
    plate: Plate
    settings: Settings
    sound: Sound
    key: dict[str, str]
    notes: dict[str, str]
    """What the summary should say besides."""
    _files: ExitStack

    def __enter__(self) -> OpenShot:
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()


def open_shot(args: argparse.Namespace) -> OpenShot:
    """Open and check everything the arguments name, before any work is done."""
    settings = Settings.parse(args.sets)
    colour = Colour.load(args.colour)
    frames = frame_range(args.shot, args) if args.shot else None
    rate = parse_rate(args.rate) if args.rate else None
    with ExitStack() as files:
        plate = files.enter_context(
            open_plate(
                args.plate, frames=frames, colour=colour, space=args.space, rate=rate, missing=args.missing_frames
            )
        )
        reel_path = args.reel or settings["MouthGenerate"].reel
        reel = files.enter_context(open_plate(reel_path, colour=colour)) if reel_path else None
        holdout = files.enter_context(_matte(args.holdout, plate, colour)) if args.holdout else None
        offset_s = parse_offset(args.audio_offset, plate.rate)
        shot_s = float(len(plate.frames) / plate.rate)
        sound, whole = read_line(args.line, offset_s, shot_s)
        notes = assumed(plate)
        if not whole:
            notes["line"] = f"goes on, and is cut {TAIL_S:g} s after the shot's last frame"
        key = {"plate": plate.fingerprint(), "line": fingerprint(sound), "colour": colour.cache_id}
        if reel is not None:
            key["reel"] = reel.fingerprint()
        if holdout is not None:
            key["holdout"] = holdout.fingerprint() + (" inverted" if settings["Blend"].invert_holdout else "")
        times_s = np.array([plate.time_s(frame) - plate.time_s(plate.frames[0]) for frame in plate.frames])
        shot = Shot(plate, sound, plate.frames, reel, holdout, times_s)
        return OpenShot(shot, plate, settings, sound, key, notes, files.pop_all())


def assumed(plate: Plate) -> dict[str, str]:
    """What nobody said of a plate of picture files, and what was taken instead: sync and colour hang on it."""
    notes, info = {}, plate.info
    if info.rate_from == "default":
        notes["rate"] = f"{info.rate} frames/s, as the files say none; --rate gives another"
    if info.kind != "movie" and info.space_from == "default":
        notes["space"] = f"{info.space}, as the files say none; --space gives another"
    return notes


def _matte(path: str, plate: Plate, colour: Colour) -> Plate:
    """A holdout, frame for frame with the plate, its numbers taken as they are (data is not colour)."""
    numbers = colour.find("data", "Raw", "raw", "Utility - Raw")
    if numbers is None:
        raise ColourError(
            f"{path}: {colour.name} has no data space to read a matte in; use a config with the role data"
        )
    matte = open_plate(path, frames=plate.frames, colour=colour, space=numbers, rate=plate.rate)
    if matte.display != plate.display:
        raise InputError(
            f"{path}: is {matte.display.width}x{matte.display.height}, expected the plate's "
            f"{plate.display.width}x{plate.display.height}; render the holdout at the plate's size"
        )
    return matte


def check_outputs(args: argparse.Namespace) -> None:
    """Before any work: what is to be written can be, and is none of the inputs.

    Raises: OutputError where a folder cannot be written, UsageError where a result would replace an input.
    """
    analysis = getattr(args, "analysis", None)
    for out in (args.out, analysis):
        if out is None or (out == analysis and Path(out).exists()):
            continue
        check_writable(out)
    inputs = {"plate": args.plate, "line": args.line, "reel": args.reel, "holdout": args.holdout, "analysis": analysis}
    for name, given in inputs.items():
        if given and Path(given).resolve() == Path(args.out).resolve():
            raise UsageError(f"{args.out}: is the {name} as well, and would be lost; write to another name")


def read_line(path: str, offset_s: float, shot_s: float) -> tuple[Sound, bool]:
    """The line on the shot's clock, and whether that is all of it. Only what the shot and its tail can use is kept.

    Raises: InputError when the line ends before the shot begins."""
    sound = read_sound(path, start_s=max(0.0, -offset_s), duration_s=shot_s + TAIL_S + 1.0)
    start_s = max(0.0, offset_s)
    kept = round((shot_s + TAIL_S) * sound.rate_hz)
    if sound.samples.shape[1] == 0 or start_s >= shot_s:
        raise InputError(
            f"{path}: no sound falls inside the shot (offset {offset_s:g} s, shot {shot_s:.2f} s); check --audio-offset"
        )
    return Sound(sound.samples[:, :kept], sound.rate_hz, start_s), sound.samples.shape[1] <= kept


TAIL_S = 60.0
"""How much of a line that outlasts its shot is kept for the movie; a ten-hour file is not."""


def frame_range(text: str, args: argparse.Namespace) -> FrameRange:
    return FrameRange.parse(text, openjd=args.frames_syntax == "openjd")


def parse_offset(text: str, rate: Rate, name: str = "--audio-offset") -> float:
    """Seconds from `12`, `12f` (frames) or `500ms`. name: of the option or param, for the error."""
    match = _OFFSET.match(text)
    if match is None:
        raise UsageError(f"{name}: cannot read {text!r}; write frames as 12 or 12f, or time as 500ms")
    return float(match[1]) / 1000 if match[2] == "ms" else float(Rate(match[1]) / rate)


def fingerprint(sound: Sound) -> str:
    import hashlib

    content = hashlib.blake2b(sound.samples.tobytes(), digest_size=16)
    content.update(f"{sound.samples.shape} {sound.rate_hz} {sound.start_s!r}".encode())
    return content.hexdigest()


def analysed(opened: OpenShot, path: str | None, progress: Progress, overwrite: bool = False) -> Analysis:
    """The shot's analysis: read and checked when the file exists, else made, and kept when a path is given."""
    import os

    expected = {**opened.key, **opened.settings.key()}
    if path and os.path.exists(path) and not overwrite:
        analysis = read_analysis(path)
        if analysis.frames.tolist() != list(opened.shot.frames):
            have, want = FrameRange(analysis.frames.tolist()), FrameRange(opened.shot.frames)
            raise AnalysisError(
                f"{path}: is of frames {have}, expected the shot's {want}; give the --shot that it was made with, "
                "or make it again with: lipsync analyse --overwrite"
            )
        check_key(analysis, expected, path)
        return analysis
    analysis = Dub(opened.shot, opened.settings, progress.advance).analyse(expected)
    if path:
        write_analysis(path, analysis)
    return analysis


def report(lines: Sequence[tuple[str, str]]) -> None:
    """What came of it, to standard output."""
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:<{width}}  {value}")
