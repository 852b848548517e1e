# SPDX-License-Identifier: Apache-2.0
"""Drawings out of PNG, TIFF, EXR, PSD and SVG: premultiplied scene-linear RGBA on the set's canvas.

Drawings are display-referred: their codes are sRGB unless the file or the artist says otherwise. Straight alpha stays
straight until the colour is linear, and is multiplied in then, so that soft edges carry no dark fringe.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import OpenImageIO as oiio

from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media import picture_file
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.still_space import still_space

DEFAULT_PX = 1080
LARGEST_BYTES = 64 << 20
"""Of an SVG's text."""
LARGEST_PX = 8192
"""No side of a canvas is longer: an SVG may claim any size, and memory is finite."""


@dataclass(frozen=True)
class Drawing:
    """pixels: [4, H, W] float32 RGBA, scene-linear, premultiplied. region: where on the canvas they lie."""

    pixels: np.ndarray
    region: Region

    @property
    def is_empty(self) -> bool:
        return not self.pixels[3].any()


@dataclass(frozen=True)
class Layer:
    """A drawing as its file has it. name: the file's or layer's. canvas: the whole picture it is a part of."""

    name: str
    drawing: Drawing
    canvas: Region


def read_picture(path: Path, colour: Colour, space: str | None) -> Layer:
    """A file of one flat picture.  Raises: MediaError, ColourError."""
    source = picture_file.open_input(path)
    try:
        spec = source.spec()
        return _layer(path, source, 0, spec, path.stem, _full(spec), colour, space)
    finally:
        source.close()


def read_psd(path: Path, colour: Colour, space: str | None) -> list[Layer]:
    """The layers of a PSD, from the back to the front. Groups, layer masks and effects are not read.

    Raises: MediaError where the file has no layers."""
    source = picture_file.open_input(path)
    try:
        headers = picture_file.specs(source)
        if len(headers) < 2:
            raise MediaError(
                f"{path}: has no layers; save it with layers (Photoshop: maximise compatibility is not enough)"
            )
        canvas, layers = _full(headers[0]), []
        for index, spec in enumerate(headers[1:], start=1):
            name = spec.get_string_attribute("oiio:subimagename") or f"layer {index}"
            if spec.width > 0 and spec.height > 0:
                layers.append(_layer(path, source, index, spec, name, canvas, colour, space))
        return layers
    finally:
        source.close()


def read_svg(path: Path, colour: Colour, height_px: int | None) -> Layer:
    """An SVG, drawn at height_px or at its own size. Pictures and fonts it refers to are not loaded."""
    if path.stat().st_size > LARGEST_BYTES:
        raise MediaError(f"{path}: has {path.stat().st_size} bytes, expected a drawing of at most {LARGEST_BYTES}")
    return draw_svg(path.read_text(encoding="utf-8", errors="replace"), str(path), path.stem, colour, height_px)


def draw_svg(text: str, where: str, name: str, colour: Colour, height_px: int | None = None) -> Layer:
    """SVG text as a layer. where: what an error calls it.  Raises: MediaError."""
    import resvg_py

    text = _without_files(text, where)
    height_px = height_px or _own_height(text)
    if not 0 < height_px <= LARGEST_PX:
        raise MediaError(f"{where}: is {height_px} px high, expected 1 to {LARGEST_PX}; set Character.height")
    try:
        # both sides are bounds: out of its memory, the rasteriser would take the whole process down
        drawn = resvg_py.svg_to_bytes(svg_string=text, width=LARGEST_PX, height=height_px, skip_system_fonts=True)
        png = bytes(drawn)
        with av.open(io.BytesIO(png), mode="r") as container:
            codes = next(container.decode(video=0)).to_ndarray(format="rgba")
    except (ValueError, StopIteration, av.error.FFmpegError) as error:
        raise MediaError(f"{where}: is not an SVG that can be drawn ({_line(error)}); export it again") from None
    canvas = Region.of_size(codes.shape[1], codes.shape[0])
    part = trimmed(Drawing(codes.transpose(2, 0, 1), canvas))
    planes = part.pixels.astype(np.float32) / np.float32(255)
    return Layer(name, Drawing(_premultiplied(planes, colour, colour.look_space), part.region), canvas)


def _without_files(text: str, where: str) -> str:
    """An SVG from a stranger must not bring pictures of this machine into the film: only what it holds itself is left.

    Raises: MediaError for entities that could hide the name of a file."""
    if re.search(r"<!ENTITY[^>]*(?:[<&%]|SYSTEM|PUBLIC)", text):
        raise MediaError(f"{where}: declares entities that are not plain text; export it as plain SVG")
    return re.sub(r"""\b(?:\w+:)?href\s*=\s*(["'])(?!\s*(?:#|data:)).*?\1""", "", text, flags=re.DOTALL)


def _own_height(text: str) -> int:
    """px that an SVG says it is high, by its height or else its viewBox."""
    root = re.search(r"<svg\b[^>]*>", text)
    tag = root[0] if root else ""
    height = re.search(r"""\bheight\s*=\s*["']\s*([\d.]{1,9})\s*(?:px)?\s*["']""", tag)
    box = re.search(r"""\bviewBox\s*=\s*["']\s*[-\d.]+[\s,]+[-\d.]+[\s,]+[\d.]+[\s,]+([\d.]{1,9})\s*["']""", tag)
    found = height or box
    try:
        return max(1, round(float(found[1]))) if found else DEFAULT_PX
    except ValueError:
        return DEFAULT_PX


