# SPDX-License-Identifier: Apache-2.0
"""The main job end to end, on the sample portrait: real detector, real network, real files."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main

FIRST, LAST = 1001, 1014


@pytest.fixture(scope="session")
def make_plate(samples: Path):
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", params=["half", "float"])
def plate(request, tmp_path_factory, make_plate) -> str:
    """Fourteen frames with overscan, a depth channel, and pixels that no clamp would survive."""
    folder = tmp_path_factory.mktemp(f"plate-{request.param}")
    still = make_plate.scene_linear_still()
    for frame in range(FIRST, LAST + 1):
        rgb = make_plate.view(still, (frame - FIRST) / 40, 400, 226).astype(np.float32)
        rgb[:4, :4] = [[[np.nan, np.inf, -np.inf]]]
        rgb[-3:, -3:] = [[[-0.25, 60.0, 1e-7]]]
        depth = np.full((226, 400, 1), frame, np.float32)
        spec = oiio.ImageSpec(400, 226, 4, request.param)
        spec.channelnames = ("R", "G", "B", "depth.Z")
        spec.x, spec.y, spec.full_width, spec.full_height, spec.full_x, spec.full_y = -8, 4, 384, 234, 0, 0
        spec.attribute("compression", "zips")
        spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
        spec.attribute("show/shot", "ab_0010")
        out = oiio.ImageOutput.create("x.exr")
        out.open(str(folder / f"plate.{frame}.exr"), spec)
        out.write_image(np.concatenate([rgb, depth], axis=2))
        out.close()
    return str(folder / "plate.####.exr")


def dub(plate: str, line: Path, out: Path, *more: str) -> None:
    assert main(["dub", plate, str(line), str(out), "--progress", "none", *more]) == 0


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob("*.exr"))}


@pytest.fixture(scope="session")
def whole(plate, sample_line, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    dub(plate, sample_line, folder / "out.####.exr")
    return folder


def stored(path: Path) -> tuple[np.ndarray, oiio.ImageSpec]:
    """Pixels as their own bits, [H, W, C] unsigned."""
    image = oiio.ImageBuf(str(path))
    pixels = image.get_pixels(image.spec().format)
    return pixels.view(f"u{pixels.dtype.itemsize}"), image.spec()


def test_every_frame_comes_out_with_its_number(whole):
    frames = [f"out.{f}.exr" for f in range(FIRST, LAST + 1)]
    assert [p.name for p in sorted(whole.iterdir())] == [*frames, "out.exr.lipsync.json"]


def test_the_mouth_moves_and_nothing_else_does(plate, whole):
    from ofx_lipsync.core.region import Region

    for frame in (FIRST + 6, LAST):
        before, spec = stored(Path(plate.replace("####", str(frame))))
        after, new = stored(whole / f"out.{frame}.exr")
        assert (new.x, new.y, new.full_width, new.full_height) == (spec.x, spec.y, spec.full_width, spec.full_height)
        assert new.format == spec.format
        assert new.get_string_attribute("show/shot") == "ab_0010"
        assert new.get_int_attribute("lipsync/ai_modified") == 1
        assert new.get_string_attribute("lipsync/software").startswith("ofx_lipsync ")
        assert '"feather"' in new.get_string_attribute("lipsync/params")
        assert np.array_equal(before[..., 3], after[..., 3])
        changed = np.argwhere((before != after).any(axis=2))
        touched = Region.around(changed[:, ::-1])
        assert len(changed) > 300
        assert touched.y0 > 226 * 0.4
        assert touched.width < 160


def test_outside_the_matte_every_bit_is_the_plates(plate, whole, sample_line):
    from ofx_lipsync.cli.main import build_parser
    from ofx_lipsync.cli.shot import open_shot
    from ofx_lipsync.graph import Dub

    with open_shot(build_parser().parse_args(["dub", plate, str(sample_line), "unused.exr"])) as opened:
        run = Dub(opened.shot, opened.settings)
        analysis = run.analyse()
        run.prepare(analysis, [LAST])
        result = run.render(analysis, LAST)
    before, spec = stored(Path(plate.replace("####", str(LAST))))
    after, _ = stored(whole / f"out.{LAST}.exr")
    outside = np.ones(before.shape[:2], bool)
    region = result.image.region.shift(-spec.x, -spec.y)
    outside[region.y0 : region.y1, region.x0 : region.x1] = result.matte <= 0
    assert np.array_equal(before[outside], after[outside])
    assert (before[~outside] != after[~outside]).any()


def test_chunks_give_the_same_bytes(plate, whole, sample_line, tmp_path):
    analysis = str(tmp_path / "shot.lipsync")
    assert main(["analyse", plate, str(sample_line), analysis, "--progress", "none"]) == 0
    (tmp_path / "out").mkdir()
    for first in range(FIRST, LAST + 1, 2):
        dub(plate, sample_line, tmp_path / "out" / "out.####.exr", "-F", f"{first}-{first + 1}", "--analysis", analysis)
    assert digests(tmp_path / "out") == digests(whole)


def test_frames_in_reverse_order_give_the_same_bytes(plate, whole, sample_line, tmp_path):
    for frame in (LAST, FIRST + 3):
        dub(plate, sample_line, tmp_path / "out.####.exr", "-F", str(frame))
        assert digests(tmp_path)[f"out.{frame}.exr"] == digests(whole)[f"out.{frame}.exr"]


def test_an_analysis_of_another_line_is_refused(plate, sample_line, sample_line_ru, tmp_path, capsys):
    analysis = str(tmp_path / "shot.lipsync")
    assert main(["analyse", plate, str(sample_line), analysis, "--progress", "none"]) == 0
    out = tmp_path / "out.####.exr"
    code = main(["dub", plate, str(sample_line_ru), str(out), "--analysis", analysis, "--progress", "none"])
    assert code == 4
    assert "was made with another line" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.exr"))


def test_strength_zero_leaves_the_plate_alone(plate, sample_line, tmp_path):
    dub(plate, sample_line, tmp_path / "out.####.exr", "-F", str(LAST), "--set", "MouthGenerate.strength=0")
    before, _ = stored(Path(plate.replace("####", str(LAST))))
    after, _ = stored(tmp_path / f"out.{LAST}.exr")
    assert np.array_equal(before, after)


@pytest.mark.slow
def test_a_hundred_frames_in_seven_chunks_that_share_nothing(make_plate, sample_line, tmp_path):
    plate = str(tmp_path / "plate.####.exr")
    still = make_plate.scene_linear_still()
    for index in range(100):
        make_plate.write_frame(
            tmp_path / f"plate.{1001 + index}.exr", make_plate.view(still, index / 99, 400, 226), 1001 + index
        )
    for name in ("whole", "chunks"):
        (tmp_path / name).mkdir()
    dub(plate, sample_line, tmp_path / "whole" / "out.####.exr")
    for first in range(1001, 1101, 15):
        last = min(first + 14, 1100)
        dub(plate, sample_line, tmp_path / "chunks" / "out.####.exr", "-F", f"{first}-{last}")
    assert len(digests(tmp_path / "whole")) == 100
    assert digests(tmp_path / "chunks") == digests(tmp_path / "whole")
