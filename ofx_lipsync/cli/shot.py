# SPDX-License-Identifier: Apache-2.0
"""The arguments that `dub` and `analyse` share, and the shot they describe."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any, Sequence

from ofx_lipsync.analysis import Analysis, check_key, read_analysis, write_analysis
from ofx_lipsync.cli.preset_option import AddPreset
from ofx_lipsync.cli.progress import MODES, Progress
from ofx_lipsync.core.errors import AnalysisError, ShotError, UsageError
from ofx_lipsync.core.face import FaceAnalysis
from ofx_lipsync.core.params import File
from ofx_lipsync.core.timing import FrameRange, parse_offset, parse_rate
from ofx_lipsync.farm.limits import limit
from ofx_lipsync.graph import Dub, node, read_params, summary
from ofx_lipsync.media.writer import check_writable
from ofx_lipsync.shotfile import Colours, Line, OpenShot, ShotFile, open_shotfile, read_shot
from ofx_lipsync.shotfile.opening import assumed, fingerprint, read_line

__all__ = [
    "ARGUMENTS", "OpenShot", "add_shot_arguments", "analysed", "asked", "assumed", "check_outputs", "fingerprint",
    "frame_range", "open_shot", "parse_offset", "read_line", "report", "taken", "told",
]  # fmt: skip

ARGUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("plate", {"help": "movie, sequence as plate.####.exr, plate.%%04d.exr, plate.$F4.exr, or shot.toml, a shot file; "
               "then line and out may be left out"}),
    ("line", {"nargs": "?", "help": "the new line: wav, flac, mp3, aac, or a movie for its sound"}),
    ("--shot", {"metavar": "RANGE", "help": "the shot's frames; the line starts on the first (default: all)"}),
    ("--rate", {"metavar": "FPS", "help": "frames per second, as 24000/1001 (default: the file's, or 24)"}),
    ("--audio-offset", {"metavar": "OFFSET", "help": "start later by frames, 12f, or time, 500ms"}),
    ("--set", {"metavar": "NODE.PARAM=VALUE", "action": "append", "default": [], "dest": "sets",
               "help": "a param; keyframes as 1001:0,1010:1:ease or ramp(1001-1100,8); see lipsync nodes"}),
    ("--preset", {"metavar": "NAME", "action": AddPreset, "dest": "sets", "default": [],
                  "help": "params by name; a --set after it wins; see lipsync preset list"}),
    ("--reel", {"metavar": "PLATE", "help": "more footage of the same actor, for mouths (MouthGenerate.reel)"}),
    ("--holdout", {"metavar": "PLATE", "help": "matte, in red, of what is in front of the face and stays"}),
    ("--colour", {"metavar": "CONFIG", "help": "OCIO config, a file or a named built-in (default: $OCIO, or pinned)"}),
    ("--space", {"metavar": "NAME", "help": "the plate's colour space (default: read from the file)"}),
    ("--missing-frames", {"choices": ("error", "hold", "skip"), "help": "what to do about gaps in a sequence (error)"}),
    ("--frames-syntax", {"choices": ("nuke", "openjd"), "default": "nuke", "help": "how ':' in ranges is read"}),
    ("--progress", {"choices": MODES, "default": "auto", "help": "how to say how far (default: as the farm reads it)"}),
    ("--threads", {"type": int, "metavar": "N", "help": "at most N compute threads (default: $CUE_THREADS, or 1)"}),
    ("--device", {"metavar": "NAME", "default": "cpu", "help": "cpu, or cuda:0 where a GPU is there (default: cpu)"}),
    ("--engine-socket", {"metavar": "PATH", "help": "run in the resident engine there, see lipsync serve"}),
)  # fmt: skip


CHOICES = ("face", "face_x", "face_y", "face_index", "missing_face")
"""Params of FaceDetect that say whose face to take of those that were found."""


def add_shot_arguments(parser: argparse.ArgumentParser) -> None:
    for name, options in ARGUMENTS:
        parser.add_argument(name, **options)


def open_shot(args: argparse.Namespace) -> OpenShot:
    """Open and check everything the arguments name, before any work is done."""
    limit(getattr(args, "threads", None), getattr(args, "device", "cpu"))
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
    if hasattr(args, "elements"):
        args.elements = args.elements or shot.at(given.elements) or None
    missing = [name for name, value in (("line", shot.lines), ("out", args.out)) if not value]
    if missing:
        raise UsageError(
            f"lipsync {args.verb}: nothing is given for {' and '.join(missing)}; name it after the plate, "
            f"or in a shot file ([[line]] path, [output] {entry})"
        )
    return shot


def taken(args: argparse.Namespace) -> ShotFile:
    """For verbs that open a plate by themselves: what a shot file says of it, where args.plate is one, is put into args
    where options leave it open.  Raises: ShotError."""
    shot = _with_options(read_shot(args.plate) if is_shot_file(args.plate) else ShotFile(), args)
    if not is_shot_file(args.plate):
        return shot
    given = shot.plate
    if not given.path:
        raise ShotError(f"{args.plate}: there is no plate; give path in [plate]")
    args.plate, args.rate, args.space = shot.at(given.path), given.rate or None, given.space or None
    args.colour = shot.at_if_there(shot.colour.config) or None
    for name, value in (("shot", given.frames), ("reel", shot.at(given.reel)), ("missing_frames", given.missing)):
        if hasattr(args, name):
            setattr(args, name, value or None)
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
    analysis, elements = getattr(args, "analysis", None), getattr(args, "elements", None)
    if elements and Path(elements).resolve() == Path(args.out).resolve():
        raise UsageError(f"{elements}: is the result as well; write elements to another name")
    for out in (args.out, analysis, elements):
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
    """The shot's analysis: read and checked when the file exists, else made, and kept when a path is given.

    Where several people speak each has their own, see `person_path`; all of them are kept in `opened`, and the first is
    returned.  Raises: AnalysisError, ShotError where two people are the same face.
    """
    for person in opened.people:
        seen = opened.analysis.faces if opened.analysis is not None and _look_alike(opened, person) else None
        person.analysis = _analysed(person, person_path(path, opened.file, person.person), progress, overwrite, seen)
    check_people(opened)
    assert opened.analysis is not None
    return opened.analysis


def person_path(path: str | None, shot: ShotFile, person: str) -> str | None:
    """Where a person's analysis is kept: of two people, ab.lipsync is ab.anna.lipsync and ab.ben.lipsync."""
    if path is None or len(shot.lines) < 2:
        return path
    whole = Path(path)
    return str(whole.with_name(f"{whole.stem}.{person}{whole.suffix}"))


