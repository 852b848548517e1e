# SPDX-License-Identifier: Apache-2.0
"""Sequences in and out: what was not touched comes back bit for bit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Callable

import numpy as np
import OpenImageIO as oiio
import pytest
from numpy.typing import DTypeLike

from ofx_lipsync.core.errors import ColourError, MediaError, UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.media import Colour, open_plate, open_writer

TIME = [
    ("FramesPerSecond", oiio.TypeDesc("rational"), (24000, 1001)),
    ("smpte:TimeCode", oiio.TypeDesc("timecode"), (0x01020304, 0)),
]
WORDS = [("shot/note", "ünïcode: säy it"), ("DateTime", "2020:01:02 03:04:05"), ("Software", "someone's renderer")]


def any_bits(shape: tuple[int, int], dtype: DTypeLike, seed: int = 0) -> np.ndarray:
    """Every kind of value a file can hold: NaN and infinities too."""
    kind = np.dtype(dtype)
    bits = np.random.default_rng(seed).integers(0, 1 << (8 * kind.itemsize), shape, dtype=f"u{kind.itemsize}")
    return bits.view(kind)


def dub(source: str, out: str, region: Region, **options: Any) -> np.ndarray:
    """Every frame with a bright patch where the matte is above 0: a disc with a hole. Returns the matte."""
    y, x = np.mgrid[0 : region.height, 0 : region.width]
    radius = np.hypot(y - region.height / 2, x - region.width / 2) / min(region.shape)
    matte = np.where((radius < 0.45) & (radius > 0.1), 0.5, 0.0).astype(np.float32)
    with open_plate(source, **options) as plate, open_writer(out, plate) as writer:
        for number in plate.frames:
            frame = plate.load(number)
            patch = np.full((3, *region.shape), 2.5, np.float32)
            patch[1] = -0.25
            frame.composite(Image(patch, region, plate.display), matte)
            writer.write(frame)
    return matte


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("compression", ["zip", "zips", "piz", "rle", "none"])
def test_exr_is_bit_identical_outside_the_matte(
    tmp_path: Path, write_exr: Callable, read_parts: Callable, colour: Colour, dtype: DTypeLike, compression: str
) -> None:
    shape = (40, 60)
    channels = {name: any_bits(shape, dtype, n) for n, name in enumerate("RGBA")}
    channels["depth.Z"] = any_bits(shape, np.float32, 9)
    header = [*TIME, *WORDS, ("compression", compression)]
    write_exr(tmp_path / "p.-003.exr", channels, x=-7, y=5, display=(0, 0, 48, 64), attributes=header)
    region = Region(-12, 10, 20, 40)
    matte = dub(str(tmp_path / "p.####.exr"), str(tmp_path / "o.####.exr"), region, colour=colour)
    (before, old), (after, new) = read_parts(tmp_path / "p.-003.exr")[0], read_parts(tmp_path / "o.-003.exr")[0]
    covered = np.zeros(shape, bool)
    covered[5:35, 0:27] = matte[:, 5:] > 0
    for name in old:
        touched = covered if name in "RGB" else np.zeros(shape, bool)
        np.testing.assert_array_equal(old[name][~touched], new[name][~touched], err_msg=name)
    wanted = {"R": 2.5, "G": -0.25, "B": 2.5}
    for name, value in wanted.items():
        assert (new[name][covered].view(dtype) == value).all()
    assert after.get_string_attribute("compression") == compression
    assert same_header(before, after)


def same_header(before: Any, after: Any) -> bool:
    window = ("x", "y", "width", "height", "full_x", "full_y", "full_width", "full_height", "channelnames", "format")
    fields = [{a.name: (str(a.type), a.value) for a in spec.extra_attribs} for spec in (before, after)]
    assert fields[0] == fields[1]
    return all(getattr(before, name) == getattr(after, name) for name in window)


def test_all_parts_of_a_stereo_file_are_kept(
    tmp_path: Path, exr_part: Callable, read_parts: Callable, colour: Colour
) -> None:
    shape = (24, 32)
    views = {}
    for view in ("left", "right", "crypto"):
        kind = np.float32 if view == "crypto" else np.float16
        names = ("crypto00.r", "crypto00.g") if view == "crypto" else ("R", "G", "B")
        channels = {name: any_bits(shape, kind, n) for n, name in enumerate(names)}
        views[view] = exr_part(channels, attributes=[("oiio:subimagename", view), ("view", view), *TIME])
    output = oiio.ImageOutput.create(str(tmp_path / "s.1.exr"))
    assert output.open(str(tmp_path / "s.1.exr"), tuple(header for header, _ in views.values()))
    for n, (header, pixels) in enumerate(views.values()):
        assert n == 0 or output.open(str(tmp_path / "s.1.exr"), header, "AppendSubimage")
        assert output.write_image(pixels), output.geterror()
    output.close()
    region = Region(4, 4, 20, 20)
    matte = dub(str(tmp_path / "s.#.exr"), str(tmp_path / "t.#.exr"), region, colour=colour)
    old, new = read_parts(tmp_path / "s.1.exr"), read_parts(tmp_path / "t.1.exr")
    assert [spec.get_string_attribute("view") for spec, _ in new] == ["left", "right", "crypto"]
    for part, ((before, was), (after, now)) in enumerate(zip(old, new, strict=True)):
        assert same_header(before, after)
        outside = np.ones(shape, bool)
        if part == 0:
            outside[4:20, 4:20] = matte == 0
        for name in was:
            np.testing.assert_array_equal(was[name][outside], now[name][outside])
    assert (new[0][1]["R"][4:20, 4:20][matte > 0].view(np.float16) == 2.5).all()


def test_lossy_compression_is_not_applied_twice(
    tmp_path: Path, write_exr: Callable, read_parts: Callable, colour: Colour
) -> None:
    rng = np.random.default_rng(0)
    channels = {name: rng.random((64, 64)).astype(np.float16) for name in "RGB"}
    write_exr(tmp_path / "d.1.exr", channels, attributes=[("compression", "dwaa:90")])
    matte = dub(str(tmp_path / "d.#.exr"), str(tmp_path / "e.#.exr"), Region(0, 0, 16, 16), colour=colour)
    outside = np.ones((64, 64), bool)
    outside[:16, :16] = matte == 0
    old, new = read_parts(tmp_path / "d.1.exr")[0][1], read_parts(tmp_path / "e.1.exr")[0]
    assert new[0].get_string_attribute("compression").startswith("zip")
    for name in "RGB":
        np.testing.assert_array_equal(old[name][outside], new[1][name][outside])


@pytest.mark.parametrize(
    ("ending", "dtype", "bits"),
    [
        *(("png", "uint8", 8), ("png", "uint16", 16), ("tif", "uint16", 16), ("tif", "uint8", 8), ("tif", "float", 32)),
        *(("dpx", "uint16", 10), ("dpx", "uint16", 12), ("dpx", "uint16", 16), ("dpx", "uint8", 8)),
    ],
)
def test_other_formats_are_bit_identical_outside_the_matte(
    tmp_path: Path, colour: Colour, ending: str, dtype: str, bits: int
) -> None:
    shape = (48, 64)
    channels = 4 if ending == "png" else 3
    header = oiio.ImageSpec(shape[1], shape[0], channels, oiio.TypeDesc(dtype))
    header.attribute("oiio:BitsPerSample", bits)
    header.attribute("oiio:UnassociatedAlpha", 1)
    rng = np.random.default_rng(0)
    if dtype == "float":
        pixels = rng.normal(0.5, 1, (*shape, channels)).astype(np.float32)
    else:
        code = rng.integers(0, 1 << bits, (*shape, channels), dtype=np.uint32)
        spare = (8 if dtype == "uint8" else 16) - bits
        pixels = ((code << spare) | (code >> max(0, bits - spare))).astype(dtype)
    path = str(tmp_path / f"p.0001.{ending}")
    output = oiio.ImageOutput.create(path)
    assert output.open(path, header), output.geterror()
    assert output.write_image(pixels), output.geterror()
    output.close()
    region = Region(8, 8, 40, 40)
    matte = dub(str(tmp_path / f"p.####.{ending}"), str(tmp_path / f"o.####.{ending}"), region, colour=colour)
    with open_plate(str(tmp_path / f"p.####.{ending}"), colour=colour) as before:
        old = before.load(1).parts[0]
        assert before.info.dtype == (dtype if bits in (8, 16, 32) else f"uint{bits}")
    with open_plate(str(tmp_path / f"o.####.{ending}"), colour=colour) as after:
        new = after.load(1).parts[0]
    assert (old.dtype, old.shape) == (new.dtype, new.shape)
    outside = np.ones(shape, bool)
    outside[8:40, 8:40] = matte == 0
    np.testing.assert_array_equal(old[outside], new[outside])
    np.testing.assert_array_equal(old[..., 3:], new[..., 3:])
    assert not np.array_equal(old[~outside], new[~outside])
    if old.dtype.kind == "u":
        assert (new[~outside][:, 0] == np.iinfo(new.dtype).max).all()


def test_the_plates_own_pixels_composited_change_nothing(tmp_path: Path, colour: Colour) -> None:
    """Every 8-bit code survives sRGB to linear and back."""
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels = np.stack([ramp, ramp.T, ramp[::-1]], axis=2)
    path = str(tmp_path / "r.1.png")
    output = oiio.ImageOutput.create(path)
    assert output.open(path, oiio.ImageSpec(16, 16, 3, oiio.UINT8))
    assert output.write_image(pixels)
    output.close()
    with open_plate(str(tmp_path / "r.#.png"), colour=colour) as plate:
        frame = plate.load(1)
        frame.composite(plate.crop(1, plate.display), np.ones((16, 16), np.float32))
        np.testing.assert_array_equal(frame.parts[0], pixels)


def test_crops_are_the_same_bits_by_every_road(tmp_path: Path, write_exr: Callable, colour: Colour) -> None:
    for n in (1, 2, 3):
        channels = {name: any_bits((50, 70), np.float16, n * 7 + ord(name)) for name in "RGB"}
        write_exr(tmp_path / f"p.{n}.exr", channels, x=10, y=-4, display=(0, 0, 90, 60))
    big, small = Region(0, -10, 60, 40), Region(13, 2, 41, 29)
    with (
        open_plate(str(tmp_path / "p.#.exr"), colour=colour) as plate,
        open_plate(str(tmp_path / "p.#.exr"), colour=colour) as fetched,
    ):
        fetched.prefetch({2: big, 3: small})
        fetched.prefetch({2: big})
        whole = plate.crop(2, big).pixels
        rows, columns = small.slices_in(big)
        for road in (plate.crop(2, small), fetched.crop(2, small)):
            np.testing.assert_array_equal(road.pixels.view(np.uint32), whole[:, rows, columns].view(np.uint32))
        np.testing.assert_array_equal(fetched.crop(2, big).pixels.view(np.uint32), whole.view(np.uint32))
        assert (whole[:, :6] == 0).all()
        assert (whole[:, :, :10] == 0).all()
        assert plate.window(2) == Region(10, -4, 80, 46)
        assert plate.display == Region(0, 0, 90, 60)


def test_tiled_files_give_the_same_crop(tmp_path: Path, colour: Colour) -> None:
    pixels = np.random.default_rng(0).random((70, 90, 3)).astype(np.float16)
    for name, tile in (("scan", 0), ("tile", 32)):
        header = oiio.ImageSpec(90, 70, 3, oiio.HALF)
        header.tile_width = header.tile_height = tile
        header.x, header.y = -5, 3
        output = oiio.ImageOutput.create(str(tmp_path / f"{name}.exr"))
        assert output.open(str(tmp_path / f"{name}.exr"), header), output.geterror()
        assert output.write_image(pixels)
        output.close()
    region = Region(20, 20, 61, 73)
    crops = [open_plate(str(tmp_path / f"{n}.exr"), colour=colour).crop(1, region).pixels for n in ("scan", "tile")]
    np.testing.assert_array_equal(*crops)
    np.testing.assert_array_equal(crops[0][0], pixels[17:70, 25:66, 0].astype(np.float32))


def test_header_says_rate_timecode_and_space(tmp_path: Path, write_exr: Callable, colour: Colour) -> None:
    channels = {name: any_bits((8, 8), np.float16) for name in "RGB"}
    rec709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
    write_exr(tmp_path / "a.1.exr", channels, attributes=[*TIME, ("chromaticities", oiio.TypeDesc("float[8]"), rec709)])
    write_exr(tmp_path / "b.1.exr", channels)
    with open_plate(str(tmp_path / "a.#.exr"), colour=colour) as plate:
        assert plate.rate == Fraction(24000, 1001)
        assert plate.info.timecode == "01:02:03:04"
        assert (plate.info.space, plate.info.space_from) == ("Linear Rec.709 (sRGB)", "header")
    with open_plate(str(tmp_path / "b.#.exr"), colour=colour, rate=Fraction(48)) as plate:
        assert plate.rate == 48
        assert (plate.info.space, plate.info.space_from) == ("ACEScg", "default")
    with open_plate(str(tmp_path / "b.#.exr"), colour=colour, space="ACES2065-1") as plate:
        assert (plate.rate, plate.info.space, plate.info.space_from) == (24, "ACES2065-1", "given")
    with pytest.raises(ColourError, match="no space 'LogC9'"):
        open_plate(str(tmp_path / "b.#.exr"), colour=colour, space="LogC9")


def test_look_is_what_a_viewer_shows(tmp_path: Path, write_exr: Callable, colour: Colour) -> None:
    grey = {name: np.full((60, 90), 0.18, np.float16) for name in "RGB"}
    grey["R"][3, 5] = np.nan
    grey["R"][40, 50] = np.inf
    write_exr(tmp_path / "g.exr", grey)
    with open_plate(str(tmp_path / "g.exr"), colour=colour) as plate:
        look = plate.look(1, plate.display, 45)
        assert look.pixels.shape == (3, 30, 45)
        assert np.median(np.abs(look.pixels - 0.4614)) < 2e-4
        assert np.isfinite(look.pixels).all()
        beyond = plate.look(1, Region(-30, 0, 60, 60), 90)
        assert (beyond.pixels[:, :, :30] == 0).all()
        assert beyond.pixels[1, 20, 40] == pytest.approx(0.4614, abs=2e-4)


def test_a_still_holds_for_any_range(tmp_path: Path, write_exr: Callable, colour: Colour) -> None:
    write_exr(tmp_path / "s.exr", {name: any_bits((8, 8), np.float16) for name in "RGB"})
    with open_plate(str(tmp_path / "s.exr"), colour=colour, frames=FrameRange.parse("1001-1003")) as plate:
        assert list(plate.frames) == [1001, 1002, 1003]
        np.testing.assert_array_equal(plate.load(1001).parts[0], plate.load(1003).parts[0])
        with pytest.raises(UsageError, match="has no frame 7"):
            plate.crop(7, plate.display)


def test_fingerprint_is_of_the_content_and_not_of_name_or_time(
    tmp_path: Path, write_exr: Callable, colour: Colour
) -> None:
    channels = {name: any_bits((64, 64), np.float32) for name in "RGB"}
    for name in ("a.1.exr", "b.1.exr"):
        write_exr(tmp_path / name, channels, attributes=WORDS)
    with (
        open_plate(str(tmp_path / "a.#.exr"), colour=colour) as a,
        open_plate(str(tmp_path / "b.#.exr"), colour=colour) as b,
    ):
        assert a.fingerprint() == b.fingerprint()
        channels["R"][63, 63] = 0.125
        write_exr(tmp_path / "b.1.exr", channels, attributes=WORDS)
        assert a.fingerprint() != b.fingerprint()


def test_gaps_are_held_when_asked(tmp_path: Path, write_exr: Callable, colour: Colour) -> None:
    for n in (1, 4):
        write_exr(tmp_path / f"p.{n}.exr", {name: np.full((8, 8), n, np.float16) for name in "RGB"})
    with pytest.raises(MediaError, match="frames 2-3 are missing"):
        open_plate(str(tmp_path / "p.#.exr"), colour=colour)
    with open_plate(str(tmp_path / "p.#.exr"), colour=colour, missing="hold") as plate:
        assert [float(plate.crop(n, plate.display).pixels[0, 0, 0]) for n in plate.frames] == [1, 1, 1, 4]
    with open_plate(str(tmp_path / "p.#.exr"), colour=colour, missing="skip") as plate:
        assert list(plate.frames) == [1, 4]


def test_ten_thousand_crops_of_a_reel_do_not_stay_in_memory(
    tmp_path: Path, write_exr: Callable, colour: Colour
) -> None:
    from ofx_lipsync.media.spill import Spill

    spill = Spill()
    tickets = [spill.put([np.full((512, 512), n, np.float32), np.arange(n)]) for n in range(80)]
    assert spill._file._rolled  # type: ignore[attr-defined]
    for n in (79, 3, 40):
        first, second = spill.get(tickets[n])
        assert (first == n).all()
        np.testing.assert_array_equal(second, np.arange(n))
    spill.close()


def test_a_crop_reads_its_file_once(
    tmp_path: Path, write_exr: Callable, colour: Colour, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_exr(tmp_path / "w.1.exr", {name: any_bits((300, 400), np.float16) for name in "RGB"})
    with open_plate(str(tmp_path / "w.#.exr"), colour=colour) as plate:
        opened = []
        read_rows = plate._read_rows  # type: ignore[attr-defined]
        monkeypatch.setattr(plate, "_read_rows", lambda *args: (opened.append(args), read_rows(*args))[1])
        plate.look(1, plate.display, 64)
        plate.crop(1, Region(0, 0, 400, 300))
        plate.crop(1, Region(10, 10, 40, 30))
        assert len(opened) == 1


def test_channel_types_that_cannot_stay_exact_are_refused(tmp_path: Path, colour: Colour) -> None:
    header = oiio.ImageSpec(8, 8, 4, oiio.FLOAT)
    header.channelnames = ("R", "G", "B", "id")
    header.channelformats = tuple(oiio.TypeDesc(kind) for kind in ("half", "half", "half", "uint"))
    output = oiio.ImageOutput.create(str(tmp_path / "u.exr"))
    assert output.open(str(tmp_path / "u.exr"), header), output.geterror()
    assert output.write_image(np.zeros((8, 8, 4), np.float32))
    output.close()
    with open_plate(str(tmp_path / "u.exr"), colour=colour) as plate:
        assert plate.crop(1, plate.display).pixels.shape == (3, 8, 8)
        with pytest.raises(MediaError, match="channels of types half, uint in one part"):
            plate.load(1)


def test_grey_pictures_are_read_and_written_as_grey(
    tmp_path: Path, write_exr: Callable, read_parts: Callable, colour: Colour
) -> None:
    write_exr(tmp_path / "y.1.exr", {"Y": np.full((40, 40), 0.25, np.float16)})
    matte = dub(str(tmp_path / "y.#.exr"), str(tmp_path / "z.#.exr"), Region(4, 4, 36, 36), colour=colour)
    grey = read_parts(tmp_path / "z.1.exr")[0][1]["Y"].view(np.float16)[4:36, 4:36]
    assert (grey[matte == 0] == 0.25).all()
    assert (grey[matte > 0] == np.float16((2.5 - 0.25 + 2.5) / 3)).all()
