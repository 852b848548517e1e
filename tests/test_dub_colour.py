# SPDX-License-Identifier: Apache-2.0
"""Film's colours through a dub: light of 60 and below 0 round the mouth, in every kind of space a plate comes in."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.cli.main import build_parser, main
from ofx_lipsync.cli.shot import open_shot
from ofx_lipsync.graph import Dub, Settings
from ofx_lipsync.media import Colour

FIRST, LAST = 1001, 1008
SIZE = (400, 226)
BRIGHT, NEGATIVE, BLOCK = 60.0, -0.2, 5
SPACES = (
    "ACEScg", "ACES2065-1", "Linear Rec.2020", "ACEScct", "ARRI LogC3 (EI800)", "ARRI LogC4", "S-Log3 S-Gamut3.Cine",
    "V-Log V-Gamut", "Log3G10 REDWideGamutRGB", "DaVinci Intermediate WideGamut", "CanonLog2 CinemaGamut D55",
    "CanonLog3 CinemaGamut D55", "Apple Log",
)  # fmt: skip


@pytest.fixture(scope="module")
def frames(samples: Path) -> list[np.ndarray]:
    """[H, W, 3] float32 each, ACEScg: the sample's push-in."""
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    still = make.scene_linear_still()
    return [make.view(still, n / 40, *SIZE).astype(np.float32) for n in range(LAST - FIRST + 1)]


@dataclass(frozen=True)
class Planted:
    """The plate with blocks of extreme light, and where they are: in the matte, and just beside it."""

    frames: list[np.ndarray]
    analysis: Analysis
    matte: np.ndarray
    inside: np.ndarray
    beside: np.ndarray


@pytest.fixture(scope="module")
def planted(frames, sample_line, tmp_path_factory) -> Planted:
    """Found on the clean plate: the ground (chin and cheeks), which moves with the jaw, and the plate beside it."""
    path = write(tmp_path_factory.mktemp("clean"), frames, "ACEScg")
    with opened(path, sample_line, "ACEScg") as shot:
        dub = Dub(shot.shot, shot.settings)
        analysis = dub.analyse()
        dub.prepare(analysis, [LAST])
        dubbed = dub.render(analysis, LAST)
        own = shot.plate.crop(LAST, dubbed.image.region).pixels
        still_jaw = Dub(shot.shot, Settings.parse(["Blend.move_jaw=off"])).render(analysis, LAST)
    matte, mouth = (on_frame(made.matte, made.image.region) for made in (dubbed, still_jaw))
    moved = on_frame((dubbed.image.pixels != own).all(axis=0), dubbed.image.region) > 0
    inside = np.concatenate([block(*place) for place in apart(room((matte > 0.999) & (mouth == 0) & moved, 0))])
    near = on_frame(np.ones(dubbed.matte.shape, np.float32), dubbed.image.region) > 0
    beside = np.concatenate([block(*place) for place in apart(room((matte == 0) & near, 1))])
    marked = [frame.copy() for frame in frames]
    for frame in marked:
        for places in (inside, beside):
            bright, dark = np.split(places, 2)
            frame[tuple(bright.T)], frame[tuple(dark.T)] = BRIGHT, NEGATIVE
    return Planted(marked, analysis, matte, inside, beside)


def on_frame(pixels: np.ndarray, region: Any) -> np.ndarray:
    whole = np.zeros(SIZE[::-1], np.float32)
    whole[region.y0 : region.y1, region.x0 : region.x1] = pixels
    return whole


def room(where: np.ndarray, rim: int) -> np.ndarray:
    """[N, 2] corners (y, x) of blocks that lie in `where` with so much round them."""
    side = BLOCK + 2 * rim
    windows = np.lib.stride_tricks.sliding_window_view(where, (side, side)).all(axis=(2, 3))
    return np.argwhere(windows) + rim


