# SPDX-License-Identifier: Apache-2.0
"""What movies mean by their codes: files encoded here, read back, and held against the standards' own formulas."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import PyOpenColorIO as ocio
import pytest

from ofx_lipsync.core.errors import ColourError
from ofx_lipsync.core.image import Image
from ofx_lipsync.media import Colour, open_plate
from ofx_lipsync.media.native import plane_view

PATCHES = np.array([(0.5, 0.5, 0.5), (0.75, 0.1, 0.1), (0.1, 0.6, 0.2), (0.2, 0.15, 0.7), (0.8, 0.6, 0.5)])
"""Encoded R'G'B', the last one skin; each is a band of the picture."""
BT601, BT709, BT2020 = (0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)
UNSAID = (2, 2, 2, 0)


@pytest.fixture(scope="module")
def studio() -> Colour:
    return Colour.load("studio-config-v2.2.0_aces-v1.3_ocio-v2.4")


def bands(
    path: Path, codec: str, pixel_format: str, weights: tuple[float, float], tags: tuple[int, ...], height: int,
    rgb: np.ndarray = PATCHES, options: dict[str, str] | None = None,
) -> str:  # fmt: skip
    """A movie of two frames, a band for each colour, its codes by the formulas of BT.601, BT.709 and BT.2020."""
    width = 32 * len(rgb)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = tags
        for count in range(2):
            picture = av.VideoFrame(width, height, pixel_format)
            full = tags[3] == 2
            for part in picture.format.components:
                plane = plane_view(picture, part, part.bits)
                plane[...] = np.repeat(codes(rgb, weights, full, part.bits)[part.plane], part.width // len(rgb))
            picture.pts = count
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return str(path)


def codes(rgb: np.ndarray, weights: tuple[float, float], full: bool, bits: int) -> np.ndarray:
    """[3, N] integers: Y'CbCr of R'G'B'. Source: ITU-R BT.709 sections 3 and 4, and as it in the other two."""
    red, blue = weights
    luma = rgb @ np.array([red, 1 - red - blue, blue])
    cb, cr = (rgb[:, 2] - luma) / (2 - 2 * blue), (rgb[:, 0] - luma) / (2 - 2 * red)
    scale = 1 << (bits - 8)
    if full:
        return np.rint([luma * ((1 << bits) - 1), *(c * ((1 << bits) - 1) + 128 * scale for c in (cb, cr))]).astype(int)
    return np.rint([(219 * luma + 16) * scale, *((224 * c + 128) * scale for c in (cb, cr))]).astype(int)


def seen(path: str, colour: Colour, space: str | None = None) -> tuple[np.ndarray, str, str]:
    """([3, N] scene-linear in the middle of each band, the plate's space, and why)."""
    with open_plate(path, colour=colour, space=space) as plate:
        pixels = plate.crop(1, plate.display).pixels
        return pixels[:, pixels.shape[1] // 2, 16::32], plate.info.space, plate.info.space_from


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "weights", "tags", "height"),
    [
        ("ntsc.mp4", "libx264", "yuv420p", BT601, UNSAID, 480),
        ("pal.mkv", "ffv1", "yuv422p", BT601, UNSAID, 576),
        ("hd.mp4", "libx264", "yuv420p", BT709, UNSAID, 720),
        ("full-hd.mov", "prores_ks", "yuv422p10le", BT709, UNSAID, 1080),
        ("uhd.mp4", "libx264", "yuv420p", BT709, UNSAID, 2160),
        ("sd-as-709.mp4", "libx264", "yuv420p", BT709, (1, 1, 1, 1), 480),
        ("hd-as-601.mp4", "libx264", "yuv420p", BT601, (6, 6, 6, 1), 720),
        ("phone.mp4", "libx264", "yuvj420p", BT709, (1, 1, 1, 2), 720),
        ("full.mkv", "ffv1", "yuv444p10le", BT709, (1, 1, 1, 2), 720),
    ],
)
def test_rec709_video_tagged_and_not(tmp_path, studio, name, codec, pixel_format, weights, tags, height):
    options = {"crf": "4"} if codec == "libx264" else None
    path = bands(tmp_path / name, codec, pixel_format, weights, tags, height, options=options)
    found, space, why = seen(path, studio)
    wanted = studio.to_working(PATCHES.T[:, None].astype(np.float32), "sRGB - Texture")[:, 0]
    assert (space, why) == (studio.look_space, "default")
    np.testing.assert_allclose(studio.to_look(found[:, None])[:, 0], PATCHES.T, atol=1.6 / 219)
    np.testing.assert_allclose(found, wanted, atol=0.02)


