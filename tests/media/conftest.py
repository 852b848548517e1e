# SPDX-License-Identifier: Apache-2.0
"""Plates made on the spot: EXR parts with awkward windows, and movies in every pixel format."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Sequence

import av
import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.media import Colour
from ofx_lipsync.media.native import plane_rows


@pytest.fixture(scope="session")
def colour() -> Colour:
    return Colour.load("cg-config-v2.2.0_aces-v1.3_ocio-v2.4")


@pytest.fixture
def write_exr() -> Callable[..., None]:
    """write_exr(path, {channel: array}, x=, y=, display=(x, y, w, h), half=True, **attributes)."""

    def write(path: Path, channels: dict[str, np.ndarray], **options: Any) -> None:
        header, pixels = exr_part(channels, **options)
        output = oiio.ImageOutput.create(str(path))
        assert output.open(str(path), header), output.geterror()
        assert output.write_image(pixels), output.geterror()
        output.close()

    return write


@pytest.fixture(name="exr_part")
def exr_part_fixture() -> Callable[..., tuple[Any, np.ndarray]]:
    return exr_part


def exr_part(
    channels: dict[str, np.ndarray], x: int = 0, y: int = 0, display: Sequence[int] | None = None,
    attributes: Sequence[tuple[Any, ...]] = (),
) -> tuple[oiio.ImageSpec, np.ndarray]:  # fmt: skip
    """(header, pixels) of a part; each channel keeps its own type."""
    first = next(iter(channels.values()))
    height, width = first.shape
    kinds = [oiio.TypeDesc("half" if a.dtype == np.float16 else "float") for a in channels.values()]
    header = oiio.ImageSpec(width, height, len(channels), kinds[0])
    header.channelnames = tuple(channels)
    if len(set(map(str, kinds))) > 1:
        header.channelformats = tuple(kinds)
    header.x, header.y = x, y
    shown = display or (0, 0, width, height)
    header.full_x, header.full_y, header.full_width, header.full_height = shown
    for attribute in attributes:
        header.attribute(*attribute)
    same = len({a.dtype for a in channels.values()}) == 1
    return header, np.stack(list(channels.values()), axis=2).astype(first.dtype if same else np.float32)


@pytest.fixture
def read_parts() -> Callable[[Path], list[tuple[Any, dict[str, np.ndarray]]]]:
    """[(header, {channel: bits as unsigned})] of a file, read a channel at a time in its own type."""

    def read(path: Path) -> list[tuple[Any, dict[str, np.ndarray]]]:
        source = oiio.ImageInput.open(str(path))
        assert source is not None, oiio.geterror()
        parts = []
        while source.seek_subimage(len(parts), 0):
            header = source.spec()
            bits = {}
            for n, name in enumerate(header.channelnames):
                kind = header.channelformats[n] if header.channelformats else header.format
                plane = np.ascontiguousarray(source.read_image(len(parts), 0, n, n + 1, kind.basetype))
                bits[name] = plane.reshape(header.height, header.width).view(f"u{plane.dtype.itemsize}")
            parts.append((header, bits))
        source.close()
        return parts

    return read


@pytest.fixture
def movie(tmp_path: Path) -> Callable[..., str]:
    """movie(name, frames=12, codec=, pixel_format=, rate=, pts=, size=, options=, tags=, timecode=) -> path."""

    def make(
        name: str, frames: int = 12, codec: str = "libx264", pixel_format: str = "yuv420p",
        rate: Fraction = Fraction(24), pts: Sequence[int] | None = None, time_base: Fraction | None = None,
        size: tuple[int, int] = (96, 64), options: dict[str, str] | None = None, tags: Sequence[int] = (1, 1, 1, 1),
        timecode: str = "", rotation: int = 0,
    ) -> str:  # fmt: skip
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate, options=options or {})
            stream.width, stream.height, stream.pix_fmt = *size, pixel_format
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags
            if time_base is not None:
                stream.time_base = context.time_base = time_base
            if timecode:
                stream.metadata["timecode"] = timecode
            if rotation:
                stream.set_display_rotation(rotation)
            for n in range(frames):
                picture = drawn(n, size, pixel_format)
                picture.pts, picture.time_base = (pts[n] if pts else n), time_base or 1 / rate
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        return str(path)

    return make


def drawn(n: int, size: tuple[int, int], pixel_format: str) -> av.VideoFrame:
    """Frame n: a moving wave with grain in every plane, so that no two frames or places are alike."""
    picture = av.VideoFrame(*size, pixel_format)
    rng = np.random.default_rng(n)
    for part in picture.format.components:
        kind = np.uint8 if part.bits <= 8 else np.uint16
        y, x = np.mgrid[0 : part.height, 0 : part.width]
        wave = 0.5 + 0.3 * np.sin((x + 3 * n) / 7 + part.plane) * np.cos(y / 9) + rng.normal(0, 0.02, x.shape)
        plane = plane_rows(picture.planes[part.plane], kind)
        plane[: part.height, : part.width] = np.clip(wave, 0.1, 0.9) * ((1 << part.bits) - 1)
    return picture
