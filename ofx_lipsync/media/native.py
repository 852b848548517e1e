# SPDX-License-Identifier: Apache-2.0
"""Decoded FFmpeg frames as planes: what they hold, how they are coded, and small frames cut out of them."""

from __future__ import annotations

from typing import Any

import av
import numpy as np

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.yuv import Coding, Planes

_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""kr, kb by the tag of ITU-T H.273 (matrix coefficients)."""

_UNSPECIFIED = 2

_SAME_IN_PLANES = {
    "nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "p010le": "yuv420p10le", "p210le": "yuv422p10le",
    "yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p", "rgb24": "gbrp", "bgr24": "gbrp",
    "rgb0": "gbrp", "bgr0": "gbrp", "0rgb": "gbrp", "0bgr": "gbrp", "rgba": "gbrap", "bgra": "gbrap",
    "argb": "gbrap", "abgr": "gbrap", "pal8": "gbrap", "rgb48le": "gbrp16le", "rgb48be": "gbrp16le",
    "rgba64le": "gbrap16le", "rgba64be": "gbrap16le",
}  # fmt: skip
"""Packed formats and the planar ones that hold the very same codes."""


def planar(frame: Any, path: str) -> Any:
    """The frame with one plane a channel; the same codes in another order where it was packed."""
    name = frame.format.name
    if name in _SAME_IN_PLANES:
        return frame.reformat(format=_SAME_IN_PLANES[name], threads=1)
    if name.endswith("be"):
        return frame.reformat(format=name[:-2] + "le", threads=1)
    parts = frame.format.components
    if len({c.plane for c in parts}) != len(parts) or frame.format.is_bit_stream or frame.format.is_bayer:
        raise MediaError(f"{path}: pixel format {name} is not read; re-wrap it as 8 to 16 bit YUV or RGB")
    return frame


def coding_of(frame: Any, path: str) -> Coding:
    """How a planar frame's codes mean colour. Without a tag: BT.709 from 720 rows on, BT.601 below."""
    form = frame.format
    parts = form.components
    if form.is_rgb:
        return Coding(0.0, 0.0, parts[0].bits, True, 0, 0)
    tag = int(frame.colorspace)
    if tag in (_UNSPECIFIED, 0, 3):
        tag = 1 if frame.height >= 720 else 6
    if tag not in _WEIGHTS:
        raise MediaError(f"{path}: its matrix (H.273 number {tag}) is not read; re-wrap it as BT.709")
    full = int(frame.color_range) == 2 or form.name.startswith("yuvj")
    chroma = [c for c in parts if c.is_chroma]
    shift_x = (-(-form.width // chroma[0].width) - 1).bit_length() if chroma else 0
    shift_y = (-(-form.height // chroma[0].height) - 1).bit_length() if chroma else 0
    return Coding(*_WEIGHTS[tag], parts[0].bits, full, shift_x, shift_y)


def planes_of(frame: Any, coding: Coding) -> Planes:
    """All colour planes of a planar frame, as views that can be written where the frame can."""
    parts = [c for c in frame.format.components if not c.is_alpha]
    arrays = [plane_view(frame, c, coding.bits) for c in parts]
    return Planes(arrays, Region.of_size(frame.width, frame.height), coding)


def frame_of(planes: Planes, region: Region, name: str) -> Any:
    """A small FFmpeg frame of a region on the chroma grid; outside the planes it is black."""
    coding = planes.coding
    frame = av.VideoFrame(region.width, region.height, name)
    inside = region.intersect(planes.region)
    for n, (part, source) in enumerate(zip(_colour_parts(frame.format), planes.arrays, strict=True)):
        target = plane_view(frame, part, coding.bits)
        shift_x, shift_y = (coding.shift_x, coding.shift_y) if n and not coding.is_rgb else (0, 0)
        if inside != region:
            target[...] = round(coding.chroma()[0] if n and not coding.is_rgb else coding.luma()[0])
        if not inside.is_empty:
            _shifted(target, inside, region, shift_x, shift_y)[...] = _shifted(
                source, inside, planes.region, shift_x, shift_y
            )
    return frame


def opaque_name(form: Any) -> str:
    """The format's name without its alpha plane."""
    name = str(form.name)
    return name.replace("yuva", "yuv").replace("gbrap", "gbrp")


def matrix(coding: Coding) -> int:
    """swscale's number of the matrix."""
    numbers = {0.2126: 1, 0.30: 4, 0.299: 5, 0.212: 7, 0.2627: 9}
    return numbers.get(coding.kr, 1)


def _colour_parts(form: Any) -> list[Any]:
    return [c for c in form.components if not c.is_alpha]


def plane_view(frame: Any, part: Any, bits: int) -> np.ndarray:
    """[H, W] codes of one component, as a view without the rows' padding."""
    return plane_rows(frame.planes[part.plane], np.uint8 if bits <= 8 else np.uint16)[: part.height, : part.width]


def plane_rows(plane: Any, kind: type) -> np.ndarray:
    """[H, line] of a plane as FFmpeg keeps it, padding and all, as a view."""
    return np.frombuffer(plane, kind).reshape(-1, plane.line_size // np.dtype(kind).itemsize)


def _shifted(array: np.ndarray, region: Region, outer: Region, shift_x: int, shift_y: int) -> np.ndarray:
    rows, columns = region.slices_in(outer)
    return array[
        rows.start >> shift_y : -(-rows.stop >> shift_y), columns.start >> shift_x : -(-columns.stop >> shift_x)
    ]
