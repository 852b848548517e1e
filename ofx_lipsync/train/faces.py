# SPDX-License-Identifier: Apache-2.0
"""Talking clips to upright faces, kept beside their tracks so that cutting them out is paid for once.

python -m ofx_lipsync.train.faces GRID_FOLDER work-data/tracks work-data/faces
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import av
import numpy as np

from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.models.face_square import face_squares, into_square
from ofx_lipsync.nodes._face_smooth import smooth
from ofx_lipsync.train.track import LOST, track_folder

SIZE_PX = 160


@dataclass(frozen=True)
class Talker:
    """A clip of one person. pictures: [F, 160, 160, 3] uint8 sRGB, read from disk when touched; points: [F, 478, 2]
    float32, landmarks in the square's px; presence: [F]; times_s: [F]; samples: [N] float32 at 16 kHz, from 0 s."""

    name: str
    pictures: np.ndarray
    points: np.ndarray
    presence: np.ndarray
    times_s: np.ndarray
    samples: np.ndarray

    @classmethod
    def open(cls, faces: Path, name: str) -> Talker:
        with np.load(faces / f"{name}.npz") as rest:
            return cls(name, np.load(faces / f"{name}.npy", mmap_mode="r"), **{k: rest[k] for k in rest.files})


def cut_clip(movie: Path, track: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Pictures [F, 160, 160, 3] uint8, and the rest of a Talker."""
    with np.load(track) as known:
        kept = {key: known[key] for key in ("presence", "times_s", "samples")}
        landmarks = known["landmarks"]
    seen = np.flatnonzero(kept["presence"] > LOST)
    # a face that is lost for a moment is looked for where it was last seen
    landmarks = smooth(landmarks[seen], 1.0)[
        np.clip(np.searchsorted(seen, np.arange(len(landmarks))), 0, len(seen) - 1)
    ]
    squares = face_squares(landmarks)
    pictures = np.empty((len(squares), SIZE_PX, SIZE_PX, 3), np.uint8)
    with av.open(str(movie)) as file:
        for row, frame in enumerate(file.decode(video=0)):
            picture = frame.to_ndarray(format="rgb24").transpose(2, 0, 1).astype(np.float32)
            cut = crop(picture, squares[row].matrix(SIZE_PX), (SIZE_PX, SIZE_PX), filter="cubic", outside="hold")
            pictures[row] = np.clip(np.rint(cut), 0, 255).transpose(1, 2, 0)
    kept["points"] = np.stack([into_square(p, s, SIZE_PX) for p, s in zip(landmarks, squares, strict=True)])
    return pictures, kept


def cut_folder(clips: Path, tracks: Path, faces: Path) -> list[str]:
    """Cuts every tracked movie under `clips` that is not there yet; returns the names of all."""
    faces.mkdir(parents=True, exist_ok=True)
    track_folder(clips, tracks)
    movies = {f"{path.parent.name}_{path.stem}": path for path in sorted(clips.rglob("*.mkv"))}
    for done, (name, movie) in enumerate(movies.items(), 1):
        if (faces / f"{name}.npy").exists():
            continue
        pictures, rest = cut_clip(movie, tracks / f"{name}.npz")
        np.savez(faces / f"{name}.npz", **rest)  # type: ignore[arg-type]
        unfinished = faces / f".{name}.{os.getpid()}.npy"
        np.save(unfinished, pictures)
        os.replace(unfinished, faces / f"{name}.npy")
        if done % 25 == 0 or done == len(movies):
            print(f"faces: {done}/{len(movies)}", flush=True)
    return sorted(path.stem for path in faces.glob("[!.]*.npy"))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ofx_lipsync.train.faces", description=__doc__)
    parser.add_argument("clips", type=Path, help="folder of talking movies, one sub-folder a person")
    parser.add_argument("tracks", type=Path, help="folder for the tracks")
    parser.add_argument("faces", type=Path, help="folder for the faces")
    options = parser.parse_args(argv)
    cut_folder(options.clips, options.tracks, options.faces)
    return 0


if __name__ == "__main__":
    sys.exit(main())
