# SPDX-License-Identifier: Apache-2.0
"""Drawn frames out: straight alpha in PNG, premultiplied in EXR, kept in movies, whole or not there."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.core.errors import OutputError, UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.media.rgba_writer import RgbaWriter
from ofx_lipsync.media.sound import read_sound

RATE = Fraction(24000, 1001)
BOX = Region(0, 0, 32, 24)


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour.load()


@pytest.fixture
def image(colour) -> Image:
    """Left nothing, right solid, between them half; of one orange."""
    light = colour.to_working(np.float32([220, 120, 40]).reshape(3, 1, 1) / 255, colour.look_space)
    alpha = np.zeros(BOX.shape, np.float32)
    alpha[:, 8:16], alpha[:, 16:] = 128 / 255, 1
    pixels = np.concatenate([light * alpha, alpha[None]]).astype(np.float32)
    return Image(pixels, BOX, BOX, channels=("R", "G", "B", "A"))


def read(path, straight: bool) -> np.ndarray:
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", int(straight))
    source = oiio.ImageInput.open(str(path), config)
    return source.read_image(0, 0, 0, 4, source.spec().format.basetype)


@pytest.mark.parametrize(("ending", "top"), [("png", 255), ("tif", 65535)])
def test_pictures_hold_straight_alpha_in_srgb(tmp_path, colour, image, ending, top) -> None:
    with RgbaWriter(str(tmp_path / f"o.####.{ending}"), colour, RATE) as writer:
        writer.write(1001, image, {"lipsync/software": "test"})
    codes = read(tmp_path / f"o.1001.{ending}", True).astype(float) * 255 / top
    np.testing.assert_allclose(codes[3, 12], [220, 120, 40, 128], atol=0.6)
    np.testing.assert_allclose(codes[3, 20], [220, 120, 40, 255], atol=0.6)
    assert codes[3, 2, 3] == 0


def test_exr_holds_premultiplied_light(tmp_path, colour, image) -> None:
    with RgbaWriter(str(tmp_path / "o.####.exr"), colour, RATE) as writer:
        writer.write(7, image)
    np.testing.assert_allclose(read(tmp_path / "o.0007.exr", False), image.pixels.transpose(1, 2, 0), rtol=1e-3)


def test_the_same_frame_gives_the_same_bytes(tmp_path, colour, image) -> None:
    for name in ("a", "b"):
        with RgbaWriter(str(tmp_path / f"{name}.####.png"), colour, RATE) as writer:
            writer.write(1, image)
    assert (tmp_path / "a.0001.png").read_bytes() == (tmp_path / "b.0001.png").read_bytes()


@pytest.mark.parametrize(("name", "codec"), [("o.mov", None), ("o.mkv", None), ("o.mov", "png")])
def test_movies_keep_alpha_rate_and_sound(tmp_path, colour, image, name, codec) -> None:
    tone = Sound((0.1 * np.sin(np.arange(8000) / 9)).astype(np.float32)[None], 16000)
    with RgbaWriter(str(tmp_path / name), colour, RATE, sound=tone, codec=codec) as writer:
        for frame in range(12):
            writer.write(frame, image)
    with av.open(str(tmp_path / name)) as movie:
        frames = [f.to_ndarray(format="rgba") for f in movie.decode(video=0)]
        assert movie.streams.video[0].average_rate == RATE
    assert len(frames) == 12
    # Pictures between two values are subsampled by no codec here; ProRes rounds
    np.testing.assert_allclose(frames[5][12, 24].astype(int), [220, 120, 40, 255], atol=4)
    np.testing.assert_allclose(frames[5][12, 11, 3].astype(int), 128, atol=4)
    assert frames[5][12, 3, 3] <= 1
    assert read_sound(str(tmp_path / name)).duration_s == pytest.approx(0.5, abs=0.01)


def test_a_background_takes_the_alphas_place(tmp_path, colour, image) -> None:
    with RgbaWriter(str(tmp_path / "o.####.png"), colour, RATE, background=(1.0, 1.0, 1.0)) as writer:
        writer.write(1, image)
    codes = read(tmp_path / "o.0001.png", True)
    assert codes[3, 2].tolist() == [255, 255, 255, 255]
    assert 120 < codes[3, 12, 1] < 255
    with RgbaWriter(str(tmp_path / "o.mp4"), colour, RATE, background=(0.0, 0.0, 0.0)) as writer:
        writer.write(1, image)
        assert writer.coding == "h264 yuv420p"


@pytest.mark.parametrize(
    ("name", "options", "error", "text"),
    [
        ("o.mp4", {}, OutputError, "mp4 holds no alpha; give .mov or .mkv, or lay it on a --background"),
        ("o.gif", {}, OutputError, "files ending in .gif are not written"),
        ("o.####.png", {"codec": "png"}, OutputError, "a sequence has no movie codec"),
        ("o.mov", {"codec": "vp9"}, UsageError, "codec: got 'vp9'"),
        ("o.mov", {"codec": "h264"}, OutputError, "mov with alpha does not hold h264"),
        ("no/o.mov", {}, OutputError, "there is no folder"),
    ],
)
def test_what_cannot_be_written_is_said_first(tmp_path, colour, name, options, error, text) -> None:
    with pytest.raises(error, match=text):
        RgbaWriter(str(tmp_path / name), colour, RATE, **options)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing_half_written(tmp_path, colour, image) -> None:
    def stopped() -> None:
        with RgbaWriter(str(tmp_path / "o.mov"), colour, RATE) as writer:
            writer.write(1, image)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert not list(tmp_path.iterdir())


def test_one_file_holds_one_frame(tmp_path, colour, image) -> None:
    with RgbaWriter(str(tmp_path / "o.png"), colour, RATE) as writer:
        writer.write(1, image)
        with pytest.raises(OutputError, match="is one file, but there are more frames"):
            writer.write(2, image)
