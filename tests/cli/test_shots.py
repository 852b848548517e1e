# SPDX-License-Identifier: Apache-2.0
"""lipsync shots: real .otio and .edl files over real media, a shot file an event."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio
import pytest
import soundfile

from ofx_lipsync.cli.main import main
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.media.timecode import advance, counted, pack
from ofx_lipsync.shotfile import open_shotfile, read_shot

otio = pytest.importorskip("opentimelineio")
EDL = """TITLE: reel 1
FCM: NON-DROP FRAME

001  A001C003 V     C        01:00:10:00 01:00:11:00 10:00:00:00 10:00:01:00
* FROM CLIP NAME: AB_0010
* LOC: 00:00:00:12 RED     ACTOR=Anna Example, LANG=fr
002  A001C004 V     C        00:00:00:12 00:00:01:12 10:00:01:00 10:00:02:00
* FROM CLIP NAME: AB_0020
003  A001C005 V     C        00:00:00:00 00:00:01:00 10:00:02:00 10:00:03:00
* FROM CLIP NAME: GONE
004  A001C003 V     C        01:00:10:12 01:00:13:00 10:00:03:00 10:00:05:12
* FROM CLIP NAME: AB_0010
005  ANNA AA     C        00:00:00:12 00:00:01:12 10:00:00:12 10:00:01:12
* FROM CLIP NAME: anna_fr.wav
"""


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    """A sequence with timecode, one without, a movie, two lines."""
    folder = tmp_path_factory.mktemp("media")
    (folder / "AB_0010").mkdir()
    for frame in range(1001, 1041):
        write_frame(
            folder / "AB_0010" / f"AB_0010_plate_v2.{frame}.exr", advance("01:00:09:16", frame - 1001, Rate(24))
        )
    for frame in range(1, 51):
        write_frame(folder / f"A001C004.{frame:04d}.exr", None)
    with av.open(str(folder / "interview.mov"), "w") as out:
        track = out.add_stream("mpeg4", rate=25)
        track.width = track.height = 32
        for value in range(50):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), value, np.uint8), format="rgb24")
            out.mux(track.encode(picture))
        out.mux(track.encode())
    for name, seconds in (("anna_fr.wav", 2.0), ("ben.wav", 1.0)):
        soundfile.write(folder / name, np.sin(np.arange(int(8000 * seconds)) / 9) * 0.1, 8000)
    return folder


def write_frame(path: Path, timecode: str | None) -> None:
    spec = oiio.ImageSpec(16, 16, 3, "half")
    if timecode is not None:
        spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (pack(timecode), 0))
    out = oiio.ImageOutput.create("x.exr")
    out.open(str(path), spec)
    out.write_image(np.full((16, 16, 3), 0.18, np.float32))
    out.close()


def run(capsys, *words: object) -> tuple[int, str, str]:
    code = main([*map(str, words)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_an_edl(media, tmp_path, capsys):
    edit = tmp_path / "reel.edl"
    edit.write_text(EDL)
    out = tmp_path / "shots"
    code, told, err = run(capsys, "shots", edit, "--media", media, "--handles", "4", out)
    assert code == 3
    assert sorted(path.name for path in out.iterdir()) == ["AB_0010.toml", "AB_0020.toml"]
    assert "GONE       left out: there is no GONE or A001C005 among" in told
    assert "AB_0010_2  left out: wants 60 frames from source frame 86652 on" in told
    assert "has 1001-1040 from 01:00:09:16" in told
    assert "2 of 4 events are left out (GONE, AB_0010_2)" in err
    first, second = (read_shot(out / f"AB_00{n}0.toml") for n in (1, 2))
    assert (first.plate.frames, first.plate.handles, first.plate.rate) == ("1009-1032", 4, "24")
    assert (second.plate.frames, first.output.comp) == ("12-35", "AB_0010_dub.####.exr")
    assert "AB_0020.toml: no timecode leads into the plate: source times are taken as its frame numbers" in told
    line = first.lines[0]
    assert (line.offset, line.heard, line.language) == ("0", ("12f", "28f"), "fr")
    assert (first.consent.performer, first.consent.languages) == ("Anna Example", ("fr",))
    assert (second.lines[0].offset, second.lines[0].heard) == ("-24f", ("-4f", "12f"))
    with open_shotfile(first) as opened:
        assert list(opened.delivered) == [*range(1009, 1033)]
        assert list(opened.shot.frames) == [*range(1005, 1037)]
        assert opened.sound.start_s == pytest.approx((4 + 12) / 24)
        assert opened.sound.duration_s == pytest.approx(16 / 24, abs=1e-3)
    with open_shotfile(second) as opened:
        assert opened.sound.start_s == 0
        assert opened.sound.duration_s == pytest.approx((4 + 12) / 24, abs=1e-3)


def span(start: float, length: float, rate: float = 25):
    return otio.opentime.TimeRange(otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(length, rate))


def otio_edit(media: Path, path: Path) -> None:
    movie = otio.schema.ExternalReference((media / "interview.mov").as_uri(), span(90000, 50))
    frames = otio.schema.ImageSequenceReference(
        target_url_base=str(media), name_prefix="A001C004.", name_suffix=".exr", start_frame=1, rate=25,
        frame_zero_padding=4, available_range=span(0, 50),
    )  # fmt: skip
    seen = otio.schema.Track("V1", kind="Video")
    seen.append(otio.schema.Gap(source_range=span(0, 5)))
    seen.append(otio.schema.Clip("talk/one", movie, span(90010, 20)))
    seen.append(otio.schema.Clip("two", frames, span(10, 30)))
    slow = otio.schema.Clip("slow", frames, span(0, 10))
    slow.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
    seen.append(slow)
    inner = otio.schema.Track("inner", kind="Video")
    inner.append(otio.schema.Clip("deep", frames, span(0, 10)))
    nested = otio.schema.Stack("nest")
    nested.append(inner)
    seen.append(nested)
    off = otio.schema.Clip("off", frames, span(0, 10))
    off.enabled = False
    seen.append(off)
    one = otio.schema.Track("A1", kind="Audio")
    one.append(otio.schema.Clip("interview", movie, span(90005, 25)))
    one.append(otio.schema.Gap(source_range=span(0, 5)))
    line = otio.schema.Clip("anna", otio.schema.ExternalReference("gone/anna_fr.wav"), span(0, 50))
    line.markers.append(otio.schema.Marker("note", span(0, 0), metadata={"ACTOR": "Anna B", "LANG": "de"}))
    one.append(line)
    other = otio.schema.Track("A2", kind="Audio")
    other.append(otio.schema.Gap(source_range=span(0, 30)))
    other.append(otio.schema.Clip("ben", otio.schema.MissingReference(), span(0, 25)))
    timeline = otio.schema.Timeline("edit")
    timeline.tracks.extend([seen, one, other])
    otio.adapters.write_to_file(timeline, str(path))


def test_an_otio(media, tmp_path, capsys):
    otio_edit(media, tmp_path / "edit.otio")
    out = tmp_path / "shots"
    code, told, _ = run(capsys, "shots", tmp_path / "edit.otio", out, "--media", media, "--set", "Blend.mix=0.5")
    assert code == 3
    assert "slow    left out: is retimed in the edit" in told
    assert "nest    left out: is an edit within the edit; export it flat" in told
    assert "off" not in told
    one, two = read_shot(out / "one.toml"), read_shot(out / "two.toml")
    assert (one.plate.frames, one.plate.rate, one.plate.handles, one.lines) == ("11-30", "", 8, ())
    assert "one.toml: no line is found for it" in told
    assert (two.plate.frames, two.plate.rate) == ("11-40", "25")
    assert [(line.name, line.offset, line.language) for line in two.lines] == [
        ("anna_b", "5f", "de"),
        ("ben", "5f", ""),
    ]
    assert [line.heard for line in two.lines] == [("5f", "38f"), None]
    assert "2 lines are heard: give face or face_at in each [[line]]" in told
    assert (two.consent.performer, two.consent.languages) == ("Anna B", ("de",))
    assert two.params == {"Blend": {"mix": 0.5}}
    with open_shotfile(two) as opened:
        assert [person.person for person in opened.people] == ["anna_b", "ben"]


def test_nothing_is_half_written(media, tmp_path, capsys):
    edit, out = tmp_path / "reel.edl", tmp_path / "shots"
    edit.write_text(EDL)
    out.mkdir()
    (out / "AB_0020.toml").write_text("mine")
    code, _, err = run(capsys, "shots", edit, out, "--media", media)
    assert code == 2
    assert "AB_0020.toml: exists already (1 do); give --overwrite" in err
    assert [path.name for path in out.iterdir()] == ["AB_0020.toml"]
    assert run(capsys, "shots", edit, out, "--media", media, "--overwrite")[0] == 3
    assert read_shot(out / "AB_0020.toml").plate.frames == "12-35"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.otio", None, "there is no such file"),
        ("bad.otio", "{", "is no edit that OpenTimelineIO can read"),
        ("bad.edl", "001  A V C 1 soon 3 4", "is no edit that OpenTimelineIO can read"),
        ("edit.txt", "", "is no edit that OpenTimelineIO can read"),
        ("empty.edl", "TITLE: x\n", "nothing is seen in it"),
    ],
)
def test_what_is_no_edit(name, content, told, media, tmp_path, capsys):
    if content is not None:
        (tmp_path / name).write_text(content)
    code, _, err = run(capsys, "shots", tmp_path / name, tmp_path / "out", "--media", media)
    assert code == 4
    assert told in err
    assert len(err.strip().splitlines()) == 2
    assert not (tmp_path / "out").exists()


def test_media_that_is_there_twice_is_not_guessed(media, tmp_path, capsys):
    folder = tmp_path / "media"
    (folder / "b").mkdir(parents=True)
    for name in ("A001C004.mov", "b/a001c004.mov"):
        (folder / name).write_bytes((media / "interview.mov").read_bytes())
    edit = tmp_path / "reel.edl"
    edit.write_text("\n".join(EDL.splitlines()[:3] + EDL.splitlines()[6:8]) + "\n")
    code, told, _ = run(capsys, "shots", edit, tmp_path / "out", "--media", folder)
    assert code == 3
    assert "A001C004 may be any of 2 files" in told
    assert run(capsys, "shots", edit, tmp_path / "out", "--media", tmp_path / "none")[0] == 4


def test_timecode_counts():
    assert counted("01:00:10:00", Rate(24)) == 86640
    assert counted("01:00:10:00", Rate(24000, 1001)) == 86640
    assert counted("00:01:00;02", Rate(30000, 1001)) == 1800
    assert counted("soon", Rate(24)) is None
