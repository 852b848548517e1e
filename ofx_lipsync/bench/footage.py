# SPDX-License-Identifier: Apache-2.0
"""Footage to measure on: talking clips, several joined into one reel, and movies of a wanted size."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.face import FaceTrack
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate


def shared_folder(given: str | None = None) -> Path:
    """Where talking clips lie: the argument, else $LIPSYNC_SHARED, else ../shared/data beside the checkout.

    Raises: InputError naming what was looked for.
    """
    places = [given, os.environ.get("LIPSYNC_SHARED"), "../shared/data"]
    for place in places:
        if place and (Path(place) / "grid").is_dir():
            return Path(place)
    raise InputError("bench: no folder with grid/ in it; give --data DIR or set LIPSYNC_SHARED")


class Joined:
    """Several clips one after the other as one clip, frames from 1. Implements core.clip.Clip."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.clips = tuple(clips)
        self._places = [(clip, frame) for clip in self.clips for frame in clip.frames]
        self.frames: Sequence[int] = range(1, len(self._places) + 1)

    @property
    def rate(self) -> Rate:
        return self.clips[0].rate

    @property
    def display(self) -> Region:
        return self.clips[0].display

    def window(self, frame: int) -> Region:
        clip, inner = self._places[frame - 1]
        return clip.window(inner)

    def crop(self, frame: int, region: Region) -> Image:
        clip, inner = self._places[frame - 1]
        return clip.crop(inner, region)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        clip, inner = self._places[frame - 1]
        return clip.look(inner, region, longest_px)


def joined_track(tracks: Sequence[FaceTrack], lengths: Sequence[int]) -> FaceTrack:
    """One track over joined clips; tracks count from 1 in each clip, lengths are frames per clip."""
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    moved = [replace(t, frames=t.frames + int(start)) for t, start in zip(tracks, starts, strict=True)]
    return FaceTrack(
        identity=0,
        frames=np.concatenate([t.frames for t in moved]),
        landmarks=np.concatenate([t.landmarks for t in moved]),
        presence=np.concatenate([t.presence for t in moved]),
        blendshapes=np.concatenate([t.blendshapes for t in moved]),
    )


def enlarged_movie(sources: Sequence[Path], out: Path, frames: int, width_px: int, height_px: int) -> Path:
    """An h264 movie of `frames` frames with sound of the first source, sources enlarged and played in a loop."""
    import av

    with av.open(str(out), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        written = 0
        while written < frames:
            for path in sources:
                written += _append(path, target, stream, frames - written)
        target.mux(stream.encode())
    return out


def _append(path: Path, target: object, stream: object, most: int) -> int:
    import av

    count = 0
    with av.open(str(path)) as source:
        for frame in source.decode(video=0):
            if count >= most:
                break
            large = frame.reformat(stream.width, stream.height, "yuv420p", interpolation="LANCZOS")  # type: ignore[attr-defined]
            large.pts = None
            target.mux(stream.encode(large))  # type: ignore[attr-defined]
            count += 1
    return count