def trimmed(drawing: Drawing) -> Drawing:
    """Without the empty rows and columns round it: mouths are small, and frames are many."""
    rows, columns = (np.flatnonzero(drawing.pixels[3].any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Drawing(drawing.pixels[:, :1, :1].copy(), Region(*_corner(drawing.region), *_corner(drawing.region, 1)))
    box = Region(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    pixels = np.ascontiguousarray(drawing.pixels[:, box.y0 : box.y1, box.x0 : box.x1])
    return Drawing(pixels, box.shift(drawing.region.x0, drawing.region.y0))


def placed(drawing: Drawing, canvas: Region) -> np.ndarray:
    """[4, H, W] of the whole canvas."""
    planes = np.zeros((4, *canvas.shape), np.float32)
    inside = drawing.region.intersect(canvas)
    if not inside.is_empty:
        rows, columns = inside.slices_in(canvas)
        own_rows, own_columns = inside.slices_in(drawing.region)
        planes[:, rows, columns] = drawing.pixels[:, own_rows, own_columns]
    return planes


def resized(drawing: Drawing, canvas: Region, to: Region) -> Drawing:
    """The drawing on a canvas of another size, filtered as premultiplied light."""
    if canvas.shape == to.shape:
        return drawing
    whole = oiio.ImageBuf(oiio.ImageSpec(canvas.width, canvas.height, 4, oiio.FLOAT))
    whole.set_pixels(whole.roi, np.ascontiguousarray(placed(drawing, canvas).transpose(1, 2, 0)))
    sized = oiio.ImageBufAlgo.resize(whole, roi=oiio.ROI(0, to.width, 0, to.height, 0, 1, 0, 4))
    pixels = np.ascontiguousarray(np.asarray(sized.get_pixels(oiio.FLOAT)).transpose(2, 0, 1))
    # a sharp filter rings: what was empty stays empty
    pixels[:, pixels[3] < 1 / 1024] = 0
    return trimmed(Drawing(pixels, to))


def straight(planes: np.ndarray) -> np.ndarray:
    """[4, H, W] with the alpha taken out of the colour; no colour where there is no alpha."""
    alpha = planes[3]
    return np.concatenate([np.where(alpha > 0, planes[:3] / np.where(alpha > 0, alpha, 1), 0), planes[3:]])


def screen_codes(planes: np.ndarray, colour: Colour, dtype: type = np.uint8) -> np.ndarray:
    """[H, W, 4] uint8 or uint16, straight sRGB, of premultiplied scene-linear [4, H, W]: for screens and PNG."""
    own = straight(planes)
    own[:3] = colour.from_working(np.ascontiguousarray(own[:3]), colour.look_space)
    own *= np.float32(np.iinfo(dtype).max)
    own += np.float32(0.5)
    return np.ascontiguousarray(np.clip(own, 0, np.iinfo(dtype).max).astype(dtype).transpose(1, 2, 0))


def _layer(
    path: Path, source: Any, index: int, spec: Any, name: str, canvas: Region, colour: Colour, space: str | None
) -> Layer:
    dtype = str(spec.format)
    if dtype not in picture_file.DTYPES:
        raise MediaError(f"{path}: {name} holds {dtype}, expected half, float, uint8 or uint16")
    if max(spec.width, spec.height, canvas.width, canvas.height) > LARGEST_PX:
        raise MediaError(f"{path}: {name} is {spec.width} x {spec.height} px, expected at most {LARGEST_PX}")
    stored = source.read_image(index, 0, 0, spec.nchannels, oiio.TypeDesc(dtype).basetype)
    if stored is None or source.has_error:
        raise picture_file.broken(path, source)
    values = picture_file.to_float(stored.reshape(spec.height, spec.width, spec.nchannels)).transpose(2, 0, 1)
    planes = _rgba(path, name, spec, values)
    known = still_space(str(path), spec, dtype, colour, space)[0]
    if not spec.get_int_attribute("oiio:UnassociatedAlpha", 1 if path.suffix.lower() == ".psd" else 0):
        planes = straight(planes)
    region = Region(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height)
    part = trimmed(Drawing(planes, region))
    return Layer(name, Drawing(_premultiplied(part.pixels, colour, known), part.region), canvas)


def _rgba(path: Path, name: str, spec: Any, values: np.ndarray) -> np.ndarray:
    """[4, H, W] straight or not, as it is stored; grey thrice, solid where there is no alpha."""
    lower = [channel.lower() for channel in spec.channelnames]
    colours = [lower.index(c) for c in ("r", "g", "b") if c in lower]
    if len(colours) != 3 and not set(lower) & {"y", "i", "l"}:
        raise MediaError(f"{path}: {name} has no R, G, B channels (it has {', '.join(spec.channelnames)})")
    rgb = values[colours] if len(colours) == 3 else np.repeat(values[:1], 3, axis=0)
    alpha = values[lower.index("a")] if "a" in lower else np.ones(values.shape[1:], np.float32)
    return np.concatenate([rgb, alpha[None]]).astype(np.float32)


def _premultiplied(own: np.ndarray, colour: Colour, space: str) -> np.ndarray:
    rgb = colour.to_working(np.ascontiguousarray(own[:3]), space)
    # what lies under an alpha of 0 is not a part of the drawing, whatever a paint program left there
    return np.concatenate([np.where(own[3] > 0, rgb * own[3], 0), own[3:]]).astype(np.float32)


def _full(spec: Any) -> Region:
    return Region(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height)


def _corner(region: Region, add: int = 0) -> tuple[int, int]:
    return region.x0 + add, region.y0 + add


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
