# SPDX-License-Identifier: Apache-2.0
"""A clip of the host as a core Clip: its pictures come over the socket when a node asks for them."""

from __future__ import annotations

import math
from typing import Sequence

import numpy as np

from ofx_lipsync.core.clip import Clip
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.kernels.crop import crop
from ofx_lipsync.media.picture_file import to_float
from ofx_lipsync.media.reduce import area_average, reduced_size
from ofx_lipsync.plugin.pictures import HostColour, Picture, Place, part_of
from ofx_lipsync.plugin.request import Request, no_frame


class HostClip:
    """Frames in plate pixels at the scale of `place`. display: the plate's format at full resolution.

    now: the frame that the request is about, whose picture it names; others are fetched. With `file`, other frames
    come from it instead: the plate on disk, for hosts that give a filter no other frames.
    """

    def __init__(
        self, request: Request, name: str, place: Place, colour: HostColour, display: Region, rate: Rate,
        frames: Sequence[int] = (), now: int | None = None, file: Clip | None = None,
    ) -> None:  # fmt: skip
        self.display, self.rate, self.frames = display, rate, frames
        self._request, self._name, self._place, self._colour, self._now = request, name, place, colour, now
        self._file = file

    def window(self, frame: int) -> Region:
        file = self._on_disk(frame)
        return file.window(frame) if file is not None else self._place.region(self._picture(frame).layout)

    def crop(self, frame: int, region: Region) -> Image:
        file = self._on_disk(frame)
        if file is not None:
            return file.crop(frame, region)
        picture = self._picture(frame)
        inside = region.intersect(self._place.region(picture.layout))
        if inside == region:
            return Image(self._colour.rgb(picture, self._place, region), region, self.display)
        planes = np.zeros((3, *region.shape), np.float32)
        if not inside.is_empty:
            rows, columns = inside.slices_in(region)
            planes[:, rows, columns] = self._colour.rgb(picture, self._place, inside)
        return Image(planes, region, self.display)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        file = self._on_disk(frame)
        if file is not None:
            return file.look(frame, region, longest_px)
        picture = self._picture(frame)
        size = reduced_size(region.width, region.height, longest_px)
        planes = self._reduced(picture, region, size)
        colour = self._colour.colour
        pixels = colour.to_look(planes, self._colour.space)
        return Image(pixels, Region.of_size(*size), Region.of_size(*size), colour=colour.look_space)

    def _picture(self, frame: int) -> Picture:
        """Raises: MediaError where the host has no such frame."""
        self._request.check()
        named = self._request.named(self._name, None if frame == self._now else frame)
        if named is not None:
            return self._request.picture(named)
        picture = self._request.fetch(self._name, frame)
        if picture is None:
            raise no_frame(self._name, frame, self._request.why)
        return picture

    def _on_disk(self, frame: int) -> Clip | None:
        return None if frame == self._now else self._file

    def _reduced(self, picture: Picture, region: Region, size: tuple[int, int]) -> np.ndarray:
        """[3, height, width] in the host's space; region: in full-resolution pixels, whatever the picture's scale."""
        if self._place.is_full:
            return area_average(region, size, lambda strip: self._floats(picture, strip))
        across, down = region.width / size[0] * self._place.x_scale, region.height / size[1] * self._place.y_scale
        x, y = region.x0 * self._place.x_scale, region.y0 * self._place.y_scale
        left, top = math.floor(x) - 1, math.floor(y) - 1
        seen = Region(left, top, math.ceil(x + across * size[0]) + 1, math.ceil(y + down * size[1]) + 1)
        planes = np.ascontiguousarray(self._floats(picture, seen).transpose(2, 0, 1))
        return crop(planes, np.array([[across, 0, x - left], [0, down, y - top]]), (size[1], size[0]))

    def _floats(self, picture: Picture, region: Region) -> np.ndarray:
        """[H, W, 3] float32 in the host's space, black outside the picture."""
        rows = np.zeros((*region.shape, 3), np.float32)
        there = region.intersect(self._place.region(picture.layout))
        if not there.is_empty:
            y, x = there.slices_in(region)
            rows[y, x] = to_float(part_of(picture, self._place, there)[..., :3])
        return rows


class Proxy:
    """A full-resolution clip seen at the scale of `place`: what a host's proxy of it would show."""

    def __init__(self, clip: Clip, place: Place) -> None:
        self.display, self.rate, self.frames = clip.display, clip.rate, clip.frames
        self._clip, self._place = clip, place

    def window(self, frame: int) -> Region:
        full, place = self._clip.window(frame), self._place
        return Region(
            math.ceil(full.x0 * place.x_scale), math.ceil(full.y0 * place.y_scale),
            math.floor(full.x1 * place.x_scale), math.floor(full.y1 * place.y_scale),
        )  # fmt: skip

    def crop(self, frame: int, region: Region) -> Image:
        across, down = 1 / self._place.x_scale, 1 / self._place.y_scale
        full = Region(
            math.floor(region.x0 * across) - 1, math.floor(region.y0 * down) - 1,
            math.ceil(region.x1 * across) + 1, math.ceil(region.y1 * down) + 1,
        )  # fmt: skip
        matrix = np.array([[across, 0, region.x0 * across - full.x0], [0, down, region.y0 * down - full.y0]])
        planes = crop(self._clip.crop(frame, full).pixels, matrix, region.shape)
        return Image(planes, region, self.display)

    def look(self, frame: int, region: Region, longest_px: int) -> Image:
        """In full-resolution pixels, as the clip itself: networks look at no proxy of a file that is there."""
        return self._clip.look(frame, region, longest_px)