def test_the_wrong_matrix_would_be_seen(tmp_path, studio):
    """BT.601 read as BT.709 moves a red by far more than the bar above."""
    path = bands(tmp_path / "wrong.mkv", "ffv1", "yuv444p", BT601, (1, 1, 1, 1), 480)
    assert np.abs(studio.to_look(seen(path, studio)[0][:, None])[:, 0] - PATCHES.T).max() > 0.05


def pq(code: np.ndarray) -> np.ndarray:
    """cd/m2 of PQ codes 0..1. Source: SMPTE ST 2084 (2014), 4096 and 32 bit constants as fractions."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = code ** (1 / m2)
    return 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def hlg(code: np.ndarray) -> np.ndarray:
    """cd/m2 of HLG codes [3, N] on a display of 1000 cd/m2. Source: ITU-R BT.2100-2, table 5 (system gamma 1.2)."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return 1000 * np.tensordot([0.2627, 0.6780, 0.0593], scene, 1) ** 0.2 * scene


@pytest.mark.parametrize(
    ("name", "codec", "transfer", "space", "light"),
    [
        ("pq.mp4", "libx265", 16, "Rec.2100-PQ - Display", lambda code: pq(code) / 100),
        ("pq.mov", "prores_ks", 16, "Rec.2100-PQ - Display", lambda code: pq(code) / 100),
        ("hlg.mp4", "libx265", 18, "Rec.2100-HLG - Display", lambda code: hlg(code) / 100),
        ("hlg.mkv", "ffv1", 18, "Rec.2100-HLG - Display", lambda code: hlg(code) / 100),
    ],
)
def test_tagged_hdr_is_read_by_its_curve_and_matrix(tmp_path, studio, name, codec, transfer, space, light):
    form = {"prores_ks": "yuv422p10le", "ffv1": "yuv444p10le", "libx265": "yuv420p10le"}[codec]
    options = {"x265-params": "log-level=none:lossless=1"} if codec == "libx265" else None
    path = bands(tmp_path / name, codec, form, BT2020, (9, transfer, 9, 1), 64, PATCHES * 0.8, options)
    found, got, why = seen(path, studio)
    assert (got, why) == (space, "tags")
    wanted = light((PATCHES * 0.8).T)
    linear = studio.convert(found[:, None], "scene_linear", "Linear Rec.2020")[:, 0]
    # ten bits and subsampled chroma: within 3 % of the brightest, and of grey within a code's step
    np.testing.assert_allclose(linear, wanted, rtol=0, atol=0.03 * wanted.max())
    np.testing.assert_allclose(linear[:, 0], wanted[:, 0], rtol=0.01)


@pytest.mark.parametrize(("transfer", "form"), [(16, "yuv420p10le"), (18, "yuv422p10le"), (14, "yuv444p10le")])
def test_wide_video_composited_with_itself_keeps_its_codes(tmp_path, studio, transfer, form):
    path = bands(tmp_path / "own.mkv", "ffv1", form, BT2020, (9, transfer, 9, 1), 64)
    with open_plate(path, colour=studio) as plate:
        before, frame = plate.load(1), plate.load(1)
        image: Image = frame.image()
        frame.composite(image, np.ones(image.region.shape, np.float32))
        for old, new in zip(before.planes().arrays, frame.planes().arrays, strict=True):
            assert np.abs(new.astype(int) - old).max() <= 1


@pytest.mark.parametrize(
    ("tags", "space", "why"),
    [
        ((9, 14, 9, 1), "Rec.1886 Rec.2020 - Display", "tags"),
        ((12, 13, 1, 1), "sRGB Encoded P3-D65", "tags"),
        ((12, 16, 9, 1), "ST2084-P3-D65 - Display", "tags"),
        ((1, 1, 1, 1), "sRGB Encoded Rec.709 (sRGB)", "default"),
    ],
)
def test_wide_gamut_tags(tmp_path, studio, tags, space, why):
    path = bands(tmp_path / "wide.mkv", "ffv1", "yuv444p10le", BT2020, tags, 64)
    assert seen(path, studio)[1:] == (space, why)
    assert seen(path, studio, "lin_rec2020")[1:] == ("Linear Rec.2020", "given")


def test_hdr_that_the_config_does_not_know_wants_its_space_named(tmp_path):
    config = tmp_path / "small.ocio"
    small = ocio.Config.CreateRaw()
    small.addColorSpace(ocio.ColorSpace(name="sRGB - Texture"))
    config.write_text(small.serialize(), encoding="utf-8")
    path = bands(tmp_path / "hlg.mkv", "ffv1", "yuv444p10le", BT2020, (9, 18, 9, 1), 64)
    with pytest.raises(ColourError, match=r"is HLG .*; name its colour space"):
        open_plate(path, colour=Colour.load(str(config)))
