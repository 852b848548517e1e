# SPDX-License-Identifier: Apache-2.0
"""Movies in: every frame, by its time stamp, the same bits by whatever road."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Callable

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation

from ofx_lipsync.core.errors import MediaError, UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.media import Colour, open_plate
from ofx_lipsync.media.native import coding_of, plane_rows, planes_of

NTSC_FILM = Fraction(24000, 1001)
LONG_GOP = {"g": "8", "bf": "3", "sc_threshold": "0"}
OPEN_GOP = {"x264-params": "open-gop=1:keyint=8:bframes=3:scenecut=0"}


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "options"),
    [
        ("a.mp4", "libx264", "yuv420p", LONG_GOP),
        ("a.mov", "libx264", "yuv420p", OPEN_GOP),
        ("a.mkv", "libx264", "yuv422p10le", LONG_GOP),
        ("b.mov", "prores_ks", "yuv422p10le", {"profile": "3"}),
        ("c.mov", "prores_ks", "yuva444p10le", {"profile": "4"}),
        ("d.mkv", "ffv1", "gbrp12le", {}),
        ("e.mkv", "ffv1", "yuv411p", {}),
        ("f.avi", "mpeg4", "yuv420p", {"bf": "2"}),
        ("g.avi", "rawvideo", "rgb24", {}),
        ("h.mkv", "libx265", "yuv420p10le", {"x265-params": "log-level=none:keyint=8"}),
        ("i.ts", "mpeg2video", "yuv422p", LONG_GOP),
    ],
)
def test_same_bits_in_order_at_random_and_fetched_before(
    movie: Callable, colour: Colour, name: str, codec: str, pixel_format: str, options: dict[str, str]
) -> None:
    path = movie(name, 30, codec, pixel_format, Fraction(25), options=options)
    region, inner = Region(13, 7, 61, 50), Region(20, 11, 45, 38)
    with open_plate(path, colour=colour) as plate:
        assert list(plate.frames) == list(range(1, 31))
        assert (plate.rate, plate.info.variable) == (25, False)
        in_order = {n: plate.crop(n, region).pixels for n in plate.frames}
    with open_plate(path, colour=colour) as plate:
        for n in np.random.default_rng(0).permutation(30)[:12] + 1:
            np.testing.assert_array_equal(plate.crop(int(n), region).pixels, in_order[int(n)], err_msg=f"frame {n}")
    with open_plate(path, colour=colour) as plate:
        plate.prefetch(dict.fromkeys((3, 17, 29), region))
        rows, columns = inner.slices_in(region)
        for n in (29, 3, 17):
            np.testing.assert_array_equal(plate.crop(n, inner).pixels, in_order[n][:, rows, columns])
    distinct = {pixels.tobytes() for pixels in in_order.values()}
    assert len(distinct) == 30


def test_frames_fetched_before_are_not_decoded_again(
    movie: Callable, colour: Colour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_plate(movie("a.mp4", options=LONG_GOP), colour=colour) as plate:
        plate.prefetch({5: Region(0, 0, 40, 40)})
        monkeypatch.setattr(plate, "_picture", None)
        assert plate.crop(5, Region(3, 3, 20, 20)).pixels.any()


def test_reading_in_order_decodes_each_frame_once(movie: Callable, colour: Colour) -> None:
    path = movie("a.mp4", 40, options=LONG_GOP)
    with open_plate(path, colour=colour) as plate:
        seeks = []
        seek = plate._cursor._seek  # type: ignore[attr-defined]
        plate._cursor._seek = lambda pts: (seeks.append(pts), seek(pts))  # type: ignore[attr-defined]
        for n in plate.frames:
            plate.look(n, plate.display, 32)
            plate.crop(n, plate.display)
            plate.load(n)
        assert seeks == []


def test_picture_is_what_was_encoded(movie: Callable, colour: Colour) -> None:
    from ofx_lipsync.media.native import planar

    path = movie("l.mkv", 3, "ffv1", "yuv422p10le")
    with open_plate(path, colour=colour) as plate, av.open(path) as container:
        for n, frame in enumerate(container.decode(video=0), 1):
            expected = planes_of(planar(frame, path), coding_of(frame, path))
            for have, want in zip(plate.load(n).planes().arrays, expected.arrays, strict=True):  # type: ignore[attr-defined]
                np.testing.assert_array_equal(have, want)


def test_variable_rate_goes_by_time_stamps(movie: Callable, colour: Colour) -> None:
    pts = [0, 40, 100, 110, 300, 333, 400, 2000]
    path = movie("v.mkv", 8, pts=pts, time_base=Fraction(1, 1000), options={"bf": "2"})
    with open_plate(path, colour=colour) as plate:
        assert len(plate.frames) == 8
        assert plate.info.variable
        assert [plate.time_s(n) for n in plate.frames] == [p / 1000 for p in pts]
        assert plate.rate == Fraction(7, 2)
    with open_plate(path, colour=colour, rate=Fraction(25)) as plate:
        assert (plate.rate, plate.info.variable, plate.time_s(3)) == (25, False, 0.08)


@pytest.mark.parametrize(
    "rate",
    [Fraction(24000, 1001), Fraction(24), Fraction(30000, 1001), Fraction(60000, 1001), Fraction(25), Fraction(15)],
)
@pytest.mark.parametrize("name", ["r.mov", "r.mkv", "r.mp4"])
def test_rates_are_exact(movie: Callable, colour: Colour, rate: Fraction, name: str) -> None:
    with open_plate(movie(name, 50, rate=rate, size=(32, 32)), colour=colour) as plate:
        assert (plate.rate, plate.info.variable) == (rate, False)
        assert plate.time_s(26) == pytest.approx(float(25 / rate), abs=1e-3)


@pytest.mark.parametrize(
    ("size", "tags", "matrix"),
    [((64, 720), (2, 2, 2, 0), 0.2126), ((64, 576), (2, 2, 2, 0), 0.299), ((64, 576), (1, 1, 1, 1), 0.2126),
     ((64, 720), (6, 6, 6, 1), 0.299), ((64, 720), (9, 14, 9, 1), 0.2627)],
)  # fmt: skip
def test_matrix_by_tag_or_by_height(
    movie: Callable, colour: Colour, size: tuple[int, int], tags: tuple, matrix: float
) -> None:
    with open_plate(movie("m.mp4", 1, size=size, tags=tags), colour=colour) as plate:
        assert plate._coding.kr == matrix  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("pixel_format", "full"), [("yuv420p", False), ("yuv420p", True), ("yuv422p10le", False), ("yuv444p12le", True)]
)
def test_colours_of_flat_fields_agree_with_swscale(pixel_format: str, full: bool) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        frame = av.VideoFrame(32, 32, pixel_format)
        frame.colorspace, frame.color_range = 1, 2 if full else 1
        coding = coding_of(frame, "")
        for plane in planes_of(frame, coding).arrays:
            plane[...] = round(rng.uniform(0.3, 0.6) * coding.top)
        ours = planes_of(frame, coding).rgb(Region(8, 8, 9, 9))[:, 0, 0]
        flags = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND
        theirs = frame.reformat(format="rgb24", interpolation=flags, threads=1)
        held = plane_rows(theirs.planes[0], np.uint8)[8, 24:27] / 255
        np.testing.assert_allclose(np.clip(ours, 0, 1), held, atol=1.5 / 255)


def test_codes_beyond_white_and_black_survive(colour: Colour, movie: Callable) -> None:
    frame = av.VideoFrame(8, 8, "yuv444p")
    frame.colorspace, frame.color_range = 1, 1
    planes = planes_of(frame, coding_of(frame, ""))
    planes.arrays[0][...] = np.arange(64).reshape(8, 8) * 4
    planes.arrays[1][...] = planes.arrays[2][...] = 128
    rgb = planes.rgb(planes.region)
    assert rgb.max() == pytest.approx((252 - 16) / 219)
    assert rgb.min() == pytest.approx(-16 / 219)


def test_look_keeps_its_place_on_and_off_the_chroma_grid(movie: Callable, colour: Colour) -> None:
    from ofx_lipsync.media.reduce import reduce_area

    with open_plate(movie("a.mkv", 2, "ffv1", size=(240, 160)), colour=colour) as plate:
        for region in (plate.display, Region(20, 10, 180, 130), Region(21, 11, 181, 132), Region(-10, -6, 150, 100)):
            for longest in (256, 80, 61):
                look = plate.look(1, region, longest).pixels
                inside = region.intersect(plate.display)
                encoded = np.zeros((3, *region.shape), np.float32)
                rows, columns = inside.slices_in(region)
                encoded[:, rows, columns] = np.clip(plate._planes(1).rgb(inside), 0, 1)  # type: ignore[attr-defined]
                expected = reduce_area(encoded, look.shape[2], look.shape[1])
                assert np.abs(look - expected)[1].mean() < 0.02, (region, longest)


def test_timecode_and_selection(movie: Callable, colour: Colour) -> None:
    path = movie("t.mov", 30, "prores_ks", "yuv422p10le", NTSC_FILM, timecode="01:00:00:00")
    with open_plate(path, colour=colour, frames=FrameRange.parse("11-20")) as plate:
        assert plate.info.timecode == "01:00:00:10"
        assert list(plate.frames) == list(range(11, 21))
        assert plate.time_s(11) == 0
        with pytest.raises(UsageError, match="has no frame 21"):
            plate.load(21)
    with pytest.raises(MediaError, match="has frames 1-30, so frame 31 is missing"):
        open_plate(path, colour=colour, frames=FrameRange.parse("25-31"))


def test_a_space_that_is_given_goes_over_the_tags(movie: Callable, colour: Colour) -> None:
    path = movie("h.mov", 2, "prores_ks", "yuv422p10le", tags=(9, 16, 9, 1))
    with open_plate(path, colour=colour, space="Linear Rec.2020") as plate:
        assert plate.info.space_from == "given"
        assert plate.look(1, plate.display, 16).pixels.shape == (3, 11, 16)


def test_a_movie_on_its_side_is_refused(movie: Callable, colour: Colour) -> None:
    with pytest.raises(MediaError, match="turned by 90 degrees"):
        open_plate(movie("phone.mp4", 3, rotation=90), colour=colour)


def test_cover_art_is_no_video(tmp_path: Path, colour: Colour) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="ipod") as container:
        stream = container.add_stream("aac", rate=48000)
        stream.codec_context.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="has no video stream"):
        open_plate(str(path), colour=colour)


def test_empty_broken_and_cut_short(movie: Callable, tmp_path: Path, colour: Colour) -> None:
    (tmp_path / "zero.mov").touch()
    with pytest.raises(MediaError, match="empty"):
        open_plate(str(tmp_path / "zero.mov"), colour=colour)
    (tmp_path / "text.mp4").write_text("this is no movie\n" * 50)
    with pytest.raises(MediaError, match="cannot be opened as a movie"):
        open_plate(str(tmp_path / "text.mp4"), colour=colour)
    with pytest.raises(MediaError, match="no such file"):
        open_plate(str(tmp_path / "none.mp4"), colour=colour)
    whole = Path(movie("w.mp4", 40, size=(160, 128)))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(MediaError, match="cannot be opened"):
        open_plate(str(cut), colour=colour)


def test_a_movie_cut_short_names_the_frame(movie: Callable, tmp_path: Path, colour: Colour) -> None:
    whole = Path(movie("w.mov", 40, "libx264", size=(160, 128), options={"g": "5", "bf": "0"}))
    front = tmp_path / "front.mov"
    with av.open(str(whole)) as source, av.open(str(front), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    content = front.read_bytes()
    front.write_bytes(content[: int(len(content) * 0.6)])
    with pytest.raises(MediaError, match=r"is cut short: \d+ of 40 frames are there, so frame \d+ is missing"):
        open_plate(str(front), colour=colour)
    with open_plate(str(front), colour=colour, frames=FrameRange.parse("1-10")) as plate:
        assert plate.crop(10, plate.display).pixels.any()


@pytest.mark.parametrize(
    ("codec", "options"), [("libx264", {"g": "1"}), ("mjpeg", {}), ("libx264", {"g": "4", "bf": "0"})]
)
def test_a_damaged_frame_is_named_and_the_others_are_read(
    movie: Callable, colour: Colour, codec: str, options: dict
) -> None:
    path = Path(movie("d.mkv", 10, codec, "yuvj420p" if codec == "mjpeg" else "yuv420p", options=options))
    content = bytearray(path.read_bytes())
    place = len(content) // 2
    content[place : place + 40] = bytes(b ^ 0x5A for b in content[place : place + 40])
    path.write_bytes(content)
    bad = []
    with open_plate(str(path), colour=colour) as plate:
        for n in plate.frames:
            try:
                plate.crop(n, plate.display)
            except MediaError as error:
                bad.append((n, str(error)))
    assert all(f"frame {n} of 10 cannot be decoded" in text for n, text in bad)
    assert 1 <= len(bad) <= 4
