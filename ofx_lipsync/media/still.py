# SPDX-License-Identifier: Apache-2.0
"""Sequences and stills: EXR, DPX, TIFF, PNG and whatever else OpenImageIO reads."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange, Rate
from ofx_lipsync.media import picture_file, timecode
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.content import file_key, joined_key
from ofx_lipsync.media.plate import Plate, PlateInfo
from ofx_lipsync.media.reduce import area_average, reduced_size
from ofx_lipsync.media.spill import Spill
from ofx_lipsync.media.still_frame import StillFrame
from ofx_lipsync.media.still_space import still_space

_HELD_BYTES = 256 << 20
"""Read-back kept: a node that asks for rows of the frame it has just seen whole does not decode it again."""


@dataclass(frozen=True)
class _Rows:
    pixels: np.ndarray
    region: Region


class StillPlate(Plate):
    """Frames as files. `files` says which file a frame shows, so that held frames share one."""

    def __init__(
        self, path: str, files: Mapping[int, Path], frames: FrameRange, colour: Colour, space: str | None,
        rate: Rate | None, kind: str,
    ) -> None:  # fmt: skip
        first = files[frames[0]]
        part = picture_file.read_part(first)
        info = _info(path, part, kind, colour, space, rate)
        super().__init__(info, frames, part.display, colour)
        self._files = files
        self._part = part
        self._parts: dict[Path, picture_file.Part] = {first: part}
        self._recent: OrderedDict[Path, _Rows] = OrderedDict()
        self._kept: dict[int, list[tuple[Region, Any]]] = {}
        self._spill = Spill()

    def window(self, frame: int) -> Region:
        with self._lock:
            return self._header(frame).window

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        """Reduced as stored, then brought to sRGB: small pictures are cheap to transform."""
        with self._lock:
            self._check(frame)
            inside = region.intersect(self.window(frame))
            self._prepare(frame, inside)
            size = reduced_size(region.width, region.height, longest_px)
            planes = area_average(region, size, lambda strip: self._floats(frame, strip, inside))
        pixels = self.colour.to_look(planes, self.info.space)
        return Image(pixels, Region.of_size(*size), Region.of_size(*size), colour=self.colour.look_space)

    def _floats(self, frame: int, strip: Region, inside: Region) -> np.ndarray:
        """[H, W, 3] float32 of a strip, black outside the data window."""
        there = strip.intersect(inside)
        rows = np.zeros((*strip.shape, 3), np.float32)
        if not there.is_empty:
            y, x = there.slices_in(strip)
            rows[y, x] = picture_file.to_float(self._pixels(frame, there))
        return rows

    def load(self, frame: int) -> StillFrame:
        with self._lock:
            self._check(frame)
            return StillFrame.read(self._files[frame], frame, self.colour, self.info)

    def prefetch(self, wanted: Mapping[int, Region]) -> None:
        for frame in sorted(wanted):
            with self._lock:
                self._check(frame)
                region = wanted[frame].intersect(self.window(frame))
                if region.is_empty or self._find_kept(frame, region) is not None:
                    continue
                ticket = self._spill.put([self._stored(frame, region)])
                self._kept.setdefault(frame, []).append((region, ticket))

    def fingerprint(self) -> str:
        return joined_key([f"{frame} {file_key(self._files[frame])}" for frame in sorted(self._frames)])

    def close(self) -> None:
        with self._lock:
            self._recent.clear()
            self._kept.clear()
            self._spill.close()

    def _prepare(self, frame: int, region: Region) -> None:
        if not region.is_empty and self._find_kept(frame, region) is None:
            self._stored(frame, region)

    def _native_rgb(self, frame: int, region: Region) -> np.ndarray:
        return picture_file.to_float(self._pixels(frame, region)).transpose(2, 0, 1)

    def _pixels(self, frame: int, region: Region) -> np.ndarray:
        """[H, W, 3] in the stored type."""
        kept = self._find_kept(frame, region)
        if kept is None:
            return self._stored(frame, region)
        outer, ticket = kept
        rows, columns = region.slices_in(outer)
        kept_rows: np.ndarray = self._spill.get(ticket)[0][rows, columns]
        return kept_rows

    def _find_kept(self, frame: int, region: Region) -> tuple[Region, Any] | None:
        return next((kept for kept in self._kept.get(frame, []) if kept[0].contains(region)), None)

    def _stored(self, frame: int, region: Region) -> np.ndarray:
        """[H, W, 3] in the stored type, from the rows read last where they cover it."""
        path = self._files[frame]
        rows = self._recent.get(path)
        if rows is None or not rows.region.contains(region):
            rows = self._read_rows(path, self._header(frame), region)
        self._recent.move_to_end(path)
        y, x = region.slices_in(rows.region)
        return rows.pixels[y, x]

    def _read_rows(self, path: Path, part: picture_file.Part, region: Region) -> _Rows:
        source = picture_file.open_input(path)
        try:
            box = Region(part.window.x0, region.y0, part.window.x1, region.y1) if not part.spec.tile_width else region
            rows = _Rows(picture_file.read_rgb(source, path, part, box), box)
        finally:
            source.close()
        self._recent[path] = rows
        while len(self._recent) > 1 and sum(r.pixels.nbytes for r in self._recent.values()) > _HELD_BYTES:
            self._recent.popitem(last=False)
        return rows

    def _header(self, frame: int) -> picture_file.Part:
        """The frame's own header; a frame that differs in format from the first is not of this plate."""
        self._check(frame)
        path = self._files[frame]
        if path not in self._parts:
            part = picture_file.read_part(path)
            if part.display != self._display or part.dtype != self._part.dtype:
                raise MediaError(
                    f"{path}: format is {part.display} {part.dtype}, expected {self._display} {self._part.dtype} "
                    "as in the first frame; split the shot there"
                )
            self._parts[path] = part
        return self._parts[path]


