# SPDX-License-Identifier: Apache-2.0
"""lipsync shots: a shot file for every event of an edit (OTIO, EDL), with its plate, its line and what was noted.

An event whose media is not found, or does not have its frames, is listed with the reason; the others are written.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from ofx_lipsync.cli.shot import report
from ofx_lipsync.core.errors import FrameError, InputError, UsageError
from ofx_lipsync.core.timing import parse_rate
from ofx_lipsync.graph import read_params
from ofx_lipsync.media.writer import check_writable
from ofx_lipsync.shotfile import ShotFile
from ofx_lipsync.shotfile.events import Events
from ofx_lipsync.shotfile.media_files import media_in
from ofx_lipsync.shotfile.template import template
from ofx_lipsync.shotfile.timeline import read_timeline
from ofx_lipsync.shotfile.write import put_text, rebased


def register(verbs: Any) -> None:
    parser = verbs.add_parser("shots", help="a shot file for every event of an edit", description=__doc__)
    parser.add_argument("edit", help="otio, otioz or edl")
    parser.add_argument("out", help="folder for the shot files; it is made where it is not there")
    parser.add_argument("--media", metavar="DIR", required=True, help="where plates and lines lie, in it or below it")
    parser.add_argument("--handles", metavar="N", type=int, default=8, help="frames before and after (default: 8)")
    parser.add_argument("--rate", metavar="FPS", default="24", help="of an EDL, which does not say it (default: 24)")
    parser.add_argument("--set", metavar="NODE.PARAM=VALUE", action="append", default=[], dest="sets", help="a param")
    parser.add_argument("--overwrite", action="store_true", help="replace existing shot files")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if not 0 <= args.handles <= 10_000:
        raise UsageError(f"--handles: got {args.handles}, expected 0 to 10000")
    params = read_params(args.sets)
    seen, heard = read_timeline(args.edit, parse_rate(args.rate))
    if not seen:
        raise InputError(f"{args.edit}: nothing is seen in it; give an edit with picture")
    events = list(Events(heard, media_in(args.media), args.handles).shots(seen))
    made = {event.name: replace(event.shot, params=params) for event in events if event.shot is not None}
    written = _write(Path(args.out), made, args.overwrite)
    report([
        ("events", f"{len(events)}, {len(made)} shot files in {args.out}"),
        *((event.name, _line(event.name, written, event.notes)) for event in events),
    ])  # fmt: skip
    left = [event.name for event in events if event.shot is None]
    if left:
        raise FrameError(f"{args.edit}: {len(left)} of {len(events)} events are left out ({', '.join(left[:10])})")
    return 0


def _write(folder: Path, made: dict[str, ShotFile], overwrite: bool) -> dict[str, Path]:
    """All of them or, where one would take the place of another file, none."""
    files = {name: folder / f"{name}.toml" for name in made}
    there = [str(file) for file in files.values() if file.exists()]
    if there and not overwrite:
        raise UsageError(f"{there[0]}: exists already ({len(there)} do); give --overwrite to replace them")
    if files:
        folder.mkdir(parents=True, exist_ok=True)
    texts = {file: template(_placed(made[name], folder)) for name, file in files.items()}
    for file in texts:
        check_writable(str(file))
    for file, text in texts.items():
        put_text(file, text)
    return files


def _placed(shot: ShotFile, folder: Path) -> ShotFile:
    """Media is seen from the shot file; results lie beside it."""
    return replace(rebased(shot, str(folder)), output=shot.output)


def _line(name: str, written: dict[str, Path], notes: tuple[str, ...]) -> str:
    parts = [str(written[name])] if name in written else ["left out"]
    return ": ".join([*parts, "; ".join(notes)] if notes else parts)
