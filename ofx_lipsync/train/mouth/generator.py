# SPDX-License-Identifier: Apache-2.0
"""Trains the mouth generator on a folder of talking faces, for anybody; or the published layout on the same faces.

lipsync train generator --faces work-data/faces --minutes 60 --checkpoint work-data/mouth.pt --sheets work-data/sheets
lipsync train generator --layout wav2lip --expert sync_expert.safetensors --steps 1
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.models.loader import load_given, save
from ofx_lipsync.models.mouth_generator import Dimensions, MouthFinisher
from ofx_lipsync.train.mouth import lessons
from ofx_lipsync.train.mouth.batches import Batches
from ofx_lipsync.train.mouth.finisher import Course, begun, multiplies_bf16, train, weights_of
from ofx_lipsync.train.mouth.score import score
from ofx_lipsync.train.mouth.sheet import sheet

SHOWN, HELD = 14, 480
"""Columns of a sheet, and lessons of people who are held out."""


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    if options.layout == "wav2lip":
        from ofx_lipsync.train.mouth import published

        return published.run(options)
    began = time.monotonic()
    files, held = written(options)
    course = Course(
        minutes=options.minutes, steps=options.steps, batch=options.batch, rate=options.rate,
        critic_from=options.critic_from, seed=options.seed, device=options.device,
        bf16=not options.fp32 and multiplies_bf16(options.device), checkpoint=options.checkpoint,
        every_s=options.report_s,
    )  # fmt: skip
    start = load_given(options.start) if options.start else None
    dims = Dimensions.of(start.dims) if start else Dimensions()

    def shown(network: MouthFinisher, step: int) -> None:
        if options.sheets:
            sheet(network, held[:SHOWN], options.sheets / f"{options.out.stem}_{step:06d}.png")

    network = begun(dict(start.tensors) if start else None, dims)
    network, steps = train(network, Batches(files, course.batch, course.seed), course, shown)
    shown(network, steps)
    found = score(network, held)
    print(f"people it never saw: {found.text()}", flush=True)
    card = {
        "version": "1", "licence": "Apache-2.0", "trained_on": "GRID (CC BY 4.0)", "seed": str(options.seed),
        "steps": str(steps), "minutes": f"{(time.monotonic() - began) / 60:.0f}", "scores": found.text(),
    }  # fmt: skip
    save(options.out, weights_of(network), dims.as_dict(), card)
    print(f"wrote {options.out}")
    return 0


def written(options: argparse.Namespace) -> tuple[list[Path], np.ndarray]:
    """Files of lessons, made where they are not there yet, and lessons of people and sentences that are held out."""
    file, held = options.work / "lessons.npy", options.work / "held" / "lessons.npy"
    if not file.exists():
        known = lessons.people(options.faces, held_out=False)
        lessons.write(options.work, list(known.values()), lessons.shares(known), options.lessons, options.seed)
    if not held.exists():
        known = lessons.people(options.faces, held_out=True)
        lessons.write(held.parent, list(known.values()), lessons.shares(known), HELD, options.seed)
    return [file], np.load(held).astype(np.float32)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="lipsync train generator", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layout", choices=("finisher", "wav2lip"), default="finisher", help="which network")
    parser.add_argument("--faces", type=Path, default=Path("work-data/faces"), help="folder of ofx_lipsync.train.faces")
    parser.add_argument("--work", type=Path, default=Path("work-data/mouth"), help="folder to keep lessons in")
    parser.add_argument("--out", type=Path, default=Path("work-data/mouth.safetensors"), help="weights to write")
    parser.add_argument("--lessons", type=int, default=14000, help="how many different lessons to make")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=10**9, help="stop after so many, if minutes are left")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate at its highest")
    parser.add_argument("--critic-from", type=float, default=0.4, help="progress from which a critic's word counts")
    parser.add_argument("--start", help="weights to begin with, by name or path")
    parser.add_argument("--expert", help="weights of a sync expert, for the published layout's losses")
    parser.add_argument("--checkpoint", type=Path, help="file to resume from and keep progress in")
    parser.add_argument("--sheets", type=Path, help="draw sheets of held-out people into this folder")
    parser.add_argument("--fp32", action="store_true", help="never multiply in bfloat16")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda where there is a GPU")
    parser.add_argument("--report-s", type=float, default=60.0, help="seconds between lines of progress")
    return parser.parse_args(argv)