def check_people(opened: OpenShot) -> None:
    """Raises: ShotError where a face would be dubbed twice."""
    faces: dict[int, str] = {}
    for person in opened.people:
        chosen = -1 if person.analysis is None else person.analysis.faces.chosen
        if chosen >= 0 and chosen in faces:
            raise ShotError(
                f"{opened.file.called}: {faces[chosen]} and {person.person} are both person {chosen} of the plate; "
                "give face or face_at in their [[line]]"
            )
        faces[chosen] = person.person


def _look_alike(one: OpenShot, other: OpenShot) -> bool:
    """Whether both look for faces in the same way, whosever they then take."""
    kinds = [{**person.settings["FaceDetect"].as_dict(), **dict.fromkeys(CHOICES)} for person in (one, other)]
    return kinds[0] == kinds[1]


def _analysed(
    opened: OpenShot, path: str | None, progress: Progress, overwrite: bool, seen: FaceAnalysis | None
) -> Analysis:
    """seen: everybody in the plate, found for somebody else's line."""
    expected = {**opened.key, **opened.settings.key()}
    if path and Path(path).exists() and not overwrite:
        analysis = read_analysis(path)
        if analysis.frames.tolist() != list(opened.shot.frames):
            have, want = FrameRange(analysis.frames.tolist()), FrameRange(opened.shot.frames)
            raise AnalysisError(
                f"{path}: is of frames {have}, expected the shot's {want}; give the --shot that it was made with, "
                "or make it again with: lipsync analyse --overwrite"
            )
        check_key(analysis, expected, path)
        return analysis
    analysis = Dub(opened.shot, opened.settings, progress.advance).analyse(expected, seen)
    if path:
        write_analysis(path, analysis)
    return analysis


def told(opened: OpenShot, analysis: Analysis) -> list[tuple[str, str]]:
    """What a user should know of the analyses, for each person where there are several."""
    if not opened.others:
        return list(summary(analysis).items())
    lines = []
    for person in opened.people:
        found = person.analysis or analysis
        about = summary(found)
        lines.append((person.person, f"person {found.faces.chosen} of {about['people']}; "
                                     f"frames without the face: {about['frames without the face']}"))  # fmt: skip
    return [*lines, ("cuts", summary(analysis)["cuts"])]


def report(lines: Sequence[tuple[str, str]]) -> None:
    """What came of it, to standard output."""
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"{name:<{width}}  {value}")
