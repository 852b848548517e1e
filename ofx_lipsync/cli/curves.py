# SPDX-License-Identifier: Apache-2.0
"""lipsync curves: lines of dialogue to face curves and mouth cues for games, animation and drawn characters.

    lipsync curves lines/*.wav --to arkit,gltf out/
    lipsync curves manifest.csv --to json out/
    lipsync curves cues.tsv --to arkit out/

A run that was stopped goes on where it was. Lines that look doubtful are listed with the reason, also in summary.csv.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
import time
from pathlib import Path
from typing import Any

from ofx_lipsync.cli.progress import MODES, progress
from ofx_lipsync.core.errors import InputError, OutputError, UsageError
from ofx_lipsync.core.mouth_letters import SETS
from ofx_lipsync.core.timing import parse_rate
from ofx_lipsync.export.batch import Outcome, Settings
from ofx_lipsync.export.curves.formats import FORMATS, formats_of
from ofx_lipsync.export.curves.rigs import NAMES, rig
from ofx_lipsync.export.manifest import LineFile, lines_of
from ofx_lipsync.export.workers import outcomes
from ofx_lipsync.graph import Settings as NodeSettings
from ofx_lipsync.models.listener import ArticulationListener

SUMMARY = "summary.csv"
COLUMNS = ("id", "sound", "language", "status", "duration_s", "why", "notes", "files")
MOUTHS = (*SETS, "rhubarb_basic")
SHOWN = 20


def register(verbs: Any) -> None:
    parser = verbs.add_parser(
        "curves", help="face curves and mouth cues of lines, for games and animation", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter, epilog=_formats(),
    )  # fmt: skip
    parser.add_argument("lines", nargs="+", help="sounds, movies, folders, a manifest (csv, toml, json), or mouth cues")
    parser.add_argument(
        "--to", nargs=2, required=True, metavar=("FORMATS", "DIR"), help="formats by comma, and the folder"
    )
    parser.add_argument("--fps", help="frames a second (default: 60; drawn formats 24, live2d 30)")
    parser.add_argument(
        "--rig", help=f"{', '.join(NAMES)}, or a table of yours as my_rig.toml (default: the format's own)"
    )
    parser.add_argument("--mesh", default="", metavar="GLB", help="gltf: animate this mesh, by its targets' names")
    parser.add_argument("--mouths", choices=MOUTHS, help="set of drawn mouths (default: the format's own)")
    parser.add_argument("--first-frame", type=int, default=1, metavar="N", help="number of the sound's first frame")
    parser.add_argument("--language", default="", help="of all lines that say none themselves, as en, ru, de")
    parser.add_argument("--text", default="", help="the words of the line, for one line; a manifest has its own")
    parser.add_argument("--style", default="", help="whose way of moving the lips: nobody's in particular, or as s1")
    parser.add_argument("--blinks", action="store_true", help="natural blinks, the same for the same --seed and line")
    parser.add_argument("--seed", type=int, default=1, help="of the blinks")
    parser.add_argument("--cue-fps", default="24", help="frames a second of a .dat file that is read")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="NODE.PARAM=VALUE",
                        help="a param of AudioFeature, as AudioFeature.dynamics=1.5")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: one a core)")
    parser.add_argument("--again", action="store_true", help="make lines again that are done")
    parser.add_argument("--progress", choices=MODES, default="auto", help="how progress is told")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0, or 3 where lines could not be made."""
    began_s = time.monotonic()
    settings, folder = _settings(args), Path(args.to[1])
    lines = lines_of(args.lines, args.language, args.text)
    if args.text and len(lines) > 1:
        raise UsageError(f"--text: is the words of one line, and these are {len(lines)}; write a manifest with text")
    _into(folder)
    found: list[Outcome] = []
    with progress(args.progress, unit="lines") as shown:
        shown.advance("curves", 0, len(lines))
        for outcome in outcomes(lines, settings, folder, args.jobs, args.again):
            found.append(outcome)
            shown.advance("curves", len(found), len(lines))
    ordered = sorted(found, key=lambda outcome: lines.index(outcome.line))
    _summary(folder / SUMMARY, ordered)
    _tell(ordered, folder, time.monotonic() - began_s)
    return 3 if any(outcome.status == "failed" for outcome in found) else 0