def _info(
    path: str, part: picture_file.Part, kind: str, colour: Colour, space: str | None, rate: Rate | None
) -> PlateInfo:
    spec = part.spec
    name, why = still_space(path, spec, part.dtype, colour, space)
    return PlateInfo(
        path=path,
        kind=kind,
        codec=spec.get_string_attribute("compression"),
        width=part.display.width,
        height=part.display.height,
        channels=tuple(spec.channelnames),
        dtype=part.dtype if part.dtype != "uint16" or part.bits == 16 else f"uint{part.bits}",
        space=name,
        space_from=why,
        rate=rate or _rate(spec) or Rate(24),
        rate_from="given" if rate else "header" if _rate(spec) else "default",
        timecode=_timecode(spec),
        pixel_aspect=Fraction(spec.get_float_attribute("PixelAspectRatio", 1.0)).limit_denominator(10000),
    )


def _rate(spec: Any) -> Rate | None:
    """framesPerSecond of an EXR, dpx:FrameRate of a DPX (a float there: 23.976 means 24000/1001)."""
    value = spec.getattribute("FramesPerSecond")
    if isinstance(value, tuple) and len(value) == 2 and value[0] > 0 and value[1] > 0:
        return Rate(value[0], value[1])
    number = spec.get_float_attribute("dpx:FrameRate", 0.0) or spec.get_float_attribute("FramesPerSecond", 0.0)
    if not 0.1 < number < 1000:
        return None
    ntsc = Rate(round(number * 1.001) * 1000, 1001)
    return ntsc if abs(float(ntsc) - number) < 1e-3 else Rate(number).limit_denominator(1000)


def _timecode(spec: Any) -> str:
    value = spec.getattribute("smpte:TimeCode")
    if isinstance(value, tuple) and value:
        return timecode.unpack(int(value[0]))
    return value if isinstance(value, str) else ""
