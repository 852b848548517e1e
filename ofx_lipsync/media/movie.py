# SPDX-License-Identifier: Apache-2.0
"""Movies: mov, mp4, mxf, mkv, avi and whatever else FFmpeg decodes. Frames are numbered from 1."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Mapping

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange, Rate
from ofx_lipsync.media import timecode
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.content import file_key
from ofx_lipsync.media.cursor import TAGS, Cursor
from ofx_lipsync.media.movie_frame import MovieFrame
from ofx_lipsync.media.movie_space import movie_space
from ofx_lipsync.media.native import coding_of, frame_of, matrix, opaque_name, planar, plane_rows, planes_of
from ofx_lipsync.media.plate import Plate, PlateInfo
from ofx_lipsync.media.reduce import reduced_size
from ofx_lipsync.media.spill import Spill, Ticket
from ofx_lipsync.media.yuv import Planes

_AREA = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_AS_IT_IS = Interpolation.POINT


@dataclass(frozen=True)
class _Kept:
    """A crop put aside: what it was asked for, what lies there with its margin, and where."""

    region: Region
    outer: Region
    ticket: Ticket


class MoviePlate(Plate):
    """One video stream. Planes stay as decoded; colour is made for the pixels asked for, and only for those."""

    def __init__(
        self, path: str, cursor: Cursor, frames: FrameRange, colour: Colour, space: str | None, rate: Rate | None
    ) -> None:
        first = planar(cursor.frame(frames[0] - 1), path)
        if first.rotation:
            raise MediaError(
                f"{path}: is stored turned by {abs(first.rotation)} degrees; turn the pixels upright first "
                "(convert it without its display matrix)"
            )
        self._coding = coding_of(first, path)
        self._format = first.format.name
        info = _info(path, cursor, frames[0] - 1, first, colour, space, rate)
        super().__init__(info, frames, Region.of_size(first.width, first.height), colour)
        self._cursor = cursor
        # Steady frames count in whole frames: a container's rounded time stamps do not creep into the next one.
        self._steady = not info.variable
        self._kept: dict[int, list[_Kept]] = {}
        self._spill = Spill()
        self._current: tuple[int, Any] = (-1, None)
        self._scalers: dict[Any, VideoReformatter] = {}

    def window(self, frame: int) -> Region:
        self._check(frame)
        return self._display

    def time_s(self, frame: int) -> float:
        return float(self._ticks(frame) * self._time_base())

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        """Straight from the planes by swscale's area filter; encoded video is already what a person sees."""
        with self._lock:
            self._check(frame)
            size = reduced_size(region.width, region.height, longest_px)
            grid = region.aligned(1 << max(self._coding.shift_x, self._coding.shift_y))
            planes = self._planes(frame)
            if grid == region == planes.region:
                small = self._picture(frame)
            else:
                small = frame_of(planes, grid, opaque_name(self._picture(frame).format))
        pixels = self._encoded(small, grid, region, size)
        if self.info.space != self.colour.look_space:
            pixels = self.colour.to_look(pixels, self.info.space)
        return Image(pixels, Region.of_size(*size), Region.of_size(*size), colour=self.colour.look_space)

    def load(self, frame: int) -> MovieFrame:
        with self._lock:
            self._check(frame)
            picture = _own(self._picture(frame))
        ticks, base = self._ticks(frame), self._time_base()
        length = 1 if self._steady else self._cursor.index.duration(frame - 1)
        return MovieFrame(frame, picture, self._coding, self.colour, self.info, ticks, length, base)

    def prefetch(self, wanted: Mapping[int, Region]) -> None:
        for frame in sorted(wanted):
            with self._lock:
                self._check(frame)
                region = wanted[frame].intersect(self._display)
                if region.is_empty or self._find_kept(frame, region) is not None:
                    continue
                cut = self._planes(frame).cut(region)
                ticket = self._spill.put(cut.arrays)
                self._kept.setdefault(frame, []).append(_Kept(region, cut.region, ticket))

    def fingerprint(self) -> str:
        return file_key(Path(self.info.path))

    def close(self) -> None:
        with self._lock:
            self._kept.clear()
            self._current = (-1, None)
            self._spill.close()
            self._cursor.close()

    def _prepare(self, frame: int, region: Region) -> None:
        if self._find_kept(frame, region) is None:
            self._picture(frame)

    def _native_rgb(self, frame: int, region: Region) -> np.ndarray:
        kept = self._find_kept(frame, region)
        if kept is None:
            return self._planes(frame).rgb(region)
        return Planes(self._spill.get(kept.ticket), kept.outer, self._coding).rgb(region)

    def _find_kept(self, frame: int, region: Region) -> _Kept | None:
        return next((kept for kept in self._kept.get(frame, []) if kept.region.contains(region)), None)

    def _picture(self, frame: int) -> Any:
        """The decoded frame in planes, shared with the decoder: not to be written."""
        if self._current[0] != frame:
            picture = planar(self._cursor.frame(frame - 1), self.info.path)
            if (picture.width, picture.height, picture.format.name) != (*self._size(), self._format):
                raise MediaError(
                    f"{self.info.path}: frame {frame} is {picture.width}x{picture.height} {picture.format.name}, "
                    f"expected {self._size()[0]}x{self._size()[1]} {self._format} as before; split the movie there"
                )
            self._current = frame, picture
        return self._current[1]

    def _size(self) -> tuple[int, int]:
        return self._display.width, self._display.height

    def _planes(self, frame: int) -> Planes:
        return planes_of(self._picture(frame), self._coding)

    def _encoded(self, small: Any, grid: Region, region: Region, size: tuple[int, int]) -> np.ndarray:
        """[3, height, width] float32 0..1. A region off the chroma grid is made at full size first, then cut."""
        if grid != region:
            whole = self._scaled(small, (grid.width, grid.height), _AS_IT_IS)
            y, x = region.slices_in(grid)
            cut = plane_rows(whole.planes[0], np.uint8)[y, x.start * 3 : x.stop * 3].reshape(*region.shape, 3)
            small = av.VideoFrame.from_ndarray(np.ascontiguousarray(cut), format="rgb24")
        rgb = self._scaled(small, size, _AREA)
        rows = plane_rows(rgb.planes[0], np.uint8)[:, : size[0] * 3]
        # A view of pixels side by side as they came: kernels read any strides, and copying into planes costs more.
        pixels: np.ndarray = np.multiply(rows, np.float32(1 / 255), dtype=np.float32)
        return pixels.reshape(size[1], size[0], 3).transpose(2, 0, 1)

    def _scaled(self, picture: Any, size: tuple[int, int], filter_: int) -> Any:
        if picture.format.name == "rgb24" and (picture.width, picture.height) == size:
            return picture
        scaler = self._scalers.setdefault(
            (picture.format.name, picture.width, picture.height, size), VideoReformatter()
        )
        return scaler.reformat(
            picture, *size, format="rgb24", src_colorspace=matrix(self._coding), interpolation=filter_,
            src_color_range=2 if self._coding.full else 1, dst_color_range=2, threads=1,
        )  # fmt: skip

    def _time_base(self) -> Fraction:
        return 1 / self.rate if self._steady else self._cursor.index.time_base

    def _ticks(self, frame: int) -> int:
        """When a frame is shown, in ticks from the plate's first frame."""
        self._check(frame)
        if self._steady:
            return frame - self._frames[0]
        pts = self._cursor.index.pts
        return pts[frame - 1] - pts[self._frames[0] - 1]


