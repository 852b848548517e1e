# SPDX-License-Identifier: Apache-2.0
"""The arguments that `dub` and `analyse` share, and the shot they describe."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any, Sequence

from ofx_lipsync.analysis import Analysis, check_key, read_analysis, write_analysis
from ofx_lipsync.cli.progress import Progress
from ofx_lipsync.core.errors import AnalysisError, UsageError
from ofx_lipsync.core.params import File
from ofx_lipsync.core.timing import FrameRange, parse_offset, parse_rate
from ofx_lipsync.graph import Dub, node, read_params
from ofx_lipsync.media.writer import check_writable
from ofx_lipsync.shotfile import Colours, Line, OpenShot, ShotFile, open_shotfile, read_shot
from ofx_lipsync.shotfile.opening import assumed, fingerprint, read_line

__all__ = [
    "ARGUMENTS", "OpenShot", "add_shot_arguments", "analysed", "asked", "assumed", "check_outputs", "fingerprint",
    "frame_range", "open_shot", "parse_offset", "read_line", "report",
]  # fmt: skip

ARGUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("plate", {"help": "movie, sequence as plate.####.exr, plate.%%04d.exr, plate.$F4.exr, or shot.toml, a shot file; "
               "then line and out may be left out"}),
    ("line", {"nargs": "?", "help": "the new line: wav, flac, mp3, aac, or a movie for its sound"}),
    ("--shot", {"metavar": "RANGE", "help": "the shot's frames; the line starts on the first (default: all)"}),
    ("--rate", {"metavar": "FPS", "help": "frames per second, as 24000/1001 (default: the file's, or 24)"}),
    ("--audio-offset", {"metavar": "OFFSET", "help": "start later by frames, 12f, or time, 500ms"}),
    ("--set", {"metavar": "NODE.PARAM=VALUE", "action": "append", "default": [], "dest": "sets",
               "help": "a param; keyframes as 1001:0,1010:1; see lipsync nodes"}),
    ("--reel", {"metavar": "PLATE", "help": "more footage of the same actor, for mouths (MouthGenerate.reel)"}),
    ("--holdout", {"metavar": "PLATE", "help": "matte, in red, of what is in front of the face and stays"}),
    ("--colour", {"metavar": "CONFIG", "help": "OCIO config, a file or a named built-in (default: $OCIO, or pinned)"}),
    ("--space", {"metavar": "NAME", "help": "the plate's colour space (default: read from the file)"}),
    ("--missing-frames", {"choices": ("error", "hold", "skip"), "help": "what to do about gaps in a sequence (error)"}),
    ("--frames-syntax", {"choices": ("nuke", "openjd"), "default": "nuke", "help": "how ':' in ranges is read"}),
    ("--progress", {"choices": ("auto", "plain", "openjd", "none"), "default": "auto", "help": "how to say how far"}),
)  # fmt: skip


def add_shot_arguments(parser: argparse.ArgumentParser) -> None:
    for name, options in ARGUMENTS:
        parser.add_argument(name, **options)


def open_shot(args: argparse.Namespace) -> OpenShot:
    """Open and check everything the arguments name, before any work is done."""
    return open_shotfile(asked(args))


def asked(args: argparse.Namespace) -> ShotFile:
    """The shot that the arguments describe, read once. What they leave open of results is filled in from its file:
    args.out, args.analysis and args.codec.

    Raises: ShotError for a bad shot file, UsageError where something is not given at all.
    """
    known: ShotFile | None = getattr(args, "asked", None)
    if known is not None:
        return known
    shot = _from_file(args) if is_shot_file(args.plate) else ShotFile()
    args.asked = shot = _with_options(shot, args)
    given = shot.output
    # What a verb writes is its own entry of [output]; a dub reads and keeps the analysis beside.
    entry = getattr(args, "delivers", "comp")
    args.out = args.out or shot.at(getattr(given, entry))
    if entry == "comp" and hasattr(args, "analysis"):
        args.analysis = args.analysis or shot.at(given.analysis) or None
    if hasattr(args, "codec"):
        args.codec = args.codec or given.codec or None
    missing = [name for name, value in (("line", shot.lines), ("out", args.out)) if not value]
    if missing:
        raise UsageError(
            f"lipsync {args.verb}: nothing is given for {' and '.join(missing)}; name it after the plate, "
            f"or in a shot file ([[line]] path, [output] {entry})"
        )
    return shot


def _from_file(args: argparse.Namespace) -> ShotFile:
    """After a shot file one more name is the result; two are another line and the result."""
    if args.out is None:
        args.line, args.out = None, args.line
    return read_shot(args.plate)


def _with_options(shot: ShotFile, args: argparse.Namespace) -> ShotFile:
    """Options win over the file; their paths are seen from where the program runs."""

    def given(name: str, path: bool = False) -> Any:
        value = getattr(args, name, None)
        return str(Path(value).absolute()) if value and path and shot.folder else value

    plate, frames, line = shot.plate, given("shot"), given("line", path=True)
    if not is_shot_file(args.plate):
        plate = replace(plate, path=args.plate)
    if frames:
        read = frame_range(frames, args)
        frames = str(read) if args.frames_syntax == "openjd" else frames
    if given("rate"):
        parse_rate(args.rate)
    plate = replace(
        plate, frames=frames or plate.frames, rate=given("rate") or plate.rate, space=given("space") or plate.space,
        missing=given("missing_frames") or plate.missing, reel=given("reel", path=True) or plate.reel,
        holdout=given("holdout", path=True) or plate.holdout,
    )  # fmt: skip
    lines = shot.lines
    if line:
        lines = (replace(lines[0] if lines else Line(), path=line),)
    if given("audio_offset") is not None:
        parse_offset(args.audio_offset, parse_rate("24"))
        lines = tuple(replace(line, offset=args.audio_offset) for line in lines)
    colour = Colours(config=_from_here(shot, args.colour)) if args.colour else shot.colour
    return replace(shot, plate=plate, lines=lines, colour=colour).with_params(_params(shot, args))


def is_shot_file(path: str) -> bool:
    return str(path).lower().endswith(".toml")


def _params(shot: ShotFile, args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Those of --set."""
    values = read_params(args.sets)
    for name, own in values.items():
        declared = node(name).Params.declarations()
        own.update({p: _from_here(shot, v) for p, v in own.items() if isinstance(declared[p], File)})
    return values


