# SPDX-License-Identifier: Apache-2.0
"""What minutes of an actor's own footage are worth: a person the network knows, and one it never saw.

s1: sixty of his sentences (three minutes) are learned from, the forty that nobody learns from are scored.
s31: seven of her ten sentences (21 s) are learned from, three are scored; no network learned from her before.
Half of the scored mouths are made from one shut mouth, half with many known. With --keep, weights are made once there.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ofx_lipsync.bench import mouths
from ofx_lipsync.bench.footage import shared_folder
from ofx_lipsync.bench.generator import FACES
from ofx_lipsync.core.landmarks import LIPS
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.train.faces import Talker
from ofx_lipsync.train.mouth import actor
from ofx_lipsync.train.mouth.lessons import HEIGHT_PX, Draw, Person, draw
from ofx_lipsync.train.split import HELD_OUT_SENTENCES

MINUTES = {"s1": 20.0, "s31": 20.0}
REEL = 60
DRAWS = 120


def main(args: argparse.Namespace) -> int:
    """Print the table; returns 0 whatever it says."""
    from ofx_lipsync.models.mouth_generator import generator

    grid, figures = shared_folder(args.data) / "grid", {}
    with tempfile.TemporaryDirectory(prefix="lipsync-actor-") as scratch:
        for who in MINUTES:
            reel, held = split(grid, who)
            weights = Path(args.keep or scratch) / f"actor_{who}.safetensors"
            if not weights.exists():
                words = [*map(str, reel), "--out", str(weights), "--minutes", str(MINUTES[who])]
                actor.main([*words, "--sheets", str(weights.parent / "sheets")])
            person = Person.of([Talker.open(FACES, f"{who}_{path.stem}") for path in held])
            networks = {"neural": generator("mouth"), "actor": generator(str(weights))}
            figures[who] = compared(person, networks)
            show(who, len(reel), figures[who])
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1))
    return 0


def split(grid: Path, who: str) -> tuple[list[Path], list[Path]]:
    """Movies to learn from, and to score."""
    movies = sorted((grid / who).glob("*.mkv"))
    if who != "s1":
        return movies[:7], movies[7:]
    known = [path for path in movies if path.stem not in HELD_OUT_SENTENCES]
    return known[:: len(known) // REEL][:REEL], [path for path in movies if path.stem in HELD_OUT_SENTENCES]


def compared(person: Person, networks: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Means over the same mouths: PSNR, SSIM, and how far lips are from where they were filmed, by the face tracker."""
    mesh, rng = FaceNetworks.load().mesh, np.random.default_rng(9)
    rows: dict[str, list[tuple[float, ...]]] = {}
    for _ in range(DRAWS):
        made, truth, points = one(person, draw(person, rng), networks, mesh)
        for name, picture in made.pictures.items():
            apart = np.linalg.norm(mouths.lip_points(mesh, picture, points) - truth, axis=1).mean()
            rows.setdefault(name, []).append((*mouths.scores(made, name), 100 * float(apart) / HEIGHT_PX))
    means = {name: np.mean(row, axis=0).tolist() for name, row in rows.items()}
    return {name: dict(zip(("psnr", "ssim", "lips"), mean, strict=True)) for name, mean in means.items()}


def one(person: Person, drawn: Draw, networks: dict[str, Any], mesh: Any) -> tuple[mouths.Made, np.ndarray, np.ndarray]:
    """A mouth by every engine, where its lips are seen in the truth, and all points of the filmed face."""
    made = mouths.made(person, drawn.target, drawn.source, drawn.widest, drawn.poverty, networks)
    talker = person.talkers[person.clip[drawn.target]]
    points = talker.points[person.row[drawn.target]]
    assert points.shape[0] > max(LIPS)
    return made, mouths.lip_points(mesh, made.truth, points), points


def show(who: str, clips: int, table: dict[str, dict[str, float]]) -> None:
    print(f"\n{who}, {clips} clips learned from; load average {os.getloadavg()[0]:.1f}")
    print("                 PSNR    SSIM   lips % of face height")
    for name, row in table.items():
        print(f"{name:<12} {row['psnr']:8.2f} {row['ssim']:7.3f} {row['lips']:10.2f}")
    before, after = table["neural"], table["actor"]
    print(
        f"an actor's own weights: PSNR {after['psnr'] - before['psnr']:+.2f} dB, "
        f"lips {100 * (1 - after['lips'] / before['lips']):.0f} % nearer"
    )
