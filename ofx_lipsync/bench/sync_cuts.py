# SPDX-License-Identifier: Apache-2.0
"""The cuts that FaceDetect finds where clips of one person are joined."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.media.source import open_plate
from ofx_lipsync.nodes._face_cuts import find_cuts, thumbnail

FPS = 25


@cache
def thumbnails(movie: Path) -> list[np.ndarray]:
    with open_plate(str(movie)) as plate:
        return [thumbnail(plate, frame) for frame in plate.frames]


def cuts_s(names: Sequence[str], grid: Path, seconds: float) -> list[float]:
    """names: of the clips, as train/sync_clips.py has them. Returns when each cut of the joined picture is shown."""
    movies = [grid / folder / f"{stem}.mkv" for folder, _, stem in (name.partition("_") for name in names)]
    small = [picture for movie in movies for picture in thumbnails(movie)][: round(seconds * FPS)]
    return [row / FPS for row in find_cuts(small)]
