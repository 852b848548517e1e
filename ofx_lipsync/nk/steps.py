# SPDX-License-Identifier: Apache-2.0
"""What is done to a finished frame on its way to the Write: another picture over it, a crop."""

from __future__ import annotations

from typing import Any

import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.picture_file import to_float
from ofx_lipsync.media.plate import Frame
from ofx_lipsync.media.still_frame import StillFrame

_ALPHA = ("A", "a", "alpha")


def lay_over(frame: Frame, top: Frame, mix: float) -> None:
    """top over frame, premultiplied, in scene-linear: A + B (1 - a); mix fades it. A picture without alpha is added,
    as in Nuke. Where nothing is added the frame keeps its bits."""
    rgb, alpha, region = _rgba(top)
    # Formats meet at the lower left; ours count from the top.
    region = region.shift(frame.display.x0 - top.display.x0, frame.display.y1 - top.display.y1)
    inside = region.intersect(frame.window)
    if inside.is_empty:
        return
    rows, columns = inside.slices_in(region)
    rgb, alpha = rgb[:, rows, columns], alpha[rows, columns]
    touched = ((rgb != 0).any(axis=0) | (alpha != 0)).astype(np.float32)
    below = frame.image().window(inside).pixels
    with np.errstate(invalid="ignore", over="ignore"):
        over = rgb + below * (1 - alpha)
        mixed = over if mix == 1 else below + np.float32(mix) * (over - below)
    frame.composite(Image(np.ascontiguousarray(mixed), inside, frame.display), touched)
    if isinstance(frame, StillFrame):
        _lay_alpha(frame, alpha, inside, touched > 0, mix)


def _rgba(top: Frame) -> tuple[np.ndarray, np.ndarray, Region]:
    """([3, H, W] in the working space, [H, W] alpha, region) of a frame; alpha is 0 where there is none."""
    image = top.image()
    index = alpha_index(top) if isinstance(top, StillFrame) else None
    if index is None or not isinstance(top, StillFrame):
        return image.pixels, np.zeros(image.region.shape, np.float32), image.region
    return image.pixels, to_float(top.parts[top.main.index][..., index]), image.region


def alpha_index(frame: StillFrame) -> int | None:
    names = list(frame.main.spec.channelnames)
    return next((names.index(name) for name in _ALPHA if name in names), None)


def _lay_alpha(frame: StillFrame, alpha: np.ndarray, inside: Region, touched: np.ndarray, mix: float) -> None:
    index = alpha_index(frame)
    part = frame.parts[frame.main.index]
    if index is None or not np.issubdtype(part.dtype, np.floating):
        return
    rows, columns = inside.slices_in(frame.window)
    below = part[rows, columns, index]
    over = alpha + below.astype(np.float32) * (1 - alpha)
    mixed = below + np.float32(mix) * (over - below)
    below[touched] = mixed.astype(part.dtype)[touched]


def cut(frame: Frame, box: Region, display: bool) -> Frame:
    """Only what lies in the box; with display it becomes the format, counted from 0."""
    if not display and box.contains(frame.window):
        return frame
    if not isinstance(frame, StillFrame):
        raise InputError("Crop: a movie's frames are not cropped here; write a sequence, or take it out")
    headers, parts = [], []
    for header, part in zip(frame.headers, frame.parts, strict=True):
        new, rows = _cut_part(frame, header, part, box, display)
        headers.append(new)
        parts.append(rows)
    made = StillFrame(frame.number, frame.path, headers, parts, frame._colour, frame.info)
    made.metadata = frame.metadata
    return made


def _cut_part(frame: StillFrame, header: Any, part: np.ndarray, box: Region, display: bool) -> tuple[Any, np.ndarray]:
    window = Region(header.x, header.y, header.x + header.width, header.y + header.height)
    inside = window.intersect(box)
    if inside.is_empty:
        raise InputError(f"{frame.path}: nothing of it lies in the box of the Crop; move the box")
    rows, columns = inside.slices_in(window)
    new = oiio.ImageSpec(header)
    new.x, new.y, new.width, new.height = inside.x0, inside.y0, inside.width, inside.height
    if display:
        new.x, new.y = inside.x0 - box.x0, inside.y0 - box.y0
        new.full_x, new.full_y, new.full_width, new.full_height = 0, 0, box.width, box.height
    return new, np.ascontiguousarray(part[rows, columns])
