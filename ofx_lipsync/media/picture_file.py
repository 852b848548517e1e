# SPDX-License-Identifier: Apache-2.0
"""Reading picture files with OpenImageIO: headers, rows, and every part as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.region import Region

DTYPES = {"half": np.float16, "float": np.float32, "uint8": np.uint8, "uint16": np.uint16}
"""Pixel types of a part with RGB that is read."""


@dataclass(frozen=True)
class Part:
    """The part of a file that holds RGB. rgb: channel numbers. bits: of an integer code (10 in a 10-bit DPX)."""

    index: int
    spec: Any
    rgb: tuple[int, int, int]
    dtype: str
    bits: int

    @property
    def window(self) -> Region:
        spec = self.spec
        return Region(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height)

    @property
    def display(self) -> Region:
        spec = self.spec
        return Region(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height)


def open_input(path: Path) -> Any:
    """An OpenImageIO input. Straight alpha stays straight, so that stored values are the values we see."""
    if not path.is_file():
        raise MediaError(f"{path}: there is no such file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty (0 bytes); render or copy it again")
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    opened = oiio.ImageInput.open(str(path), config)
    if opened is None:
        raise MediaError(f"{path}: cannot be opened as a picture ({_line(oiio.geterror())})")
    return opened


def read_part(path: Path) -> Part:
    """The header of the first part with R, G and B, or else of a single grey channel."""
    source = open_input(path)
    try:
        return main_part(path, specs(source))
    finally:
        source.close()


def specs(source: Any) -> list[Any]:
    """Headers of all parts."""
    found: list[Any] = []
    while source.seek_subimage(len(found), 0):
        found.append(source.spec())
    source.geterror()
    source.seek_subimage(0, 0)
    return found


def main_part(path: Path, headers: list[Any]) -> Part:
    for index, spec in enumerate(headers):
        rgb = _rgb_channels(spec.channelnames)
        if rgb is not None:
            return _part(path, index, spec, rgb)
    names = ", ".join(name for spec in headers for name in spec.channelnames)
    raise MediaError(f"{path}: has no R, G, B channels (it has {names})")


def read_rgb(source: Any, path: Path, part: Part, region: Region) -> np.ndarray:
    """[H, W, 3] in the stored type. Only the rows (or tiles) under `region` are decoded."""
    first, last = min(part.rgb), max(part.rgb) + 1
    spec = part.spec
    if spec.tile_width:
        box = _tile_box(region, spec)
        pixels = source.read_tiles(
            part.index, 0, box.x0, box.x1, box.y0, box.y1, spec.z, spec.z + 1, first, last, _type(part.dtype)
        )
    else:
        box = Region(part.window.x0, region.y0, part.window.x1, region.y1)
        pixels = source.read_scanlines(part.index, 0, box.y0, box.y1, spec.z, first, last, _type(part.dtype))
    if pixels is None or source.has_error:
        raise broken(path, source)
    rows, columns = region.slices_in(box)
    pixels = pixels.reshape(box.height, box.width, last - first)[rows, columns]
    if part.rgb == (first, first + 1, first + 2):
        return pixels
    return np.ascontiguousarray(pixels[..., [channel - first for channel in part.rgb]])


def read_all(source: Any, path: Path, headers: list[Any]) -> list[np.ndarray]:
    """[H, W, C] of every part in its stored type. Half beside float comes as float32, which holds both exactly."""
    parts = []
    for index, spec in enumerate(headers):
        if spec.deep:
            raise MediaError(f"{path}: part {index} is deep; flatten it first")
        kind = storage_type(path, spec)
        pixels = source.read_image(index, 0, 0, spec.nchannels, kind)
        if pixels is None or source.has_error:
            raise broken(path, source)
        parts.append(pixels.reshape(spec.height, spec.width, spec.nchannels))
    return parts


def storage_type(path: Path, spec: Any) -> Any:
    """The one type that holds every channel of a part exactly."""
    kinds = {str(f) for f in spec.channelformats} or {str(spec.format)}
    if len(kinds) == 1:
        return _type(kinds.pop())
    if kinds <= {"half", "float"}:
        return oiio.FLOAT
    raise MediaError(f"{path}: channels of types {', '.join(sorted(kinds))} in one part; split them into parts")


def to_float(pixels: np.ndarray) -> np.ndarray:
    """[H, W, 3] float32, of its own, of stored pixels in the same order; integers become 0..1."""
    values = pixels.astype(np.float32)
    if pixels.dtype.kind == "u":
        values *= np.float32(1.0 / np.iinfo(pixels.dtype).max)
    return values


def broken(path: Path, source: Any) -> MediaError:
    return MediaError(f"{path}: the file is damaged or cut short ({_line(source.geterror())}); render or copy it again")


def _part(path: Path, index: int, spec: Any, rgb: tuple[int, int, int]) -> Part:
    if spec.deep:
        raise MediaError(f"{path}: is deep; flatten it first")
    kinds = {str(spec.channelformats[c] if spec.channelformats else spec.format) for c in rgb}
    dtype = kinds.pop() if len(kinds) == 1 else "several types"
    if dtype not in DTYPES:
        raise MediaError(f"{path}: pixels are {dtype}, expected half, float, uint8 or uint16")
    if min(spec.width, spec.height) < 1 or spec.depth > 1:
        raise MediaError(f"{path}: is {spec.width}x{spec.height}x{spec.depth}, expected a flat picture")
    stored = np.dtype(DTYPES[dtype]).itemsize * 8
    bits = spec.get_int_attribute("oiio:BitsPerSample", stored)
    return Part(index, spec, rgb, dtype, bits if 1 < bits <= stored else stored)


def _rgb_channels(names: tuple[str, ...]) -> tuple[int, int, int] | None:
    """R, G, B of the plain layer, else of the first layer that has them, else one grey channel thrice."""
    lower = [name.lower() for name in names]
    layers = ["", *(name[:-1] for name in lower if name.endswith(".r"))]
    for layer in layers:
        for r, g, b in (("r", "g", "b"), ("red", "green", "blue")):
            if all(layer + c in lower for c in (r, g, b)):
                return lower.index(layer + r), lower.index(layer + g), lower.index(layer + b)
    grey = [n for n, name in enumerate(lower) if name in ("y", "i", "l", "gray", "grey", "luminance")]
    return (grey[0],) * 3 if grey and "ry" not in lower else None


def _tile_box(region: Region, spec: Any) -> Region:
    """Grown to whole tiles, which count from the data window's corner."""
    x, y, width, height = spec.x, spec.y, spec.tile_width, spec.tile_height
    return Region(
        x + (region.x0 - x) // width * width,
        y + (region.y0 - y) // height * height,
        min(x - (x - region.x1) // width * width, x + spec.width),
        min(y - (y - region.y1) // height * height, y + spec.height),
    )


def _type(name: str) -> Any:
    return oiio.TypeDesc(name).basetype


def _line(text: str) -> str:
    return " ".join(text.split()) or "no reason given"