def open_movie_plate(
    path: str, frames: FrameRange | None, colour: Colour, space: str | None, rate: Rate | None, threads: int
) -> MoviePlate:
    """A movie as a plate. A file cut short is refused, unless the range asked for lies in what is left."""
    cursor = Cursor(path, threads)
    try:
        count, promised = len(cursor.index.pts), cursor.index.promised
        if count == 0:
            raise MediaError(f"{path}: the movie has no frames; copy it again or re-wrap it")
        wanted = frames if frames is not None else FrameRange(range(1, max(count, promised) + 1))
        beyond = [frame for frame in wanted if not 1 <= frame <= count]
        if beyond:
            state = (
                f"is cut short: {count} of {promised} frames are there" if promised > count else f"has frames 1-{count}"
            )
            raise MediaError(f"{path}: {state}, so frame {beyond[0]} is missing; give a range within 1-{count}")
        return MoviePlate(path, cursor, wanted, colour, space, rate)
    except BaseException:
        cursor.close()
        raise


def _info(
    path: str, cursor: Cursor, position: int, first: Any, colour: Colour, space: str | None, rate: Rate | None
) -> PlateInfo:
    stream, context = cursor.stream, cursor.stream.codec_context
    named, why = movie_space(path, first, colour, space)
    parts = list(first.format.components)
    names = ("R", "G", "B", "A") if len(parts) in (2, 4) else ("R", "G", "B")
    return PlateInfo(
        path=path,
        kind="movie",
        codec=context.name,
        width=first.width,
        height=first.height,
        channels=names,
        dtype=first.format.name,
        space=named,
        space_from=why,
        rate=rate or cursor.index.rate,
        timecode=timecode.advance(cursor.timecode, position, rate or cursor.index.rate),
        pixel_aspect=Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
        variable=cursor.index.variable and rate is None,
    )


def _own(picture: Any) -> Any:
    """A copy that may be written on: the decoder still leans on the original for the frames to come."""
    copy = av.VideoFrame(picture.width, picture.height, picture.format.name)
    for target, source in zip(copy.planes, picture.planes, strict=True):
        rows = plane_rows(source, np.uint8)
        width = min(source.line_size, target.line_size)
        plane_rows(target, np.uint8)[:, :width] = rows[: target.height, :width]
    for name in TAGS:
        setattr(copy, name, getattr(picture, name))
    return copy
