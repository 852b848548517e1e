# SPDX-License-Identifier: Apache-2.0
"""lipsync report: a page of a dubbed shot to look at, with the frames first that deserve it.

    lipsync report shot.toml out/
    lipsync report plate.####.exr line.wav out/ --result comp.####.exr

A finished render is read where there is one (--result, or comp in the shot file's [output]); else frames are made as
they are needed. The folder opens from disk and asks no network for anything.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Sequence

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.dub import wanted_frames
from ofx_lipsync.cli.person import add_person_argument, person_of
from ofx_lipsync.cli.progress import progress
from ofx_lipsync.cli.shot import OpenShot, add_shot_arguments, analysed, is_shot_file, open_shot, report
from ofx_lipsync.cli.wedge import check_folder
from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import InputError, UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.graph import Dub, summary
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.tuning.choose import spread_frames
from ofx_lipsync.tuning.contact import Shown, contact_sheet, shown
from ofx_lipsync.tuning.findings import findings
from ofx_lipsync.tuning.gathered import gather
from ofx_lipsync.tuning.page import write_picture
from ofx_lipsync.tuning.planned import DubbedClip
from ofx_lipsync.tuning.rendered_score import stretch
from ofx_lipsync.tuning.renumbered import Renumbered
from ofx_lipsync.tuning.report import Told, changed_params, check_libraries, listed, write_report
from ofx_lipsync.tuning.shown import Shower, mouth_regions

SHOWN = 8
"""Frames of the contact sheet and wipes, where none are named."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser("report", help="a page of a dubbed shot to look at", description=__doc__,
                              formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add_shot_arguments(parser)
    parser.add_argument("out", help="folder for the page; or with --sheet a picture, png or jpg")
    parser.add_argument(
        "--result", metavar="FILE", help="the finished dub (default: the shot file's comp, if it is there)"
    )
    parser.add_argument("-F", "--frames", metavar="FRAMES", help=f"frames to show (default: {SHOWN} of the speech)")
    add_person_argument(parser)
    parser.add_argument("--sheet", action="store_true", help="the contact sheet alone: plate, result, matte")
    parser.add_argument("--no-sync", action="store_true", help="do not measure the sync of the result")
    parser.add_argument("--analysis", metavar="FILE", help="read the analysis from this file, or make it there")
    parser.add_argument("--display", metavar="NAME", help="display of the OCIO config (default: the config's)")
    parser.add_argument("--view", metavar="NAME", help="view of the display (default: the display's)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if not args.sheet:
        check_libraries()
        check_folder(args.out)
    with ExitStack() as files, progress(args.progress) as told:
        everybody = files.enter_context(open_shot(args))
        opened = person_of(everybody, args.person)
        shower = Shower.of(opened.plate.colour, args.display, args.view)
        asked = list(wanted_frames(args, opened)) if args.frames else None
        analysed(everybody, args.analysis, told)
        analysis = opened.analysis
        assert analysis is not None
        pictures = _Pictures(opened, analysis, finished_render(args, opened, files), shower)
        frames = asked or spread_frames(analysis, SHOWN)
        if args.sheet:
            words = _told(args, opened, analysis, shower, pictures.source)
            write_picture(args.out, contact_sheet(pictures.of(frames), words.title, words.about))
            report([("sheet", args.out), ("frames", ", ".join(map(str, frames))), ("result", pictures.source)])
            return 0
        part = stretch(opened.shot, list(opened.delivered))
        of = gather(part, opened.settings, analysis, pictures.result, told.advance, not args.no_sync)
        words = _told(args, opened, analysis, shower, pictures.source)
        doubts = {one.frame: one for one in pictures.of(listed(of))}
        page = write_report(Path(args.out), of, words, pictures.of(frames), doubts)
    found = findings(of)
    report([
        ("page", str(page)), ("result", pictures.source),
        *((one.kind, f"{one.frames}: {one.why}") for one in found[:SHOWN]),
        *([("more", f"{len(found) - SHOWN} on the page")] if len(found) > SHOWN else []),
        *summary(analysis).items(), *opened.notes.items(),
    ])  # fmt: skip
    return 0


class _Pictures:
    """The shot's frames with their results, finished or made now."""

    def __init__(self, opened: OpenShot, analysis: Analysis, finished: tuple[Clip, str] | None, shower: Shower) -> None:
        self._opened, self._analysis, self._shower = opened, analysis, shower
        self._dub = Dub(opened.shot, opened.settings)
        self._prepared: set[int] = set()
        if finished is None:
            self._prepare(opened.delivered)
        plate = opened.plate
        made = DubbedClip(plate, plate.colour, lambda f: self._dub.render(analysis, f), opened.shot.frames)
        self.result, self.source = finished or (made, "made for this page")

    def of(self, frames: Sequence[int]) -> list[Shown]:
        """Round the mouth; the whole frame where nobody is seen in the shot."""
        self._prepare(frames)
        plate, track = self._opened.plate, self._analysis.faces.chosen_track()
        regions: dict[int, Region] = dict.fromkeys(frames, plate.display)
        if track is not None and len(track.frames) and frames:
            regions = mouth_regions(track, list(frames), plate.display)
        return [
            shown(plate, self.result, self._dub.render(self._analysis, f), f, regions[f], self._shower) for f in frames
        ]

    def _prepare(self, frames: Sequence[int]) -> None:
        """For the matte, which a finished comp does not hold, and for the result where there is no comp."""
        wanted = sorted(set(frames) - self._prepared)
        if wanted:
            self._dub.prepare(self._analysis, wanted)
            self._prepared |= set(wanted)


def finished_render(args: argparse.Namespace, opened: OpenShot, files: ExitStack) -> tuple[Clip, str] | None:
    """The dub as it was delivered: what --result names, else the shot file's comp where that is whole.

    Raises: UsageError, InputError where --result cannot be used.
    """
    path = args.result or (opened.file.at(opened.file.output.comp) if is_shot_file(args.plate) else "")
    if not path or (not args.result and not _exists(path)):
        return None
    plate, wanted = opened.plate, list(opened.delivered)
    found = files.enter_context(open_plate(path, colour=plate.colour, rate=plate.rate))
    if found.display != plate.display:
        raise InputError(
            f"{path}: is {found.display.width}x{found.display.height}, expected the plate's "
            f"{plate.display.width}x{plate.display.height}; give the dub at the plate's size"
        )
    counts_from_one = found.info.kind == "movie" and len(found.frames) == len(wanted)
    clip: Clip = Renumbered(found, wanted) if counts_from_one else found
    absent = sorted(set(wanted) - set(clip.frames))
    if absent and args.result:
        raise UsageError(f"--result {path}: has no frames {FrameRange(absent)} of the shot; render them first")
    return None if absent else (clip, path)


def _exists(path: str) -> bool:
    pattern = Pattern.parse(path)
    return bool(pattern.scan()) if pattern is not None else Path(path).exists()


def _told(args: argparse.Namespace, opened: OpenShot, analysis: Analysis, shower: Shower, source: str) -> Told:
    info, file, frames = opened.plate.info, opened.file, FrameRange(opened.delivered)
    name = file.name or Path(args.plate).stem.split(".")[0]
    name += f", {opened.person}" if len(opened.file.lines) > 1 else ""
    facts = [
        ("plate", info.path), ("line", ", ".join(line.path for line in file.lines)), ("frames", str(frames)),
        ("rate", f"{info.rate} frames/s"), ("size", f"{info.width} x {info.height}, {info.dtype}"),
        ("colour space", f"{info.space} ({info.space_from})"), ("config", opened.plate.colour.name),
        ("view", f"{shower.view}, {shower.display}"), ("result", source), *summary(analysis).items(),
        *([("note", file.note)] if file.note else []),
    ]  # fmt: skip
    consent = [(key, ", ".join(v) if isinstance(v, tuple) else v) for key, v in vars(file.consent).items() if v]
    about = (
        f"{len(opened.shot.frames)} frames, {frames}, at {info.rate} frames/s; shown in {shower.view}, {shower.display}"
    )
    return Told(name, about, facts, changed_params(opened.settings), consent)
