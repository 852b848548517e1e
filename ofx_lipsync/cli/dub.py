# SPDX-License-Identifier: Apache-2.0
"""lipsync dub: a plate and a line of dialogue in, dubbed frames out."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Mapping, Sequence

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.elements import Delivery
from ofx_lipsync.cli.frames import finished
from ofx_lipsync.cli.progress import Progress, progress
from ofx_lipsync.cli.provenance import changed_frames, movie_tags, people_stamp, recipe, shot_stamp
from ofx_lipsync.cli.review import add_review_arguments, open_review
from ofx_lipsync.cli.shot import (
    OpenShot,
    add_shot_arguments,
    analysed,
    check_outputs,
    frame_range,
    open_shot,
    report,
    told,
)
from ofx_lipsync.cli.trust import Trust, add_trust_arguments, vouched
from ofx_lipsync.core.errors import UsageError, at_frame
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.farm.existing import Existing, check_skippable, look
from ofx_lipsync.farm.recipe import Recipe
from ofx_lipsync.graph import node
from ofx_lipsync.media import movie_codec
from ofx_lipsync.media.elements_writer import ElementsWriter
from ofx_lipsync.media.sink import open_writer
from ofx_lipsync.media.writer import Writer
from ofx_lipsync.trust.ledger import Ledger
from ofx_lipsync.trust.review import Review


def register(verbs: Any) -> None:
    parser = verbs.add_parser("dub", help="dub a shot", description=__doc__)
    add_shot_arguments(parser)
    parser.add_argument("out", nargs="?", help="movie (mov, mp4, mkv) or sequence (exr, dpx, tif, png)")
    parser.add_argument("-F", "--frames", metavar="RANGE", help="render only these frames of the shot, as 1001-1075x2")
    parser.add_argument("--analysis", metavar="FILE", help="read the analysis from this file, or make it there")
    parser.add_argument("--elements", metavar="FILE", help="layers for compositing besides, as elements.####.exr")
    parser.add_argument("--codec", help="prores, prores4444, h264 or ffv1 (default: by the file's extension)")
    there = parser.add_mutually_exclusive_group()
    there.add_argument(
        "--skip-existing",
        action="store_true",
        help="leave frames alone that are there, whole, and made from the same shot and params",
    )
    there.add_argument("--overwrite", action="store_true", help="make every frame, whatever is there (the default)")
    add_review_arguments(parser)
    add_trust_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    check_outputs(args)
    trust = vouched(args)
    if args.skip_existing:
        check_skippable(args.out)
    began = time.monotonic()
    with open_shot(args) as opened, progress(args.progress) as shown:
        for person in opened.people:
            person.consent = trust.consent
        frames = wanted_frames(args, opened)
        # The writer comes first: what it cannot write is said before the shot is analysed, not after.
        with _writer(args, opened, frames) as writer, open_review(args, opened, trust, heard(opened, frames)) as review:
            layers = ElementsWriter(args.elements, opened.plate) if args.elements else None
            analysis = analysed(opened, args.analysis, shown)
            outputs: dict[str, Any] = {args.out: writer, review.path: review, args.elements or "": layers}
            ledgers = watched(trust, opened, analysis, frames, outputs)
            delivered = Delivery(layers, opened, analysis) if layers else None
            key = Recipe.of(opened, analysis)
            there = look(args.out, frames, key, args.elements) if args.skip_existing else Existing()
            there.keep_noted(ledgers)
            left = render(opened, analysis, there.left(frames), writer, shown, delivered, review)
        notes = [ledger.finish() for ledger in ledgers]
    seconds = time.monotonic() - began
    report(
        [
            ("result", args.out),
            ("origin", notes[0]),
            *([("review", f"{review.path}, {review.coding}")] if review.path else []),
            *([("elements", args.elements)] if args.elements else []),
            ("frames", f"{len(frames)} in, {len(frames)} out, {len(frames) - len(there.kept) - len(left)} dubbed"),
            *there.lines(),
            *([("codec", writer.coding)] if writer.coding else []),
            *told(opened, analysis),
            *([("frames left as they are", str(FrameRange(left)))] if left else []),
            *([("mouths", text)] if (text := mouths_note(opened)) else []),
            *opened.notes.items(),
            ("time", f"{seconds:.1f} s, {len(frames) / seconds:.1f} frames/s"),
        ]
    )
    return 0


def watched(
    trust: Trust, opened: OpenShot, analysis: Analysis, frames: Sequence[int], outputs: Mapping[str, Any]
) -> list[Ledger]:
    """What is written says of itself, inside and beside, how it was made. outputs: writers by name; none has none."""
    plate, cast = opened.plate, {}
    changed: set[int] = set()
    for person in opened.people:
        found = analysis if person is opened else person.analysis
        if found is not None:
            cast[person.person] = shot_stamp(person, found)
            changed |= set(changed_frames(person.settings, found, frames))
    marks = people_stamp(cast) if len(cast) > 1 else next(iter(cast.values()))
    tags, made = movie_tags(marks, changed, frames), recipe(marks, opened.consent, plate.info.path, opened.key)
    given = {out: writer for out, writer in outputs.items() if out}
    return [trust.begin(writer, out, made, opened.delivered, plate.info.path, tags) for out, writer in given.items()]


def mouths_note(opened: OpenShot) -> str | None:
    """What MouthGenerate has to say about its weights."""
    note: str | None = node("MouthGenerate").note(opened.settings["MouthGenerate"])
    return note


def _writer(args: argparse.Namespace, opened: OpenShot, frames: Sequence[int]) -> Writer:
    is_movie = Path(args.out).suffix.lower() in movie_codec.WRITES
    sound = heard(opened, frames) if is_movie else None
    return open_writer(args.out, opened.plate, sound=sound, codec=args.codec)


def render(
    opened: OpenShot, analysis: Analysis, frames: Sequence[int], writer: Writer, shown: Progress,
    elements: Delivery | None = None, review: Review | None = None,
) -> list[int]:  # fmt: skip
    """Write the frames, and their elements where those are asked for; returns those that stay as the plate has them."""
    left = []
    for made in finished(opened, analysis, frames, shown):
        if made.dubbed is None:
            left.append(made.frame.number)
        with at_frame(made.frame.number):
            if elements is not None:
                elements.write(made)
            if review is not None:
                review.write(made.frame, list(made.people.values()))
            writer.write(made.frame)
        del made
    return left


def heard(opened: OpenShot, frames: Sequence[int]) -> Sound:
    """The line on the clock of the frames that are written; cut only where those are a part of the shot."""
    plate, sound = opened.plate, opened.sound
    if list(frames) == list(plate.frames):
        return sound
    begin_s = plate.time_s(frames[0])
    end_s = None if frames[-1] == plate.frames[-1] else plate.time_s(frames[-1]) + float(1 / plate.rate)
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
