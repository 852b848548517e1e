# SPDX-License-Identifier: Apache-2.0
"""Contact sheets of dubs for an eye to judge: plate, result and matte, close on the lower face."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.bench.sheet import Column, column, sheet
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.region import Region
from ofx_lipsync.tuning.choose import spread_frames
from ofx_lipsync.tuning.page import write_picture

PAIRS = (("s31/bgix8n", "s1/bbaszn"), ("s30/bwwy5n", "s31/lgbj5a"), ("s1/lwar9a", "s30/pbbm3n"))
"""(plate, line): people and sentences that training never saw, each with another person's voice."""

COLUMNS = 8
MARGIN = 0.12
"""Of the face's height, left round the face."""


def main(args: argparse.Namespace) -> int:
    """One JPEG per pair in the folder of --keep."""
    if not args.keep:
        raise UsageError("bench sheets: give --keep DIR, a folder for the pictures")
    grid = shared_folder(args.data) / "grid"
    Path(args.keep).mkdir(parents=True, exist_ok=True)
    for plate, line in PAIRS[: args.clips]:
        target = Path(args.keep) / f"{plate.replace('/', '-')}.jpg"
        write_picture(target, dub_sheet(f"{grid / plate}.mkv", f"{grid / line}.mkv"))
        print(target, flush=True)
    return 0


def dub_sheet(plate: str, line: str) -> np.ndarray:
    """[3, H, W] float32 display values: eight frames spread over the speech of the new line."""
    from ofx_lipsync.cli.main import build_parser
    from ofx_lipsync.cli.progress import progress
    from ofx_lipsync.cli.shot import open_shot

    with tempfile.TemporaryDirectory(prefix="lipsync-sheet-") as folder:
        out = f"{folder}/result.mkv"
        args = build_parser().parse_args(["dub", plate, line, out, "--codec", "ffv1"])
        with open_shot(args) as opened, progress("none") as quiet:
            return _columns(opened, out, quiet)


def _columns(opened: Any, out: str, quiet: Any) -> np.ndarray:
    from ofx_lipsync.cli.dub import render
    from ofx_lipsync.graph import Dub
    from ofx_lipsync.media.sink import open_writer
    from ofx_lipsync.media.source import open_plate

    dub = Dub(opened.shot, opened.settings)
    analysis = dub.analyse({**opened.key, **opened.settings.key()})
    with open_writer(out, opened.plate, sound=opened.sound, codec="ffv1") as writer:
        render(opened, analysis, opened.plate.frames, writer, quiet)
    track = analysis.faces.chosen_track()
    if track is None:
        raise UsageError(f"bench sheets: nobody is seen in {opened.plate.info.path}")
    region = face_region(track).intersect(opened.plate.display)
    with open_plate(out) as result:
        columns: list[Column] = []
        for frame in spread_frames(analysis, COLUMNS):
            dubbed = dub.render(analysis, frame)
            matte = np.zeros(region.shape, np.float32)
            if dubbed is not None:
                inside = dubbed.image.region.intersect(region)
                matte[inside.slices_in(region)] = dubbed.matte[inside.slices_in(dubbed.image.region)]
            columns.append(column(opened.plate, result, frame, region, matte, zoom=2))
    return sheet(columns)


def face_region(track: FaceTrack) -> Region:
    """Where the face is, over the whole shot, brows to neck."""
    points = track.landmarks[..., :2].reshape(-1, 2)
    margin_px = MARGIN * float(track.face_height_px().mean())
    box = Region.around([points.min(axis=0), points.max(axis=0)], margin_px)
    return Region(box.x0, box.y0 + box.height // 4, box.x1, box.y1 + round(margin_px)).aligned(2)
