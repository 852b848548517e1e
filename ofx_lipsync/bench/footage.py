# SPDX-License-Identifier: Apache-2.0
"""Footage to measure on: talking clips, several joined into one reel, and movies of a wanted size."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator, Sequence

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


def enlarged_movie(sources: Sequence[Path], out: Path, frames: int, size: tuple[int, int], zoom: int) -> Path:
    """An h264 movie at 25 frames/s without sound: sources played one after the other, again from the first when they
    end, `zoom` times as large in the middle of a `size` (width, height) frame that they fill, stretched, behind."""
    import av

    with av.open(str(out), "w") as target:
        stream: Any = target.add_stream("libx264", rate=25, options={"crf": "16", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        pictures = (picture for path in itertools.cycle(sources) for picture in _decoded(path))
        for count, picture in enumerate(itertools.islice(pictures, frames)):
            frame = av.VideoFrame.from_ndarray(_enlarged(picture, size, zoom), format="yuv420p")
            frame.pts = count
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    return out


def _decoded(path: Path) -> Iterator[Any]:
    import av

    with av.open(str(path)) as source:
        yield from source.decode(video=0)


def _enlarged(picture: Any, size: tuple[int, int], zoom: int) -> np.ndarray:
    """[height * 3 / 2, width] uint8, yuv420p planes as PyAV stacks them."""
    back = picture.reformat(*size, "yuv420p", interpolation="LANCZOS").to_ndarray()
    front = picture.reformat(picture.width * zoom, picture.height * zoom, "yuv420p", interpolation="LANCZOS")
    for under, over in zip(_planes(back, *size), _planes(front.to_ndarray(), front.width, front.height), strict=True):
        top, left = (under.shape[0] - over.shape[0]) // 2, (under.shape[1] - over.shape[1]) // 2
        under[top : top + over.shape[0], left : left + over.shape[1]] = over
    return back


def _planes(stacked: np.ndarray, width: int, height: int) -> list[np.ndarray]:
    """Views of Y [H, W], U and V [H / 2, W / 2]."""
    chroma = stacked[height:].reshape(2, height // 2, width // 2)
    return [stacked[:height], chroma[0], chroma[1]]