def _settings(args: argparse.Namespace) -> Settings:
    """Everything that is wrong for all lines is said before the first is heard."""
    formats = formats_of(args.to[0])
    nodes = {text.partition(".")[0] for text in args.sets}
    if nodes - {"AudioFeature"}:
        raise UsageError(f"--set: curves are made by AudioFeature alone, not {sorted(nodes - {'AudioFeature'})[0]}")
    params = NodeSettings.parse(args.sets)["AudioFeature"]
    params = params.with_values(style=args.style) if args.style else params
    if args.style or args.sets:
        ArticulationListener.named(params.network).by_sounds.person(params.style)
    for name in formats:
        if FORMATS[name].rig:
            rig(args.rig or FORMATS[name].rig)
    if args.mesh and "gltf" not in formats:
        raise UsageError(f"--mesh: is animated by the format gltf, not by {', '.join(formats)}; give --to gltf")
    if args.mesh and not Path(args.mesh).is_file():
        raise InputError(f"--mesh: there is no file {args.mesh}")
    fps = str(parse_rate(args.fps)) if args.fps else ""
    if args.jobs < 0:
        raise UsageError(f"--jobs: got {args.jobs}, expected 0 (one a core) or more")
    return Settings(formats, fps, args.rig or "", args.mouths or "", args.first_frame, str(parse_rate(args.cue_fps)),
                    args.seed if args.blinks else None, args.mesh, params)  # fmt: skip


def _into(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise OutputError(f"{folder}: is no folder; give one that the files of all lines may go to") from None


def _summary(path: Path, found: list[Outcome]) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for outcome in found:
        line, why = outcome.line, outcome.error or "; ".join(outcome.doubts.reasons)
        table.writerow([
            line.name, line.path.as_posix(), line.language, _status(outcome), f"{outcome.duration_s:.3f}", why,
            "; ".join(outcome.doubts.notes), " ".join(outcome.files),
        ])  # fmt: skip
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.csv")
    unfinished.write_text(text.getvalue(), encoding="utf-8")
    os.replace(unfinished, path)


def _status(outcome: Outcome) -> str:
    return "doubtful" if outcome.status != "failed" and outcome.doubts.reasons else outcome.status


def _tell(found: list[Outcome], folder: Path, took_s: float) -> None:
    made = [outcome for outcome in found if outcome.status == "done"]
    kept, failed = (sum(outcome.status == status for outcome in found) for status in ("kept", "failed"))
    print(f"{len(found)} lines: {len(made)} made, {kept} done before, {failed} failed; in {folder}")
    cpu_s, speech_s = sum(outcome.cpu_s for outcome in made), sum(outcome.duration_s for outcome in made)
    if made and cpu_s > 0:
        per_core = f"{len(made) / cpu_s:.1f} lines/s per core, {speech_s / cpu_s:.0f} times faster than they are said"
        print(f"{len(made) / took_s:.1f} lines/s; {per_core}")
    _listed("failed", [(o.line, o.error) for o in found if o.status == "failed"], sys.stderr)
    doubtful = [(o.line, "; ".join(o.doubts.reasons)) for o in found if _status(o) == "doubtful"]
    _listed("doubtful", doubtful, sys.stdout)


def _listed(what: str, lines: list[tuple[LineFile, str]], out: Any) -> None:
    for line, why in lines[:SHOWN]:
        print(f"{what}: {line.out}: {why}", file=out)
    if len(lines) > SHOWN:
        print(f"{what}: {len(lines) - SHOWN} more, in {SUMMARY}", file=out)


def _formats() -> str:
    return "formats:\n" + "\n".join(f"  {name:13} {kind.suffix:15} {kind.opens}" for name, kind in FORMATS.items())
