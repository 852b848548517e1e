# SPDX-License-Identifier: Apache-2.0
"""Talking clips to sound and landmarks, kept as one npz a clip so that tracking is paid for once.

python -m ofx_lipsync.train.track GRID_FOLDER work-data/tracks
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Sequence

import av
import numpy as np

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.models.face_mesh import Roi, roi_from_detection, roi_from_landmarks
from ofx_lipsync.models.mel import RATE_HZ

LOST = 0.5
"""Presence under which the landmarks of a frame are not believed."""


def track_clip(path: Path, networks: FaceNetworks) -> dict[str, np.ndarray]:
    """landmarks: [F, 478, 3] float32 px; presence: [F]; times_s: [F]; samples: [N] float32 at 16 kHz, from 0 s."""
    times, landmarks, presence = [], [], []
    last = None
    with av.open(str(path)) as movie:
        for frame in movie.decode(video=0):
            picture = frame.to_ndarray(format="rgb24").transpose(2, 0, 1).astype(np.float32) / 255
            roi = roi_from_landmarks(last) if last is not None else _detected(frame, networks)
            points, sure = networks.mesh.landmarks(picture, roi) if roi is not None else (np.zeros((478, 3), "f4"), 0.0)
            last = points if sure > LOST else None
            times.append(frame.time)
            landmarks.append(points)
            presence.append(sure)
    return {
        "landmarks": np.array(landmarks, np.float32),
        "presence": np.array(presence, np.float32),
        "times_s": np.array(times, np.float64),
        "samples": read_samples(path),
    }


def read_samples(path: Path) -> np.ndarray:
    """[N] float32, mono at 16 kHz, sample 0 at 0 s of the picture's clock."""
    sound = read_sound(str(path))
    samples = resample(Sound(sound.mono()[None], sound.rate_hz), RATE_HZ).samples[0]
    lead = round(sound.start_s * RATE_HZ)
    return np.concatenate([np.zeros(max(0, lead), np.float32), samples[max(0, -lead) :]])


def _detected(frame: av.VideoFrame, networks: FaceNetworks) -> Roi | None:
    side = networks.detector.dimensions.size_px
    scale = side / max(frame.width, frame.height)
    small = frame.reformat(round(frame.width * scale), round(frame.height * scale), "rgb24").to_ndarray()
    found = networks.detector.detect(small.transpose(2, 0, 1).astype(np.float32) / 255)
    if not len(found):
        return None
    found = found.placed(np.full(2, 1 / scale, np.float32), np.zeros(2, np.float32))
    return roi_from_detection(found.boxes[0], found.keypoints[0])


def track_folder(clips: Path, cache: Path) -> list[Path]:
    """Tracks every movie under `clips` that is not in the cache yet; returns all cached files."""
    cache.mkdir(parents=True, exist_ok=True)
    networks = None
    movies = sorted(path for path in clips.rglob("*") if path.suffix in (".mkv", ".mp4", ".mov"))
    for done, movie in enumerate(movies, 1):
        target = cache / f"{movie.parent.name}_{movie.stem}.npz"
        if target.exists():
            continue
        networks = networks or FaceNetworks.load()
        unfinished = target.with_suffix(f".{os.getpid()}.part")
        with unfinished.open("wb") as file:
            np.savez(file, **track_clip(movie, networks))  # type: ignore[arg-type]
        os.replace(unfinished, target)
        if done % 25 == 0 or done == len(movies):
            print(f"track: {done}/{len(movies)}", flush=True)
    return sorted(cache.glob("*.npz"))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ofx_lipsync.train.track", description=__doc__)
    parser.add_argument("clips", type=Path, help="folder of talking movies, one sub-folder a person")
    parser.add_argument("cache", type=Path, help="folder for the tracks")
    options = parser.parse_args(argv)
    track_folder(options.clips, options.cache)
    return 0


if __name__ == "__main__":
    sys.exit(main())
