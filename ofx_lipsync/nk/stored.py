# SPDX-License-Identifier: Apache-2.0
"""Files of frames stored as a Write node says: type, compression, channels and colour space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.errors import OutputError
from ofx_lipsync.core.image import Image
from ofx_lipsync.media.picture_file import to_float
from ofx_lipsync.media.plate import Frame, Plate
from ofx_lipsync.media.still_frame import StillFrame, codes
from ofx_lipsync.media.still_space import header_of_space
from ofx_lipsync.media.still_writer import WRITES, StillWriter, _filled
from ofx_lipsync.media.writer import KEY

_FLOATS = {"half": np.float16, "float": np.float32}


@dataclass(frozen=True)
class Stored:
    """What a Write says; None is what the plate has. depth: half, float, or bits of an integer as text."""

    space: str | None = None
    depth: str | None = None
    compression: str | None = None
    channels: tuple[str, ...] | None = None

    @property
    def is_plain(self) -> bool:
        return self == Stored()


class NodeWriter(StillWriter):
    """Where it says what the plate has anyway, the bytes are those of `lipsync dub`."""

    def __init__(self, path: str, plate: Plate, stored: Stored) -> None:
        super().__init__(path, plate, None)
        self._stored_as = stored
        self._space = stored.space or plate.info.space
        self._same_space = stored.space is None or plate.colour.is_same(stored.space, plate.info.space)
        if self._format == "exr" and stored.depth not in (None, *_FLOATS):
            raise OutputError(f"{path}: EXR holds half or float, not {stored.depth} bit; choose one of them")
        if self._format == "dpx" and stored.depth in _FLOATS:
            raise OutputError(f"{path}: DPX holds 8, 10, 12 or 16 bit, not {stored.depth}; choose one of them")

    def write(self, frame: Frame) -> None:
        if self._pattern is None and self._written - {frame.number}:
            raise OutputError(f"{self._path}: is one file, but there are more frames; give a name such as out.####.exr")
        target = self._path if self._pattern is None else self._pattern.path(frame.number)
        same_kind = isinstance(frame, StillFrame) and WRITES.get(frame.path.suffix.lower()) == self._format
        if isinstance(frame, StillFrame) and same_kind and (self._same_space or self._format == "exr"):
            headers, parts = self._kept(frame)
        else:
            header, pixels = self._converted(frame)
            headers, parts = [header], [pixels]
        headers, parts = self._restored(target.name, headers, parts)
        if not self._is_as_dubbed():
            frame.metadata.pop(KEY, None)
        self._put(target, headers, parts, frame)

    def _is_as_dubbed(self) -> bool:
        """Whether `lipsync dub` would store it so."""
        stored, info = self._stored_as, self._plate.info
        as_it_is = stored.depth in (None, info.dtype) and stored.compression in (None, info.codec)
        return self._same_space and stored.channels is None and as_it_is

    def _kept(self, frame: StillFrame) -> tuple[list[Any], list[np.ndarray]]:
        """The plate's own parts, its colours in another space where one is asked for."""
        parts = list(frame.parts)
        headers = [self._header(header, frame) for header in frame.headers]
        main = frame.main.index
        if not self._same_space:
            rgb = self._plate.colour.from_working(frame.image().pixels, self._space).transpose(1, 2, 0)
            parts[main] = np.array(parts[main])
            with np.errstate(over="ignore"):
                parts[main][..., list(frame.main.rgb)] = rgb.astype(parts[main].dtype)
            _say_space(headers[main], self._plate, self._space)
        if not self._stored_as.compression:
            return headers, parts
        for header in headers:
            header.attribute("compression", self._stored_as.compression)
        return headers, parts

    def _converted(self, frame: Frame) -> tuple[Any, np.ndarray]:
        """From another kind of file, or into another space."""
        if self._stored_as.space is None and self._stored_as.depth is None:
            return super()._converted(frame)
        if self._format == "exr":
            return self._linear_in(frame, frame.image())
        space = self._stored_as.space or self._plate.colour.look_space
        rgb = self._plate.colour.from_working(_filled(frame.image()), space).transpose(1, 2, 0)
        if self._format == "tiff" and self._stored_as.depth in _FLOATS:
            return self._spec(frame, rgb.shape, "float", 32), np.ascontiguousarray(rgb, np.float32)
        bits = int(self._stored_as.depth or (10 if self._format == "dpx" else 16))
        kind = "uint8" if bits == 8 else "uint16"
        return self._spec(frame, rgb.shape, kind, bits), codes(rgb, bits, np.dtype(kind))

    def _linear_in(self, frame: Frame, image: Image) -> tuple[Any, np.ndarray]:
        header, pixels = self._linear(frame, image)
        if self._stored_as.space is not None and not self._plate.colour.is_same(self._stored_as.space):
            rgb = self._plate.colour.from_working(image.pixels, self._stored_as.space).transpose(1, 2, 0)
            with np.errstate(over="ignore"):
                pixels = np.ascontiguousarray(rgb, pixels.dtype)
            _say_space(header, self._plate, self._stored_as.space)
        if self._stored_as.compression:
            header.attribute("compression", self._stored_as.compression)
        return header, pixels

    def _restored(self, name: str, headers: list[Any], parts: list[np.ndarray]) -> tuple[list[Any], list[np.ndarray]]:
        """Channels and type as asked."""
        if self._stored_as.channels is not None:
            headers, parts = _only(name, headers, parts, self._stored_as.channels)
        kind = self._stored_as.depth
        if self._format == "exr" and kind in _FLOATS:
            pairs = [_retyped(header, part, kind) for header, part in zip(headers, parts, strict=True)]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return headers, parts


def _say_space(header: Any, plate: Plate, space: str) -> None:
    for name in ("chromaticities", "colorInteropID", "oiio:ColorSpace"):
        header.erase_attribute(name)
    for name, type_name, value in header_of_space(plate.colour, space):
        header.attribute(name, oiio.TypeDesc(type_name), value)


def _retyped(header: Any, part: np.ndarray, kind: str) -> tuple[Any, np.ndarray]:
    if part.dtype == _FLOATS[kind] and str(header.format) == kind and not header.channelformats:
        return header, part
    new = oiio.ImageSpec(header)
    new.channelformats = ()
    new.set_format(oiio.TypeDesc(kind))
    with np.errstate(over="ignore"):
        return new, np.ascontiguousarray(to_float(part).astype(_FLOATS[kind]))


def _only(
    name: str, headers: list[Any], parts: list[np.ndarray], wanted: tuple[str, ...]
) -> tuple[list[Any], list[np.ndarray]]:
    """The channels asked for, of those there are, in their own order; parts without any are left out."""
    kept_headers, kept_parts = [], []
    for header, part in zip(headers, parts, strict=True):
        names = list(header.channelnames)
        places = [place for place, channel in enumerate(names) if channel in wanted or channel.upper() in wanted]
        if len(places) == len(names):
            kept_headers.append(header)
            kept_parts.append(part)
        elif places:
            new = oiio.ImageSpec(header)
            new.channelformats = ()
            new.nchannels = len(places)
            new.channelnames = tuple(names[place] for place in places)
            new.alpha_channel = new.channelnames.index("A") if "A" in new.channelnames else -1
            new.z_channel = -1
            kept_headers.append(new)
            kept_parts.append(np.ascontiguousarray(part[..., places]))
    if not kept_headers:
        have = ", ".join(channel for header in headers for channel in header.channelnames)
        raise OutputError(f"{name}: none of the channels {', '.join(wanted)} is in the picture (it has {have})")
    return kept_headers, kept_parts
