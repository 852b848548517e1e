# SPDX-License-Identifier: Apache-2.0
"""What a wedge of 15 variants and three frames costs beside one variant rendered by itself, on a 1080p plate.

The bar: less than 2 x 15 variants alone / calls of the engine that are asked for per one that is made. CPU-seconds.
"""

from __future__ import annotations

import argparse
import importlib
import os
import tempfile
import time
from pathlib import Path
from typing import Callable, TypeVar

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.bench.footage import enlarged_movie, shared_folder
from ofx_lipsync.cli.main import build_parser
from ofx_lipsync.cli.shot import OpenShot, open_shot
from ofx_lipsync.graph import Dub
from ofx_lipsync.tuning.choose import telling_frames
from ofx_lipsync.tuning.kept import keep
from ofx_lipsync.tuning.shared import CountedDub, Shared, no_counts, told
from ofx_lipsync.tuning.shown import Shower, dubbed_rgb, mouth_regions
from ofx_lipsync.tuning.vary import grid, read_axis
from ofx_lipsync.tuning.wedge import wedge

AXES = ("MouthGenerate.opening=0.8:1.2:5", "Blend.feather=4,8,16")
PLATES, LINE = ("s1/lwar9a", "s1/bbaszn"), "s30/pbbm3n"
SIZE, FRAMES = (1920, 1080), 100
Made = TypeVar("Made")


def main(args: argparse.Namespace) -> int:
    """--keep DIR keeps the sheet."""
    corpus = shared_folder(args.data) / "grid"
    with tempfile.TemporaryDirectory(prefix="lipsync-wedge-") as folder:
        plate = enlarged_movie([corpus / f"{p}.mkv" for p in PLATES], Path(folder) / "plate.mp4", FRAMES, SIZE, zoom=3)
        words = ["dub", str(plate), str(corpus / f"{LINE}.mkv"), f"{folder}/unused.mov"]
        _measure(lambda: open_shot(build_parser(["dub"]).parse_args(words)), Path(args.keep or folder))
    return 0


def _measure(fresh: Callable[[], OpenShot], folder: Path) -> None:
    """Each part on a plate that was just opened, so that each decodes what it needs; what is loaded once for all, the
    kernels' library and torch, is loaded before."""
    counts = no_counts()
    with fresh() as opened:
        base, analysis_s = _timed(lambda: CountedDub(counts, opened.shot, opened.settings, lambda *_: None).analyse())
        frames = telling_frames(base)
        _alone(opened, base, [frame + 1 for frame in frames])
    _, torch_s = _timed(lambda: importlib.import_module("torch"))
    with fresh() as opened:
        _, one_s = _timed(lambda: _alone(opened, base, frames))
    with fresh() as opened:
        variants = grid(opened.settings, [read_axis(text) for text in AXES])
        shared = Shared(opened.shot, [v.settings for v in variants], base, opened.settings, counts)
        shower = Shower.of(opened.plate.colour)
        made, wedge_s = _timed(lambda: wedge(shared, opened.plate, variants, frames, shower))
        _, kept_s = _timed(lambda: keep(folder, made, "bench wedge", 3, counts))
    print(f"torch, loaded once for the sync score: {torch_s:.2f} CPU-s")
    _print(one_s, wedge_s, analysis_s, kept_s, shared, len(variants))


def _alone(opened: OpenShot, base: Analysis, frames: list[int]) -> None:
    """One variant's frames: rendered and shown, and nothing else."""
    dub, shower, track = Dub(opened.shot, opened.settings), Shower.of(opened.plate.colour), base.faces.chosen_track()
    assert track is not None
    dub.prepare(base, frames)
    for frame, region in mouth_regions(track, frames, opened.plate.display).items():
        plate = opened.plate.crop(frame, region).pixels
        shower.picture(dubbed_rgb(plate, region, dub.render(base, frame)))


def _print(one_s: float, wedge_s: float, analysis_s: float, kept_s: float, shared: Shared, count: int) -> None:
    counts, frames = shared.counts, shared.counts["mouths"]
    for name, text in told(counts):
        print(f"{name}: {text}")
    asked, made = (sum(getattr(counts[n], field) for n in ("mouths", "comps")) for field in ("asked", "made"))
    engine_s = sum(counts[name].cpu_s for name in ("plans", "mouths", "comps"))
    print(f"analysis, once: {analysis_s:.1f}; one variant's {frames.asked // count} frames alone: {one_s:.2f} CPU-s")
    print(
        f"wedge: {wedge_s:.2f} CPU-s, plans, mouths and comps {engine_s:.2f} of it; sheets and files {kept_s:.2f} more"
    )
    for text, ratio in (("mouths", frames.asked / frames.made), ("mouths and comps", asked / made)):
        bar = 2 * count * one_s / ratio
        verdict = "met" if wedge_s < bar else "MISSED"
        print(f"bar with {text} counted ({ratio:.2f} asked a call made): {bar:.2f} CPU-s: {verdict}")
    saved = sum(count.saved for count in counts.values())
    literal, whole_s = 2 * count * (analysis_s + one_s) / saved, wedge_s + analysis_s
    verdict = "met" if whole_s < literal else "MISSED"
    print(f"bar to the letter, a dub a variant ({saved} calls saved): {literal:.2f} against {whole_s:.2f}: {verdict}")
    print(f"load average {os.getloadavg()[0]:.1f}")


def _timed(work: Callable[[], Made]) -> tuple[Made, float]:
    began = time.process_time()
    made = work()
    return made, time.process_time() - began