def apart(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two of them, as far apart as they go."""
    assert len(corners) > 1
    far = ((corners[:, None] - corners[None]) ** 2).sum(axis=2)
    one, other = np.unravel_index(far.argmax(), far.shape)
    assert far.max() > 2 * BLOCK**2
    return corners[one], corners[other]


def block(y: int, x: int) -> np.ndarray:
    """[BLOCK * BLOCK, 2] of (y, x)."""
    return np.argwhere(np.ones((BLOCK, BLOCK), bool)) + (y, x)


def write(folder: Path, frames: list[np.ndarray], space: str, kind: str = "half") -> str:
    colour = Colour.load()
    for number, frame in enumerate(frames, FIRST):
        stored = colour.from_working(frame.transpose(2, 0, 1), space).transpose(1, 2, 0)
        spec = oiio.ImageSpec(*SIZE, 3, kind)
        spec.attribute("compression", "zips")
        out = oiio.ImageOutput.create("x.exr")
        out.open(str(folder / f"plate.{number}.exr"), spec)
        out.write_image(np.ascontiguousarray(stored))
        out.close()
    return str(folder / "plate.####.exr")


def opened(path: str, line: Path, space: str) -> Any:
    return open_shot(build_parser().parse_args(["dub", path, str(line), "unused.exr", "--space", space]))


def bits(pixels: np.ndarray) -> np.ndarray:
    return pixels.view(f"u{pixels.dtype.itemsize}")


def stored(path: Path) -> np.ndarray:
    image = oiio.ImageBuf(str(path))
    return image.get_pixels(image.spec().format)


@pytest.mark.parametrize("space", SPACES)
def test_extreme_light_goes_through_a_dub(planted, sample_line, tmp_path, space):
    """Beside the matte every stored bit is the plate's; in it the blocks move with the chin and keep their light, as
    far as the space itself can hold it (Apple Log ends at -0.056)."""
    path = write(tmp_path, planted.frames, space)
    with opened(path, sample_line, space) as shot:
        dub = Dub(shot.shot, shot.settings)
        dub.prepare(planted.analysis, [LAST])
        dubbed, frame = dub.render(planted.analysis, LAST), shot.plate.load(LAST)
        before = frame.parts[0].copy()
        frame.composite(dubbed.image, dubbed.matte)
        after = frame.parts[0]
        light, held = (shot.plate.colour.to_working(to_planes(p), space) for p in (after, before))
    matte = on_frame(dubbed.matte, dubbed.image.region)
    outside = matte == 0
    assert outside[tuple(planted.beside.T)].all()
    assert np.array_equal(bits(after)[outside], bits(before)[outside])
    assert (bits(after)[~outside] != bits(before)[~outside]).any()
    bright, dark = np.split(planted.inside, 2)
    for places, found in ((bright, np.max), (dark, np.min)):
        y, x = slice(*around(places[:, 0])), slice(*around(places[:, 1]))
        assert (matte[y, x] > 0.9).any()
        np.testing.assert_allclose(found(light[:, y, x]), found(held[(slice(None), *places.T)]), rtol=0.15)


def around(values: np.ndarray) -> tuple[int, int]:
    """A block may have moved by this much."""
    return int(values.min()) - 4, int(values.max()) + 5


def to_planes(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pixels.astype(np.float32).transpose(2, 0, 1))


@pytest.mark.parametrize(("space", "name"), [("ACEScg", "lin_ap1"), ("ARRI LogC4", "arri_logc4")])
def test_the_command_does_the_same(planted, sample_line, tmp_path, space, name):
    """By alias, whole: plate, analysis, frame, file."""
    path = write(tmp_path, planted.frames, space)
    out = tmp_path / "out.####.exr"
    words = ["dub", path, str(sample_line), str(out), "-F", str(LAST), "--space", name, "--progress", "none"]
    assert main(words) == 0
    before, after = stored(tmp_path / f"plate.{LAST}.exr"), stored(tmp_path / f"out.{LAST}.exr")
    assert np.array_equal(bits(before)[tuple(planted.beside.T)], bits(after)[tuple(planted.beside.T)])
    changed = (bits(before) != bits(after)).any(axis=2)
    assert changed.any()
    light = Colour.load().to_working(to_planes(after), space)
    assert light[:, changed].max() > 0.8 * BRIGHT
    assert light[:, changed].min() < 0.8 * NEGATIVE


def test_two_spaces_make_one_picture(frames, planted, sample_line, tmp_path):
    """The same shot as ACEScg and as LogC3: the new mouths differ by what half floats of the one and the other do."""
    made = []
    for space in ("ACEScg", "ARRI LogC3 (EI800)"):
        folder = tmp_path / space.split()[0]
        folder.mkdir()
        with opened(write(folder, frames, space, "float"), sample_line, space) as shot:
            dub = Dub(shot.shot, shot.settings)
            dub.prepare(planted.analysis, [LAST])
            made.append(dub.render(planted.analysis, LAST).image.pixels)
    np.testing.assert_allclose(made[0], made[1], rtol=1e-3, atol=1e-3)


def test_a_view_is_refused_before_any_work(frames, sample_line, tmp_path, capsys):
    path = write(tmp_path, frames[:1], "ACEScg")
    words = ["dub", path, str(sample_line), str(tmp_path / "out.####.exr"), "--space", "ACES 1.0 - SDR Video"]
    assert main([*words, "--progress", "none"]) == 4
    assert "is a view, a tone-mapped picture of the shot" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))
