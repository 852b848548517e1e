# SPDX-License-Identifier: Apache-2.0
"""The farm's promise, tried for real: one plate, cut and broken in every way, and the same bytes each time.

Whole, in four chunks through `openjd run`, a frame a task in the resident engine, with half of the frames there
already, killed in mid-frame and run again, with frames cut short, by two hosts at once, in chunks that overlap. Then
what the engine saves a task, and how long a 1080p task takes to stop when it is asked to.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Callable

from ofx_lipsync.bench.farm_cases import Farm
from ofx_lipsync.bench.farm_plate import plate_of, speech_of
from ofx_lipsync.bench.farm_stops import stopping
from ofx_lipsync.bench.footage import shared_folder

FRAMES = 100
ALONE = 5
"""Single-frame tasks without an engine, to compare with."""


def main(args: argparse.Namespace) -> int:
    """Prints one row a case; exit code 3 where any bytes differ."""
    clips = sorted((shared_folder(args.data) / "grid" / "s1").glob("*.mkv"))
    with tempfile.TemporaryDirectory(prefix="lipsync-farm-") as name:
        folder = Path(name)
        line = speech_of(clips[20:22], folder / "line.wav")
        farm = Farm(plate_of(clips, folder / "plate", args.frames or FRAMES), line, folder)
        print(f"load average {os.getloadavg()[0]:.1f}, {len(farm.frames)} frames of 360x288 half EXR, CPU seconds")
        rows = [row(name, case) for name, case in cases(farm).items()]
        figures = {"cases": rows, **saved(farm)}
        print(f"stopping, {'x'.join(map(str, STOPPED_SIZE))}, seconds from SIGTERM to the end of the task:")
        figures["stop_s"] = stopping(Farm(plate_of(clips, folder / "hd", 24, STOPPED_SIZE), line, folder / "hd"))
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    same = all(found["same"] for found in rows)
    print(f"bar: the same bytes everywhere: {'met' if same else 'MISSED'}")
    return 0 if same else 3


STOPPED_SIZE = (1920, 1080)


def cases(farm: Farm) -> dict[str, Callable[[], dict[str, Any]]]:
    """By name, in the order they run; the first is what the others are compared with."""
    return {
        "whole": farm.whole,
        "4 chunks, openjd run": lambda: farm.openjd(4),
        "a frame a task, engine": farm.singles,
        "half already there": farm.half,
        "kill -9, run again": farm.killed,
        "frames cut short": farm.cut_short,
        "two at once": farm.twice,
        "chunks that overlap": farm.overlapping,
    }


def row(name: str, case: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    found = case()
    verdict = "same bytes" if found["same"] else "DIFFERENT"
    print(f"{name:<24}{verdict:<12}{found['cpu_s']:>8.1f}  {found['note']}", flush=True)
    return {"name": name, **found}


def saved(farm: Farm) -> dict[str, float]:
    """CPU seconds of a single-frame task, alone and in the engine."""
    alone, inside = farm.task_cpu_s(ALONE, engine=False), farm.task_cpu_s(ALONE, engine=True)
    print(f"a task of one frame: {alone:.2f} CPU-s alone, {inside:.2f} in the engine, {alone - inside:.2f} saved")
    return {"task_alone_cpu_s": alone, "task_engine_cpu_s": inside}
