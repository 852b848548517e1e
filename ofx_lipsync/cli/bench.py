# SPDX-License-Identifier: Apache-2.0
"""lipsync bench: the figures this project is held to, measured here and now."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

SUITES = {
    "quality": "does a dub say the line: opening, width, lips, closures; then sync, resync, fill, portrait, generator",
    "resync": "is sound put out of sync brought back: lag left, clicks, length",
    "fill": "are lost frames rebuilt: lips and face against freezing and cross-fading",
    "speed": "CPU seconds by stage and peak memory of a 1080p dub",
    "wedge": "what a wedge of 15 variants costs, and what its variants share, beside one variant alone",
    "elements": "does a plain over of the new pixels give the comp; how far the ST map is off",
    "film": "CPU milliseconds by stage, the engine's share and peak memory of a 4K half EXR frame",
    "plugin": "what the plug-in costs a frame besides its work, beside a plain copy of the same bytes",
    "sheets": "contact sheets of plate, result and matte, to look at",
    "portrait": "stills that speak: opening against the line, lips in silence, drift of the face",
    "voice": "the articulation network against tracked mouths, without rendering",
    "lines": "a plot of ten lines to look at: sound, phones, closure, opening wanted and filmed",
    "sync": "offsets measured on people never trained on: shifts, drift, jumps, sounds that nobody said",
    "generator": "mouths made for people never trained on, by every engine, beside the truth",
    "grain": "is the grain of a new mouth the plate's: deviation and spectrum, without it put back and with it",
    "actor": "what minutes of an actor's own footage are worth to the mouth generator",
    "live": "the live performer: sound to drawn frame, frame rate, load, drift and leaks",
    "trust": "the mark of review movies after coding, and what a hash of a 4K frame costs",
    "curves": "face curves of 200 lines in four languages: lines/s per core, killed and resumed, doubts, a plot",
    "farm": "one plate cut, killed, broken and run again: the same bytes; what the engine saves, how fast a task stops",
    "hearing": "visemes and articulation of speakers never trained on, beside other recognisers and the bars",
}

PARTS = {"dub": "quality"} | {name: name for name in ("sync", "resync", "fill", "portrait", "generator")}
"""What `quality` runs, one after the other, and the module of each."""


def register(verbs: Any) -> None:
    parser = verbs.add_parser("bench", help="measure quality or speed", description=__doc__)
    suites = parser.add_subparsers(dest="suite", metavar="SUITE", required=True)
    for name, text in SUITES.items():
        suite = suites.add_parser(name, help=text, description=text)
        suite.add_argument(
            "--data", metavar="DIR", help="folder with grid/ (default: $LIPSYNC_SHARED or ../shared/data)"
        )
        suite.add_argument("--clips", type=int, metavar="N", help="at most N clips (default: all)")
        suite.add_argument("--json", metavar="FILE", help="write the figures there as well")
        suite.add_argument("--keep", metavar="DIR", help="keep results and contact sheets in this folder")
        if name == "farm":
            suite.add_argument("--frames", type=int, metavar="N", help="of the plate (default: 100)")
        if name == "quality":
            suite.add_argument("--part", action="append", choices=PARTS, help="only this part; may be repeated")
        if name == "live":
            suite.add_argument("--minutes", type=float, default=1.0, metavar="N", help="how long (default: 1)")
            suite.add_argument("--rate", type=float, default=60.0, metavar="FPS", help="frames a second (default: 60)")
            suite.add_argument(
                "--hold", type=float, default=50.0, metavar="MS", help="as of lipsync live (default: 50)"
            )
            suite.add_argument("--size", type=int, default=640, metavar="PX", help="of a frame (default: 640)")
        if name == "film":
            suite.add_argument("--frames", type=int, default=8, metavar="N", help="frames of each plate (default: 8)")
            suite.add_argument("--compression", default="zip", metavar="NAME", help="zip, zips, piz (default: zip)")
            suite.add_argument("--set", metavar="NODE.PARAM=VALUE", action="append", default=[], dest="sets")
        suite.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.suite != "quality":
        return _suite(args.suite, args)
    for part in args.part or PARTS:
        print(f"\n== {part}", flush=True)
        _suite(PARTS[part], argparse.Namespace(**{**vars(args), "json": _beside(args.json, part)}))
    return 0


def _suite(module: str, args: argparse.Namespace) -> int:
    return int(importlib.import_module(f"ofx_lipsync.bench.{module}").main(args) or 0)


def _beside(path: str | None, part: str) -> str | None:
    """figures.json -> figures-sync.json."""
    return str(Path(path).with_stem(f"{Path(path).stem}-{part}")) if path else None
