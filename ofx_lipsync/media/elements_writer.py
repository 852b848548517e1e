# SPDX-License-Identifier: Apache-2.0
"""Layers of a frame as one EXR a frame: named channels in one part, cropped to where there is something."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media import timecode
from ofx_lipsync.media.pattern import Pattern
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.still_frame import StillFrame
from ofx_lipsync.media.still_space import header_of_space
from ofx_lipsync.media.still_writer import carry_over, set_time, write_file
from ofx_lipsync.media.writer import Seal, check_writable


class ElementsWriter:
    """`elements.####.exr` beside a plate's frames: their numbers, display window, time code and people's header fields.
    Only frames with something in them get a file."""

    def __init__(self, path: str, plate: Plate) -> None:
        """Raises: OutputError where the name is no EXR sequence, or the folder is not writable."""
        pattern = Pattern.parse(path)
        if Path(path).suffix.lower() != ".exr" or pattern is None:
            raise OutputError(f"{path}: elements are EXR files, one a frame; give a name such as elements.####.exr")
        check_writable(path, plate)
        self.pattern = pattern
        self.seal, self.tags = Seal(), dict[str, str]()
        self._plate = plate

    def write(
        self, frame: Frame, region: Region, planes: Mapping[str, np.ndarray], floats: tuple[str, ...], space: str,
        metadata: Mapping[str, str | int | float],
    ) -> Path:  # fmt: skip
        """planes: channel -> [H, W] float32 of region. floats: channels that are float even where the plate is half.
        space: of the colours."""
        header = self._header(frame, region, tuple(planes), floats)
        for name, kind, value in header_of_space(self._plate.colour, space):
            header.attribute(name, oiio.TypeDesc(kind), value)
        for name, value in metadata.items():
            header.attribute(name, value)
        target = self.pattern.path(frame.number)
        self.seal.takes(frame.number, frame.metadata)
        write_file(target, [header], [np.stack(list(planes.values()), axis=-1)], self.seal, frame.number)
        return target

    def remove(self, frame: int) -> None:
        """A file that an earlier render left for a frame which has nothing new any more would be comped."""
        self.pattern.path(frame).unlink(missing_ok=True)
        self.seal.gone(frame)

    def _header(self, frame: Frame, region: Region, channels: tuple[str, ...], floats: tuple[str, ...]) -> Any:
        half = self._plate.info.dtype == "half"
        header = oiio.ImageSpec(region.width, region.height, len(channels), oiio.FLOAT)
        header.channelnames = channels
        if half:
            header.channelformats = tuple(oiio.FLOAT if name in floats else oiio.HALF for name in channels)
        header.alpha_channel = channels.index("A")
        display = frame.display
        header.x, header.y = region.x0, region.y0
        header.full_x, header.full_y = display.x0, display.y0
        header.full_width, header.full_height = display.width, display.height
        carry_over(header, frame)
        header.attribute("compression", "zip")
        header.attribute("PixelAspectRatio", float(self._plate.info.pixel_aspect))
        set_time(header, self._plate.rate, self._timecode(frame))
        return header

    def _timecode(self, frame: Frame) -> str | None:
        word = frame.main.spec.getattribute("smpte:TimeCode") if isinstance(frame, StillFrame) else None
        if isinstance(word, tuple):
            return timecode.unpack(int(word[0]))
        start, first = self._plate.info.timecode, self._plate.frames[0]
        return timecode.advance(start, frame.number - first, self._plate.rate) if start else None
