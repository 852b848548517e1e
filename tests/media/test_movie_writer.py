# SPDX-License-Identifier: Apache-2.0
"""Movies out: as many frames as in, at the same times, with the same codes where nothing was painted."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Callable

import av
import numpy as np
import pytest

from ofx_lipsync.core.errors import OutputError, UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.media import Colour, open_plate, open_writer

NTSC_FILM = Fraction(24000, 1001)


def copy(source: str, out: str, colour: Colour, codec: str | None = None, **options: Any) -> None:
    with open_plate(source, colour=colour, **options) as plate, open_writer(out, plate, codec=codec) as writer:
        for n in plate.frames:
            writer.write(plate.load(n))


@pytest.mark.parametrize(
    "pixel_format", ["yuv420p", "yuv422p10le", "yuv444p12le", "yuv411p", "gbrp10le", "yuva444p10le", "gray", "rgb24"]
)
@pytest.mark.parametrize("region", [Region(10, 8, 50, 44), Region(11, 9, 52, 43), Region(-9, -7, 33, 31)])
def test_lossless_movie_is_bit_identical_outside_the_matte(
    movie: Callable, colour: Colour, tmp_path: Path, pixel_format: str, region: Region
) -> None:
    packed = pixel_format == "rgb24"
    source = movie("s.avi" if packed else "s.mkv", 2, "rawvideo" if packed else "ffv1", pixel_format)
    y, x = np.mgrid[0 : region.height, 0 : region.width]
    matte = (np.hypot(x - 20, y - 18) < 12).astype(np.float32) * 0.1
    patch = np.broadcast_to(np.float32([0.3, 0.4, 0.35])[:, None, None], (3, *region.shape)).copy()
    out = str(tmp_path / "o.mkv")
    with open_plate(source, colour=colour) as plate, open_writer(out, plate, codec="ffv1") as writer:
        for n in plate.frames:
            frame = plate.load(n)
            frame.composite(Image(patch, region, plate.display), matte)
            writer.write(frame)
    covered = np.zeros(plate.display.shape, bool)
    inside = region.intersect(plate.display)
    rows, columns = inside.slices_in(plate.display)
    covered[rows, columns] = matte[inside.slices_in(region)] > 0
    with open_plate(source, colour=colour) as before, open_plate(out, colour=colour) as after:
        assert before.info.dtype == after.info.dtype
        old, new = before.load(2), after.load(2)
        for number, (was, now) in enumerate(zip(old.planes().arrays, new.planes().arrays, strict=True)):  # type: ignore[attr-defined]
            step_y, step_x = covered.shape[0] // was.shape[0], covered.shape[1] // was.shape[1]
            touched = covered.reshape(was.shape[0], step_y, was.shape[1], step_x).any(axis=(1, 3))
            np.testing.assert_array_equal(was[~touched], now[~touched], err_msg=f"plane {number}")
            assert (was[touched] != now[touched]).mean() > 0.5
        if pixel_format == "gray":
            return
        # One step of 8-bit luma is 0.01 in linear light here; 4:1:1 chroma is coarser still at the disc's rim.
        middle = after.crop(2, Region(region.x0 + 16, region.y0 + 14, region.x0 + 24, region.y0 + 22)).pixels
        np.testing.assert_allclose(middle.mean(axis=(1, 2)), [0.3, 0.4, 0.35], atol=0.012)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le", "yuv444p", "yuv411p", "gbrp10le", "yuvj420p"])
def test_the_plates_own_pixels_composited_change_nothing(movie: Callable, colour: Colour, pixel_format: str) -> None:
    codec = {"yuvj420p": "mjpeg"}.get(pixel_format, "ffv1")
    with open_plate(movie("s.mkv", 1, codec, pixel_format), colour=colour) as plate:
        region = Region(5, 3, 88, 61)
        frame, before = plate.load(1), plate.load(1)
        frame.composite(plate.crop(1, region), np.ones(region.shape, np.float32))
        for was, now in zip(before.planes().arrays, frame.planes().arrays, strict=True):  # type: ignore[attr-defined]
            np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize(
    ("name", "codec", "made_with", "pixel_format", "expected"),
    [
        ("o.mov", None, "libx264", "yuv420p", ("h264", "yuv420p")),
        ("o.mp4", None, "libx264", "yuv420p", ("h264", "yuv420p")),
        ("o.mkv", None, "libx264", "yuv422p10le", ("h264", "yuv422p10le")),
        ("o.mov", None, "prores_ks", "yuv422p10le", ("prores", "yuv422p10le")),
        ("o.mov", None, "prores_ks", "yuva444p10le", ("prores", "yuva444p12le")),
        ("o.mkv", None, "ffv1", "yuv422p10le", ("ffv1", "yuv422p10le")),
        ("o.mov", "prores", "libx264", "yuv420p", ("prores", "yuv422p10le")),
        ("o.mov", "prores4444", "ffv1", "gbrp10le", ("prores", "yuv444p12le")),
        ("o.mp4", None, "mjpeg", "yuvj420p", ("h264", "yuvj420p")),
    ],
)
@pytest.mark.parametrize("rate", [NTSC_FILM, Fraction(25)])
def test_frames_in_are_frames_out_at_the_same_rate(
    movie: Callable, colour: Colour, tmp_path: Path, name: str, codec: str | None, made_with: str, pixel_format: str,
    expected: tuple[str, str], rate: Fraction,
) -> None:  # fmt: skip
    source, out = (
        movie("s.mov" if made_with == "prores_ks" else "s.mkv", 31, made_with, pixel_format, rate),
        str(tmp_path / name),
    )
    copy(source, out, colour, codec)
    with open_plate(source, colour=colour) as before, open_plate(out, colour=colour) as after:
        assert (after.rate, len(after.frames), after.info.variable) == (rate, 31, False)
        assert (after.info.codec, after.info.dtype) == expected
        for n in (1, 16, 31):
            change = np.abs(before.look(n, before.display, 64).pixels - after.look(n, after.display, 64).pixels)
            assert change.mean() < 0.012, n


def test_variable_rate_stays(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    pts = [0, 40, 100, 110, 300, 333, 400, 2000]
    source = movie("v.mkv", 8, pts=pts, time_base=Fraction(1, 1000))
    for name in ("o.mkv", "o.mp4", "o.mov"):
        copy(source, str(tmp_path / name), colour)
        with open_plate(str(tmp_path / name), colour=colour) as after:
            assert [round(after.time_s(n) * 1000) for n in after.frames] == pts
            assert after.info.variable


def test_timecode_tags_and_shape_go_along(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    source = movie("t.mov", 12, "prores_ks", "yuv422p10le", NTSC_FILM, timecode="01:00:00:00", tags=(1, 1, 1, 1))
    out = str(tmp_path / "o.mov")
    copy(source, out, colour, frames=FrameRange.parse("5-12"))
    with open_plate(out, colour=colour) as after:
        assert after.info.timecode == "01:00:00:04"
        assert len(after.frames) == 8
    with av.open(out) as container:
        context = container.streams.video[0].codec_context
        assert [
            int(v) for v in (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        ] == [1, 1, 1, 1]


def test_exr_to_movie_and_back_keeps_the_look(write_exr: Callable, colour: Colour, tmp_path: Path) -> None:
    y, x = np.mgrid[0:40, 0:60] / 60
    channels = {"R": x.astype(np.float16), "G": y.astype(np.float16), "B": (0.5 * x * y).astype(np.float16)}
    for n in (1001, 1002):
        write_exr(tmp_path / f"p.{n}.exr", channels, x=2, y=4, display=(0, 0, 64, 48))
    for name, codec in (("o.mov", None), ("o.mkv", "ffv1"), ("o.mp4", None)):
        copy(str(tmp_path / "p.####.exr"), str(tmp_path / name), colour, codec)
        with (
            open_plate(str(tmp_path / "p.####.exr"), colour=colour) as before,
            open_plate(str(tmp_path / name), colour=colour) as after,
        ):
            assert (len(after.frames), after.rate, after.display) == (2, 24, Region(0, 0, 64, 48))
            inner = Region(6, 8, 58, 40)
            difference = before.look(1001, inner, 64).pixels - after.look(1, inner, 64).pixels
            assert np.abs(difference).mean() < 0.012, name


def test_movie_to_exr_is_linear_and_numbered(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    source = movie("t.mov", 3, "prores_ks", "yuv422p10le", NTSC_FILM, timecode="10:00:00:22")
    copy(source, str(tmp_path / "o.####.exr"), colour)
    with open_plate(source, colour=colour) as before, open_plate(str(tmp_path / "o.####.exr"), colour=colour) as after:
        assert (list(after.frames), after.rate, after.info.timecode) == ([1, 2, 3], NTSC_FILM, "10:00:00:22")
        assert (after.info.dtype, after.info.space) == ("half", "ACEScg")
        np.testing.assert_allclose(
            before.crop(2, before.display).pixels, after.crop(2, after.display).pixels, rtol=6e-4, atol=1e-6
        )
        assert after.load(3).metadata["smpte:TimeCode"][0] == 0x10000100


@pytest.mark.parametrize(("ending", "dtype"), [("png", "uint16"), ("dpx", "uint10"), ("tif", "uint16")])
def test_movie_to_integer_sequences(movie: Callable, colour: Colour, tmp_path: Path, ending: str, dtype: str) -> None:
    source = movie("t.mkv", 2, "ffv1", "yuv422p10le", NTSC_FILM)
    copy(source, str(tmp_path / f"o.####.{ending}"), colour)
    with (
        open_plate(source, colour=colour) as before,
        open_plate(str(tmp_path / f"o.####.{ending}"), colour=colour) as after,
    ):
        assert after.info.dtype == dtype
        assert after.rate == (NTSC_FILM if ending == "dpx" else 24)
        change = before.look(2, before.display, 96).pixels - after.look(2, after.display, 96).pixels
        assert np.abs(change).mean() < 0.012


def test_same_input_same_bytes(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    source = movie("s.mp4", 20)
    for name in ("mov", "mp4", "mkv"):
        first, second = (tmp_path / f"{n}.{name}" for n in ("a", "b"))
        copy(source, str(first), colour)
        copy(source, str(second), colour)
        assert first.read_bytes() == second.read_bytes()


def test_what_cannot_be_is_said(movie: Callable, colour: Colour, tmp_path: Path) -> None:
    with open_plate(movie("s.mp4", 3), colour=colour) as plate:
        with pytest.raises(OutputError, match="mp4 does not hold prores"):
            open_writer(str(tmp_path / "o.mp4"), plate, codec="prores")
        with pytest.raises(UsageError, match="expected h264 or prores"):
            open_writer(str(tmp_path / "o.mov"), plate, codec="cinepak")
        writer = open_writer(str(tmp_path / "o.mov"), plate)
        writer.write(plate.load(2))
        with pytest.raises(OutputError, match="frame 1 comes after a later one"):
            writer.write(plate.load(1))
        writer.abort()
        with pytest.raises(OutputError, match="no frames were written"):
            open_writer(str(tmp_path / "e.mov"), plate).close()


def test_h264_refuses_odd_sizes_with_a_way_out(write_exr: Callable, colour: Colour, tmp_path: Path) -> None:
    write_exr(tmp_path / "p.1.exr", {c: np.zeros((31, 33), np.float16) for c in "RGB"})
    with open_plate(str(tmp_path / "p.#.exr"), colour=colour) as plate:
        with pytest.raises(OutputError, match=r"needs even sizes .got 33x31.; write .mov with codec prores4444"):
            open_writer(str(tmp_path / "o.mp4"), plate)
        with open_writer(str(tmp_path / "o.mov"), plate, codec="prores4444") as writer:
            writer.write(plate.load(1))
    with open_plate(str(tmp_path / "o.mov"), colour=colour) as after:
        assert (after.info.width, after.info.height) == (33, 31)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le"])
def test_odd_sizes_with_reduced_chroma_stay_lossless(pixel_format: str, colour: Colour, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "in.mkv"), "w") as source:
        stream = source.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 33, 31, pixel_format
        picture = av.VideoFrame.from_ndarray(np.full((31, 33, 3), 90, np.uint8), "rgb24").reformat(format=pixel_format)
        source.mux([*stream.encode(picture), *stream.encode(None)])
    with open_plate(str(tmp_path / "in.mkv"), colour=colour) as plate:
        with open_writer(str(tmp_path / "out.mkv"), plate) as writer:
            writer.write(plate.load(1))
        with open_plate(str(tmp_path / "out.mkv"), colour=colour) as after:
            assert np.array_equal(after.load(1).planes().arrays[1], plate.load(1).planes().arrays[1])
        with pytest.raises(OutputError, match="even"):
            open_writer(str(tmp_path / "out.mp4"), plate, codec="h264")
