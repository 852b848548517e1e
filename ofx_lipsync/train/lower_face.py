# SPDX-License-Identifier: Apache-2.0
"""How lips, chin and cheeks of people follow the articulation channels: the prior of MouthGenerate's plate engine.

    python -m ofx_lipsync.train.lower_face work-data/tracks models/weights/lower_face.safetensors

The tracks come from train/track.py. People held out from training stay out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.core.articulate import measure
from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.mouth import reach_of
from ofx_lipsync.core.pose import to_front
from ofx_lipsync.models.loader import save
from ofx_lipsync.nodes.mouth.actor import CLOSED, People
from ofx_lipsync.nodes.mouth.points import COUNT, INDEX
from ofx_lipsync.train.split import is_held_out, person
from ofx_lipsync.train.track import LOST

MOST_CLIPS = 12
"""Clips of one person that count, so that the person with the most does not become everybody."""
LEAST_REACH = np.array([0.02, 0.008, 0.01, 0.005, 0.02, 0.002])
STIFFNESS = 0.05


def landmarks_by_person(cache: Path) -> dict[str, np.ndarray]:
    """[N, 478, 3] of each person that training may see."""
    clips: dict[str, list[np.ndarray]] = {}
    for path in sorted(cache.glob("*.npz")):
        folder, _, stem = path.stem.partition("_")
        if is_held_out(folder, stem) or len(clips.get(person(folder, stem), [])) >= MOST_CLIPS:
            continue
        with np.load(path) as track:
            clips.setdefault(person(folder, stem), []).append(track["landmarks"][track["presence"] > LOST])
    if not clips:
        raise InputError(f"{cache}: no tracks to learn from; make them with python -m ofx_lipsync.train.track")
    return {name: np.concatenate(parts) for name, parts in clips.items()}


def learn_people(faces: dict[str, np.ndarray]) -> People:
    """One linear shape for all: ridge regression of control points on channels, each person counting alike."""
    channels, moves, reaches = [], [], []
    for landmarks in faces.values():
        front = to_front(landmarks).astype(np.float64)
        raw, points = measure(front).astype(np.float64), front[:, INDEX]
        shut = raw[:, 0] <= max(CLOSED, float(np.quantile(raw[:, 0], 0.05)))
        closed = np.median(raw[shut], axis=0)
        own = reach_of(raw, closed)
        share = 1 / np.sqrt(len(raw))
        channels.append(share * (raw - closed) / np.maximum(own, LEAST_REACH))
        moves.append(share * (points - np.median(points[shut], axis=0)).reshape(len(raw), -1))
        reaches.append(own)
    x, y = np.concatenate(channels), np.concatenate(moves)
    shape = np.linalg.solve(x.T @ x + STIFFNESS * np.eye(x.shape[1]), x.T @ y)
    along = (x[:, :1] * x).sum(axis=0) / (x[:, 0] ** 2).sum()
    return People(shape.reshape(x.shape[1], COUNT, 3), np.maximum(np.median(reaches, axis=0), LEAST_REACH), along)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ofx_lipsync.train.lower_face", description=__doc__)
    parser.add_argument("tracks", type=Path, help="folder of tracks")
    parser.add_argument("weights", type=Path, help="file to write, ending in .safetensors")
    options = parser.parse_args(argv)
    faces = landmarks_by_person(options.tracks)
    people = learn_people(faces)
    card = {
        "version": "1",
        "licence": "CC BY 4.0",
        "trained_on": f"GRID (Cooke, Barker, Cunningham & Shao 2006), {len(faces)} people: {', '.join(sorted(faces))}",
    }
    tensors = {name: np.asarray(value, np.float32) for name, value in vars(people).items()}
    save(options.weights, tensors, {"channels": 6, "points": COUNT}, card)
    print(f"lower_face: {len(faces)} people, reach {np.round(people.reach, 3).tolist()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
