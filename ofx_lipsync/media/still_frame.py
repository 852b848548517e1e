# SPDX-License-Identifier: Apache-2.0
"""One frame of a sequence with all its parts and channels as they are stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.choice import chosen
from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.media import picture_file
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.laid import plain_over, rounded
from ofx_lipsync.media.picture_file import Part
from ofx_lipsync.media.plate import Frame, PlateInfo, strips
from ofx_lipsync.media.timecode import pack
from ofx_lipsync.media.writer import KEY, PIXELS


class StillFrame(Frame):
    """headers, parts: every part of the file, [H, W, C] in the stored type; `main` is the part with RGB."""

    def __init__(
        self, number: int, path: Path, headers: list[Any], parts: list[np.ndarray], colour: Colour, info: PlateInfo
    ) -> None:
        self.number = number
        self.path = path
        self.headers = headers
        self.parts = parts
        self.info = info
        self.main: Part = picture_file.main_part(path, headers)
        self.window = self.main.window
        self.display = self.main.display
        # what an earlier run made this from does not hold for what is made of it now
        self.metadata = {a.name: a.value for a in self.main.spec.extra_attribs if a.name not in (KEY, PIXELS)}
        self._colour = colour

    @classmethod
    def read(cls, path: Path, number: int, colour: Colour, info: PlateInfo) -> StillFrame:
        source = picture_file.open_input(path)
        try:
            headers = picture_file.specs(source)
            return cls(number, path, headers, picture_file.read_all(source, path, headers), colour, info)
        finally:
            source.close()

    def deepened(self) -> StillFrame:
        """Itself, integer RGB turned to numbers that nothing rounds: for a result in another format than its own."""
        self.parts[self.main.index] = picture_file.to_float(self.parts[self.main.index])
        self.main = replace(self.main, dtype="float")
        return self

    def image(self) -> Image:
        rgb = self.parts[self.main.index][..., list(self.main.rgb)]
        pixels = self._colour.to_working(picture_file.to_float(rgb).transpose(2, 0, 1), self.info.space)
        return Image(pixels, self.window, self.display)

    def show(self, other: Frame) -> None:
        if not isinstance(other, StillFrame):
            raise UsageError(f"{self.path}: cannot show a {type(other).__name__}, expected a frame of the same plate")
        word = self.main.spec.getattribute("smpte:TimeCode")
        self.path, self.headers, self.parts = other.path, other.headers, other.parts
        self.main, self.window, self.metadata = other.main, other.window, other.metadata
        if isinstance(word, tuple):
            self._set_timecode(word)

    def set_timecode(self, text: str) -> None:
        """Timecode of the frame, HH:MM:SS:FF; one that is none changes nothing."""
        word = pack(text)
        if word is not None:
            self._set_timecode((word, 0))

    def _set_timecode(self, word: tuple) -> None:
        for header in (self.main.spec, *self.headers):
            header.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), word)

    def composite(self, image: Image, matte: np.ndarray) -> None:
        inside = image.region.intersect(self.window)
        if inside.is_empty:
            return
        covered = matte[inside.slices_in(image.region)] > 0
        rgb = self._colour.from_working(image.window(inside).pixels, self.info.space)
        if len(set(self.main.rgb)) == 1:
            rgb = rgb.mean(axis=0, keepdims=True)
        self._write(rgb, covered, inside)

    def lay(self, layer: Image) -> Image:
        inside = layer.region.intersect(self.window)
        part, space = layer.window(inside), self.info.space
        in_light = self.main.dtype in ("half", "float") and self._colour.is_linear(space)
        laid = np.empty(part.pixels.shape, np.float32)
        for strip in strips(inside):
            rows = strip.slices_in(inside)[0]
            laid[:, rows] = (self._lay if in_light else self._lay_in_working)(part.pixels[:, rows], strip)
        return replace(part, pixels=laid, colour=space) if in_light else replace(part, pixels=laid)

    def _lay(self, layer: np.ndarray, inside: Region) -> np.ndarray:
        """A strip of the layer over the stored pixels, as it was laid: in the file's own numbers."""
        native = np.concatenate([self._colour.from_working(layer[:3], self.info.space), layer[3:]])
        if len(set(self.main.rgb)) == 1:
            native[:3] = native[:3].mean(axis=0)
        laid = rounded(native, half=self.main.dtype == "half")
        self._write(plain_over(laid, self._under(inside)), laid[3] > 0, inside)
        return laid

    def _lay_in_working(self, layer: np.ndarray, inside: Region) -> np.ndarray:
        """The same in the working space, for files in which light does not add up."""
        laid = rounded(layer, half=False)
        comp = plain_over(laid, self._colour.to_working(self._under(inside), self.info.space))
        self.composite(Image(comp, inside, self.display), laid[3])
        return laid

    def _under(self, inside: Region) -> np.ndarray:
        """[3, h, w] float32 of the stored pixels, in the plate's space."""
        rows, columns = inside.slices_in(self.window)
        below = self.parts[self.main.index][rows, columns][..., list(self.main.rgb)]
        return picture_file.to_float(below).transpose(2, 0, 1)

    def _write(self, rgb: np.ndarray, covered: np.ndarray, inside: Region) -> None:
        """Stored numbers [3, H, W] of a region where covered [H, W]."""
        rows, columns = inside.slices_in(self.window)
        stored = self.parts[self.main.index][rows, columns]
        for plane, channel in zip(rgb, self.main.rgb, strict=False):
            own = stored[..., channel]
            own[...] = _mixed(covered, self._stored(plane), own)

    def _stored(self, values: np.ndarray) -> np.ndarray:
        """Values of a channel as the file holds them."""
        if self.main.dtype == "half":
            with np.errstate(over="ignore"):
                return values.astype(np.float16)
        if self.main.dtype == "float":
            return values
        return codes(values, self.main.bits, self.parts[self.main.index].dtype)


def _mixed(covered: np.ndarray, new: np.ndarray, own: np.ndarray) -> np.ndarray:
    return chosen(covered, new, own) if new.dtype == own.dtype and new.itemsize > 1 else np.where(covered, new, own)


def codes(values: np.ndarray, bits: int, dtype: np.dtype) -> np.ndarray:
    """0..1 as integers of `bits`, rounded half to even, spread over the stored type as OpenImageIO spreads them."""
    top = (1 << bits) - 1
    code = np.rint(np.clip(np.nan_to_num(values.astype(np.float64), nan=0.0), 0.0, 1.0) * top).astype(np.uint32)
    spare = np.iinfo(dtype).bits - bits
    return ((code << spare) | (code >> max(0, bits - spare))).astype(dtype)