def _from_here(shot: ShotFile, name: str) -> str:
    """What may be a path or a name: a path from here must not be looked for beside the shot file."""
    return str(Path(name).absolute()) if shot.folder and name and Path(name).exists() else name


def check_outputs(args: argparse.Namespace) -> None:
    """Before any work: what is to be written can be, and is none of the inputs. Fills in what a shot file says of
    results, as `asked`.

    Raises: OutputError where a folder cannot be written, UsageError where a result would replace an input.
    """
    shot = asked(args)
    analysis = getattr(args, "analysis", None)
    for out in (args.out, analysis):
        if out is None or (out == analysis and Path(out).exists()):
            continue
        check_writable(out)
    plate = shot.plate
    inputs = [("plate", plate.path), ("reel", plate.reel), ("holdout", plate.holdout)]
    inputs += [("line", line.path) for line in shot.lines]
    inputs = [(name, shot.at(path)) for name, path in inputs]
    for name, given in [*inputs, ("analysis", analysis), ("shot file", args.plate)]:
        if given and Path(given).resolve() == Path(args.out).resolve():
            raise UsageError(f"{args.out}: is the {name} as well, and would be lost; write to another name")


def frame_range(text: str, args: argparse.Namespace) -> FrameRange:
    return FrameRange.parse(text, openjd=args.frames_syntax == "openjd")


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
