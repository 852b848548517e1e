# SPDX-License-Identifier: Apache-2.0
"""Talking clips as the sync network sees and hears them, kept in one folder so that this is paid for once.

python -m ofx_lipsync.train.sync_clips work-data/tracks work-data/faces work-data/sync
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.models.listener import ArticulationListener
from ofx_lipsync.models.sync_face import shape_rows
from ofx_lipsync.models.sync_sound import STEPS_HZ, hear
from ofx_lipsync.nodes._face_smooth import smooth
from ofx_lipsync.nodes._sync_codes import lower_face
from ofx_lipsync.train.faces import Talker
from ofx_lipsync.train.split import is_held_out, person
from ofx_lipsync.train.sync_voices import Voices
from ofx_lipsync.train.track import LOST

VERSIONS = 3
"""How often a clip that is learned from is heard changed, besides once as it is."""


@dataclass(frozen=True)
class Seen:
    """One clip. shape: [F, SHAPE]. pictures: [F, 48, 64, 3] uint8. times_s: [F]. heard: [V, T, INPUTS], the first as it
    is; row k at k * 20 ms + 10 ms. who: the person. held_out: for scoring only."""

    name: str
    shape: np.ndarray
    pictures: np.ndarray
    times_s: np.ndarray
    heard: np.ndarray
    who: str
    held_out: bool

    @classmethod
    def open(cls, file: Path) -> Seen:
        who, held_out = whose(file.stem)
        with np.load(file) as kept:
            return cls(file.stem, **{name: kept[name] for name in kept.files}, who=who, held_out=held_out)


def whose(name: str) -> tuple[str, bool]:
    """Who speaks in a clip, and whether it is held out."""
    folder, _, stem = name.partition("_")
    return person(folder, stem), is_held_out(folder, stem)


def prepared(
    name: str, tracks: Path, faces: Path, listener: ArticulationListener, voices: Voices
) -> dict[str, np.ndarray]:
    """What is kept of a clip."""
    with np.load(tracks / f"{name}.npz") as track:
        seen = np.flatnonzero(track["presence"] > LOST)
        nearest = np.clip(np.searchsorted(seen, np.arange(len(track["landmarks"]))), 0, len(seen) - 1)
        shape = shape_rows(smooth(track["landmarks"][seen], 1.0))[nearest]
    talker = Talker.open(faces, name)
    pictures = np.stack([lower_face(p.transpose(2, 0, 1).astype(np.float32)) for p in talker.pictures])
    lines = [hear(Sound(talker.samples[None], 16000), listener).rows]
    for _ in range(0 if whose(name)[1] else VERSIONS):
        samples, pace = voices.changed(talker.samples)
        rows = hear(Sound(samples[None], 16000), listener).rows
        lines.append(at_pace(rows, pace, len(lines[0])))
    return {
        "shape": shape, "pictures": np.clip(np.rint(pictures), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1),
        "times_s": talker.times_s, "heard": np.stack(lines).astype(np.float16),
    }  # fmt: skip


def at_pace(rows: np.ndarray, pace: float, count: int) -> np.ndarray:
    """Rows of a sound that was played `pace` times as fast, on the clock it had before."""
    at_s = (np.arange(count) + 0.5) / STEPS_HZ / pace
    known_s = (np.arange(len(rows)) + 0.5) / STEPS_HZ
    return np.stack([np.interp(at_s, known_s, column) for column in rows.T], axis=1).astype(np.float32)


def prepare(tracks: Path, faces: Path, out: Path, seed: int = 1) -> list[Path]:
    """Every clip that is tracked and cut out and not there yet; returns all."""
    out.mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in faces.glob("[!.]*.npy"))
    taught = [Talker.open(faces, name).samples for name in names if not whose(name)[1]]
    listener, voices = ArticulationListener.named(), Voices(np.random.default_rng(seed), taught)
    # the rare people first, so that a training may begin before s1's hundreds are done
    for done, name in enumerate(sorted(names, key=lambda n: n.startswith("s1_")), 1):
        target = out / f"{name}.npz"
        if not target.exists():
            unfinished = out / f".{name}.{os.getpid()}.npz"
            np.savez(unfinished, **prepared(name, tracks, faces, listener, voices))  # type: ignore[arg-type]
            os.replace(unfinished, target)
        if done % 50 == 0 or done == len(names):
            print(f"sync: {done}/{len(names)}", flush=True)
    return sorted(out.glob("[!.]*.npz"))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ofx_lipsync.train.sync_clips", description=__doc__)
    for name, text in (("tracks", "folder of tracks"), ("faces", "folder of faces"), ("out", "folder to keep it in")):
        parser.add_argument(name, type=Path, help=text)
    options = parser.parse_args(argv)
    prepare(options.tracks, options.faces, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
