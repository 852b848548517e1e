# SPDX-License-Identifier: Apache-2.0
"""`lipsync fill` from files to files: sequences with holes and faults, good frames untouched, the rest marked."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import soundfile

from ofx_lipsync.cli.main import main
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.media.timecode import pack
from ofx_lipsync.trust.verify import verify

FIRST, COUNT, SIZE = 1001, 12, 72


def write(path: Path, pixels: np.ndarray, number: int) -> None:
    spec = oiio.ImageSpec(SIZE, SIZE, 4, "half")
    spec.channelnames = ("R", "G", "B", "depth.Z")
    spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), (25, 1))
    spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (pack(f"00:00:00:{number - FIRST:02}"), 0))
    picture = oiio.ImageBuf(spec)
    picture.set_pixels(picture.roi, np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    assert picture.write(str(path))


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """A gradient with grain that goes right; 1004 and 1005 missing, 1007 black, 1009 NaN, 1011 the frame before."""
    draw = np.random.default_rng(9)
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    for n in range(COUNT):
        wave = 0.3 + 0.2 * np.sin((x - 2 * n) / 6) * np.cos(y / 5)
        pixels = np.stack([wave, wave**2, wave**0.5, wave * 0 + n]) + draw.normal(0, 0.004, (4, SIZE, SIZE))
        if n == 6:
            pixels[:3] = 0
        if n == 8:
            pixels[:3] = np.nan
        if n not in (3, 4):
            write(tmp_path / f"plate.{FIRST + n}.exr", pixels.astype(np.float32), FIRST + n)
    shutil.copy(tmp_path / "plate.1010.exr", tmp_path / "plate.1011.exr")
    soundfile.write(tmp_path / "line.wav", draw.normal(0, 0.001, 16000), 16000)
    return tmp_path


def run(shot: Path, *more: str) -> int:
    pattern, out = str(shot / "plate.####.exr"), str(shot / "out.####.exr")
    return main(["fill", pattern, str(shot / "line.wav"), out, "--progress", "none", *more])


def stored(path: Path) -> np.ndarray:
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.HALF))


def test_bad_frames_are_found_rebuilt_and_marked(shot: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(shot) == 0
    said = capsys.readouterr().out
    for line in ("missing  1004-1005", "black    1007", "nan      1009", "frozen   1011"):
        assert line in said
    found = verify(str(shot / "out.####.exr"))
    assert found.is_good(must_be_trusted=False)
    assert found.rows[1004]["frame_source"] == "rebuilt from 1003 1006"
    assert [frame for frame, row in found.rows.items() if row["region"]] == [1004, 1005, 1007, 1009, 1011]
    with open_plate(str(shot / "out.####.exr")) as made:
        assert len(made.frames) == COUNT
    bad = {1004: "1003 1006", 1005: "1003 1006", 1007: "1006 1008", 1009: "1008 1010", 1011: "1010 1012"}
    for number in range(FIRST, FIRST + COUNT):
        path = shot / f"out.{number}.exr"
        spec = oiio.ImageBuf(str(path)).spec()
        assert spec.get_int_attribute("lipsync/filled") == int(number in bad)
        assert spec.getattribute("smpte:TimeCode")[0] == pack(f"00:00:00:{number - FIRST:02}")
        if number in bad:
            assert spec.get_string_attribute("lipsync/filled_from") == bad[number]
            assert np.isfinite(stored(path)[..., :3].astype(np.float32)).all()
        else:
            assert stored(path).tobytes() == stored(shot / f"plate.{number}.exr").tobytes()


def test_any_chunk_gives_the_same_bytes(shot: Path) -> None:
    assert run(shot) == 0
    whole = (shot / "out.1005.exr").read_bytes()
    assert run(shot, "--frames", "1005", "--find", "listed") == 0
    assert stored(shot / "out.1004.exr").shape == (SIZE, SIZE, 4)
    assert run(shot) == 0
    assert (shot / "out.1005.exr").read_bytes() == whole


def test_a_dry_run_only_tells(shot: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(shot, "--dry-run") == 0
    assert "missing  1004-1005" in capsys.readouterr().out
    assert not list(shot.glob("out*"))


def test_a_list_that_cannot_be_read_is_named(shot: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(shot, "--frames", "10x") == 2
    assert "cannot read '10x'" in capsys.readouterr().err
    assert not list(shot.glob("out*"))
