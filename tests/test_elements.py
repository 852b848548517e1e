# SPDX-License-Identifier: Apache-2.0
"""Elements of a dub: what a compositor gets must give the comp again, in other people's arithmetic."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
from pathlib import Path

import cv2
import nkparser
import numpy as np
import OpenImageIO as oiio
import PyOpenColorIO as ocio
import pytest

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.cli.main import main
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import Moved, Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.elements import elements, plate_points
from ofx_lipsync.graph import Dubbed, together
from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.over import over
from ofx_lipsync.kernels.warp import grid_points
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.nodes.mouth import layers
from ofx_lipsync.nodes.mouth.points import JAW_ROWS, LIPS_EDGE

FIRST, LAST = 1001, 1005
SIZE, AT, FORMAT = (400, 226), (-8, 4), (384, 234)
RAMP = ("--set", f"MouthGenerate.strength={FIRST}:0,{FIRST + 1}:0.6,{FIRST + 2}:1")
KINDS = {"half": ("half", "lin_ap1_scene"), "float": ("float", "lin_ap1_scene"), "aces": ("half", "lin_ap0_scene")}


@pytest.fixture(scope="module")
def make_plate(samples: Path):
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=KINDS)
def shot(request, tmp_path_factory, make_plate, sample_line) -> Path:
    """A folder with an overscanned plate that has lights, negatives and broken pixels all over the face; its comp and
    elements."""
    kind, space = KINDS[request.param]
    folder = tmp_path_factory.mktemp(f"elements-{request.param}")
    still = make_plate.scene_linear_still()
    for frame in range(FIRST, LAST + 1):
        rgb = make_plate.view(still, (frame - FIRST) / 40, *SIZE).astype(np.float32)
        rgb[7::17, 5::13] = [60.0, -0.2, 1e-7]
        rgb[9::46, 6::38] = [np.nan, np.inf, -np.inf]
        spec = oiio.ImageSpec(*SIZE, 3, kind)
        spec.x, spec.y, spec.full_width, spec.full_height, spec.full_x, spec.full_y = *AT, *FORMAT, 0, 0
        spec.attribute("oiio:ColorSpace", space)
        spec.attribute("show/shot", "ab_0010")
        spec.attribute("PixelAspectRatio", 1.125)
        spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (0x01020300 + frame - FIRST, 0))
        out = oiio.ImageOutput.create("x.exr")
        out.open(str(folder / f"plate.{frame}.exr"), spec)
        out.write_image(rgb)
        out.close()
    dub(folder, sample_line, folder, *RAMP, "--analysis", str(folder / "shot.lipsync"))
    return folder


def dub(shot: Path, line: Path, out: Path, *more: str, asked: bool = True) -> None:
    files = ["--elements", str(out / "elements.####.exr")] if asked else []
    words = ["dub", str(shot / "plate.####.exr"), str(line), str(out / "comp.####.exr"), *files, *more]
    assert main([*words, "--progress", "none"]) == 0


def read(path: Path) -> tuple[np.ndarray, oiio.ImageSpec, Region]:
    image = oiio.ImageBuf(str(path))
    spec = image.spec()
    return image.get_pixels(oiio.FLOAT), spec, Region(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height)


def layer(path: Path, *names: str) -> tuple[np.ndarray, Region]:
    """[H, W, C] of some channels."""
    pixels, spec, region = read(path)
    return np.ascontiguousarray(pixels[..., [spec.channelnames.index(name) for name in names]]), region


def numpy_over(folder: Path, frame: int) -> np.ndarray:
    plate, spec, window = read(folder / f"plate.{frame}.exr")
    new, region = layer(folder / f"elements.{frame}.exr", *"RGBA")
    at = region.slices_in(window)
    with np.errstate(invalid="ignore"):
        plate[at] = new[..., :3] + plate[at] * (1 - new[..., 3:])
    return plate.astype(np.float16).astype(np.float32) if str(spec.format) == "half" else plate


def oiio_over(folder: Path, frame: int) -> np.ndarray:
    plate, spec, window = read(folder / f"plate.{frame}.exr")
    new, region = layer(folder / f"elements.{frame}.exr", *"RGBA")
    opaque = np.concatenate([plate, np.ones((*plate.shape[:2], 1), np.float32)], axis=2)
    comp = oiio.ImageBufAlgo.over(buffer(new, region, spec), buffer(opaque, window, spec))
    assert (comp.spec().x, comp.spec().y, comp.spec().width) == (window.x0, window.y0, window.width)
    return comp.get_pixels(oiio.FLOAT)[..., :3]


def buffer(pixels: np.ndarray, region: Region, like: oiio.ImageSpec) -> oiio.ImageBuf:
    spec = oiio.ImageSpec(region.width, region.height, 4, like.format)
    spec.x, spec.y, spec.alpha_channel, spec.channelnames = region.x0, region.y0, 3, tuple("RGBA")
    made = oiio.ImageBuf(spec)
    made.set_pixels(spec.roi, pixels)
    return made


@pytest.mark.parametrize("plain", [numpy_over, oiio_over])
def test_a_plain_over_is_the_comp(shot, plain) -> None:
    for frame in range(FIRST + 1, LAST + 1):
        comp, _, window = read(shot / f"comp.{frame}.exr")
        alpha, region = layer(shot / f"elements.{frame}.exr", "A")
        made = plain(shot, frame)
        hidden = np.zeros(comp.shape[:2], bool)
        hidden[region.slices_in(window)] = alpha[..., 0] == 1
        # An opaque mouth hides a broken pixel, which 0 x NaN cannot: there alone the two may differ.
        broken = ~np.isfinite(read(shot / f"plate.{frame}.exr")[0]).all(axis=2)
        comp[hidden & broken] = made[hidden & broken] = 0
        np.testing.assert_array_equal(made, comp)
        assert (hidden & ~broken).sum() > 1000


def test_lights_and_negatives_lie_inside_and_outside_and_stay(shot) -> None:
    on_the_edge = 0
    for frame in range(FIRST + 1, LAST + 1):
        plate, _, window = read(shot / f"plate.{frame}.exr")
        comp = read(shot / f"comp.{frame}.exr")[0]
        alpha, region = layer(shot / f"elements.{frame}.exr", "A")
        cover = np.zeros(plate.shape[:2], np.float32)
        cover[region.slices_in(window)] = alpha[..., 0]
        lit = plate[..., 0] == 60
        assert lit[cover == 0].sum() > 20
        on_the_edge += int(lit[(cover > 0) & (cover < 1)].sum())
        assert np.array_equal(comp[cover == 0].view(np.uint32), plate[cover == 0].view(np.uint32))
        assert np.nanmax(comp[(cover == 1)]) > 30, "moved with the jaw, and not clamped"
    assert on_the_edge > 3


def digests(folder: Path, name: str) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob(f"{name}.*"))}


def test_asking_for_elements_changes_no_byte_of_the_comp(shot, sample_line, tmp_path) -> None:
    known = ("--analysis", str(shot / "shot.lipsync"))
    dub(shot, sample_line, tmp_path, *RAMP, *known, "-F", f"{LAST}", asked=False)
    assert digests(tmp_path, "comp")[f"comp.{LAST}.exr"] == digests(shot, "comp")[f"comp.{LAST}.exr"]
    assert not list(tmp_path.glob("elements*"))


def test_chunks_give_the_same_bytes(shot, sample_line, tmp_path) -> None:
    whole = digests(shot, "elements")
    for chunk in (f"{FIRST + 3}-{LAST}", f"{FIRST}-{FIRST + 2}"):
        dub(shot, sample_line, tmp_path, *RAMP, "--analysis", str(shot / "shot.lipsync"), "-F", chunk)
    made = digests(tmp_path, "elements")
    assert {n: d for n, d in made.items() if n.endswith("exr")} == {n: d for n, d in whole.items() if n.endswith("exr")}
    assert made["elements.csv"] == whole["elements.csv"]
    assert (tmp_path / "elements.nk").read_text() == (shot / "elements.nk").read_text().replace(
        str(shot / "elements"), str(tmp_path / "elements")
    )


def test_only_frames_with_a_new_mouth_have_layers(shot, sample_line, tmp_path) -> None:
    """And one that an earlier render left does not stay to be comped."""
    names = [p.name for p in sorted(shot.glob("elements.*.exr"))]
    assert names == [f"elements.{frame}.exr" for frame in range(FIRST + 1, LAST + 1)]
    (tmp_path / f"elements.{FIRST}.exr").write_bytes(b"left over")
    dub(shot, sample_line, tmp_path, *RAMP, "--analysis", str(shot / "shot.lipsync"), "-F", f"{FIRST}")
    files = sorted(p.name for p in tmp_path.iterdir() if ".lipsync" not in p.name)
    assert files == [f"comp.{FIRST}.exr", "elements.csv", "elements.nk"]


def test_headers_are_the_plates(shot) -> None:
    _, spec, region = read(shot / f"elements.{LAST}.exr")
    _, plate, window = read(shot / f"plate.{LAST}.exr")
    comp = read(shot / f"comp.{LAST}.exr")[1]
    half = str(plate.format) == "half"
    kinds = {str(kind) for kind in spec.channelformats} if half else {str(spec.format)}
    assert kinds == ({"half", "float"} if half else {"float"})
    assert (spec.full_x, spec.full_y, spec.full_width, spec.full_height) == (0, 0, *FORMAT)
    assert window.contains(region)
    assert region.width < window.width / 2
    for name in ("smpte:TimeCode", "show/shot", "PixelAspectRatio", "oiio:ColorSpace"):
        assert spec.getattribute(name) == plate.getattribute(name), name
    for name in ("lipsync/params", "lipsync/software", "lipsync/ai_modified", "lipsync/ai_region"):
        assert spec.getattribute(name) == comp.getattribute(name) is not None, name
    assert spec.get_string_attribute("compression") == "zip"
    ramped = read(shot / f"elements.{FIRST + 1}.exr")[1]
    assert ramped.get_float_attribute("lipsync/strength") == pytest.approx(0.6)
    assert 0 < ramped.get_float_attribute("lipsync/confidence") < 1


def test_the_mouth_is_told_from_the_jaw(shot) -> None:
    mouth, all_new, ground, raw = (
        layer(shot / f"elements.{LAST}.exr", name)[0] for name in ("matte.A", "A", "ground.A", "raw.A")
    )
    assert 0 < (mouth == 1).sum() < (ground == 1).sum()
    assert (mouth <= all_new + 1e-3).all()
    assert (raw[mouth > 0] > 0).all()
    sure = layer(shot / f"elements.{LAST}.exr", "confidence.A")[0]
    wanted = read(shot / f"elements.{LAST}.exr")[1].get_float_attribute("lipsync/confidence")
    assert sure[mouth == 1] == pytest.approx(wanted, abs=1e-3)
    assert (sure[mouth == 0] == 1).all()


def source_px(path: Path) -> tuple[np.ndarray, np.ndarray, Region]:
    """(x, y) of the plate, as a program reads them from the ST map, centres at half a pixel."""
    (uv, region), spec = layer(path, "stmap.u", "stmap.v"), read(path)[1]
    return uv[..., 0] * spec.full_width + spec.full_x, (1 - uv[..., 1]) * spec.full_height + spec.full_y, region


def test_the_plate_through_the_st_map_is_the_moved_jaw(shot) -> None:
    """By somebody else's resampling. What a tenth of a pixel would make of it is the measure."""
    plate, _, window = read(shot / f"plate.{LAST}.exr")
    x, y, region = source_px(shot / f"elements.{LAST}.exr")
    rgba, _ = layer(shot / f"elements.{LAST}.exr", "ground.R", "ground.G", "ground.B", "ground.A")
    broken = ~np.isfinite(plate).all(axis=2) | (plate[..., 0] > 10)
    clear = cv2.dilate(broken.astype(np.uint8), np.ones((11, 11))) == 0
    plate = np.nan_to_num(plate, posinf=0, neginf=0)
    mouth, _ = layer(shot / f"elements.{LAST}.exr", "matte.A")
    sure = (rgba[..., 3] == 1) & (mouth[..., 0] == 0) & clear[region.slices_in(window)]

    def off(shift_px: float) -> float:
        columns, rows = (x - window.x0 - 0.5 + shift_px).astype(np.float32), (y - window.y0 - 0.5).astype(np.float32)
        return float(np.abs(cv2.remap(plate, columns, rows, cv2.INTER_CUBIC) - rgba[..., :3])[sure].mean())

    still = np.abs(plate[region.slices_in(window)] - rgba[..., :3])[sure].mean()
    assert sure.sum() > 400
    assert off(0) < 0.75 * off(0.1)
    assert off(0) < 0.75 * off(-0.1)
    assert off(0) < 0.2 * still


class Ramp:
    """A plate whose red is its x and whose green its y, so that a moved pixel says where it came from."""

    display = Region.of_size(*FORMAT)
    rate = 24

    def __init__(self, window: Region) -> None:
        self._window = window

    def window(self, frame: int) -> Region:
        return self._window

    def crop(self, frame: int, region: Region) -> Image:
        y, x = np.mgrid[region.y0 : region.y1, region.x0 : region.x1] + 0.5
        return Image(np.stack([x, y, np.ones_like(x)]).astype(np.float32), region, self.display)


def test_the_st_map_is_where_the_engine_read(shot) -> None:
    plan, row = read_analysis(str(shot / "shot.lipsync")).plan, LAST - FIRST
    window = Region(AT[0], AT[1], AT[0] + SIZE[0], AT[1] + SIZE[1])
    patch = layers.paint(Ramp(window), LAST, None, plan, row, 1.0)
    region = patch.image.region
    way = patch.moved
    solid = (patch.ground.pixels[3] == 1) & (matte(way.lips, region, feather_px=1, erode_px=-way.reach_px - 1) == 0)
    points = plate_points([patch], region)
    assert solid.sum() > 3000
    error = np.hypot(*(patch.ground.pixels[:2] - points))[solid]
    assert np.hypot(*(points - plate_points([], region)))[solid].max() > 1, "something moved"
    assert error.max() < 0.01
    x, y, box = source_px(shot / f"elements.{LAST}.exr")
    inside = box.intersect(region)
    shown = np.stack([x, y])[(slice(None), *inside.slices_in(box))] - points[(slice(None), *inside.slices_in(region))]
    assert np.hypot(*shown).max() < 1e-3


def test_the_st_map_takes_the_jaw_and_lips_to_where_the_line_wants_them(shot) -> None:
    plan, row = read_analysis(str(shot / "shot.lipsync")).plan, LAST - FIRST
    x, y, box = source_px(shot / f"elements.{LAST}.exr")
    for rows, most_px in ((JAW_ROWS[5:12], 0.1), (LIPS_EDGE, 0.006 * plan.face_height_px[row])):
        target, here = plan.target[row][rows], plan.here[row][rows]
        at = (target - [box.x0, box.y0] - 0.5).astype(np.float32)[None]
        read_at = [cv2.remap(p.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0] for p in (x, y)]
        assert np.linalg.norm(target - here, axis=1).max() > 0.5
        assert np.linalg.norm(np.stack(read_at, axis=1) - here, axis=1).max() < most_px


def test_where_nothing_moves_the_st_map_is_the_pixel_itself(shot) -> None:
    x, y, region = source_px(shot / f"elements.{LAST}.exr")
    rows, columns = np.mgrid[region.y0 : region.y1, region.x0 : region.x1] + 0.5
    away = np.hypot(x - columns, y - rows)
    ground = layer(shot / f"elements.{LAST}.exr", "ground.A")[0][..., 0]
    assert away[ground == 0].max() < 1e-3
    assert away.max() > 0.5


def test_the_curves_tell_of_the_whole_shot(shot) -> None:
    rows = list(csv.DictReader((shot / "elements.csv").read_text().splitlines()))
    assert [int(row["frame"]) for row in rows] == list(range(FIRST, LAST + 1))
    assert [float(row["strength"]) for row in rows] == pytest.approx([0, 0.6, 1, 1, 1])
    assert all(0 < float(row["confidence"]) <= 1 for row in rows)


def test_the_script_reads_as_one_of_nukes(shot) -> None:
    text = (shot / "elements.nk").read_text()
    script = nkparser.Script.from_string(text)
    assert {found.code for found in script.diagnostics} == {"missing-root"}, "as of nodes to be pasted"
    kinds = {node.name: node.class_name for node in script.all_nodes()}
    assert kinds == {
        "LipSyncNote": "StickyNote", "LipSyncCurves": "NoOp", "Elements": "Read", "Plate": "Read", "Comp": "Merge2",
        "Warped": "STMap", "Stabilise": "CornerPin2D",
    }  # fmt: skip
    assert str(shot / "elements.####.exr") in text
    assert "strength {{curve x1001 0 x1002 0.6 x1003 1 x1004 1 x1005 1}}" in text


@pytest.fixture(scope="module")
def codes(tmp_path_factory, make_plate) -> Path:
    """A folder with three frames of 8-bit codes."""
    folder = tmp_path_factory.mktemp("elements-codes")
    still = make_plate.scene_linear_still()
    for frame in range(1, 4):
        shown = Colour.load().to_look(make_plate.view(still, frame / 40, 320, 180).transpose(2, 0, 1), "ACEScg")
        image = oiio.ImageBuf(oiio.ImageSpec(320, 180, 3, "uint8"))
        image.set_pixels(oiio.ROI.All, np.ascontiguousarray(shown.transpose(1, 2, 0)))
        assert image.write(str(folder / f"plate.{frame:04d}.png"))
    return folder


def test_over_a_plate_of_codes_it_is_the_comp_to_the_code(codes, sample_line) -> None:
    """Elements are light there: the plate is brought to light, comped, and brought back, by OCIO itself."""
    out, wanted = codes / "comp.####.png", codes / "elements.####.exr"
    words = ["dub", str(codes / "plate.####.png"), str(sample_line), str(out), "--elements", str(wanted)]
    assert main([*words, "--progress", "none"]) == 0
    colour = Colour.load()
    for frame in (2, 3):
        plate, comp = (oiio.ImageBuf(str(codes / f"{n}.{frame:04d}.png")) for n in ("plate", "comp"))
        new, spec, region = read(codes / f"elements.{frame:04d}.exr")
        assert str(spec.format) == "float"
        assert spec.getattribute("oiio:ColorSpace") == "lin_ap1_scene"
        light = by_ocio(colour, plate.get_pixels(oiio.FLOAT), "sRGB - Texture", "ACEScg")
        at = region.slices_in(Region.of_size(320, 180))
        light[at] = new[..., :3] + light[at] * (1 - new[..., 3:4])
        made = np.rint(np.clip(by_ocio(colour, light, "ACEScg", "sRGB - Texture"), 0, 1) * 255)
        was, is_now = (image.get_pixels(oiio.UINT8).astype(int) for image in (plate, comp))
        assert (was != is_now).sum() > 1000
        # Another road through the same curve may round the other way half way between two codes.
        assert np.abs(made - is_now).max() <= 1
        assert (made != is_now).mean() < 1e-4


def by_ocio(colour: Colour, pixels: np.ndarray, source: str, target: str) -> np.ndarray:
    made = np.ascontiguousarray(pixels[..., :3], np.float32)
    processor = colour.config.getProcessor(source, target).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    processor.applyRGB(made)
    return made


@pytest.mark.parametrize("name", ["elements.exr", "elements.####.png", "comp.####.exr"])
def test_a_name_that_is_no_sequence_of_exrs_is_refused_before_any_work(shot, sample_line, name, capsys) -> None:
    words = ["dub", str(shot / "plate.####.exr"), str(sample_line), str(shot / "comp.####.exr")]
    assert main([*words, "--elements", str(shot / name), "--progress", "none"]) in (2, 4)
    said = capsys.readouterr().err
    assert ("is the result as well" if name.startswith("comp") else "give a name such as elements.####.exr") in said


def person(region: Region, confidence: float) -> Dubbed:
    """A mouth of one colour in the middle of its region, on skin that moved two pixels down."""
    rng = np.random.default_rng(region.x0)
    alpha = np.zeros(region.shape, np.float32)
    alpha[8:-8, 8:-8] = rng.uniform(0.2, 1, (region.height - 16, region.width - 16))
    pixels = np.concatenate([rng.random((3, *region.shape)) * alpha, alpha[None]]).astype(np.float32)
    image = Image(pixels, region, Region.of_size(200, 100), tuple("RGBA"))
    grid = grid_points(8, region)
    grid[1, 3:-3, 3:-3] -= 2
    edge = np.array([[region.x0 + 20, region.y0 + 30], [region.x0 + 40, region.y0 + 30]], np.float32)
    lips = np.concatenate([edge + [0, -2], edge[::-1] + [0, 2]]).astype(np.float32)
    way = Moved(8, grid, grid, grid, edge, edge, lips, 3.0)
    patch = Patch(image, image, lips, alpha, confidence, 60.0, moved=way)
    return Dubbed(Image(pixels[:3], region, image.display), alpha, image, alpha / 2, patch)


def test_two_people_are_one_layer() -> None:
    people = [person(Region(10, 10, 80, 70), 0.9), person(Region(70, 20, 150, 90), 0.4)]
    both = together([p.layer for p in people])
    plate = np.random.default_rng(1).random((3, 100, 200)).astype(np.float32)
    comp = plate.copy()
    for each in people:
        at = (slice(None), *each.layer.region.slices_in(Region.of_size(200, 100)))
        comp[at] = over(each.layer.pixels, np.ascontiguousarray(comp[at]))
    at = (slice(None), *both.region.slices_in(Region.of_size(200, 100)))
    assert np.allclose(over(both.pixels, np.ascontiguousarray(plate[at])), comp[at], atol=1e-6)
    found = elements(people, both, Colour.load())
    assert found.region == Region(18, 18, 142, 82)
    u, v = found.planes["stmap.u"], found.planes["stmap.v"]
    down = (1 - v) * 100 - np.mgrid[18:82, 18:142][0] - 0.5
    assert np.abs(u * 200 - np.mgrid[18:82, 18:142][1] - 0.5).max() < 1e-4
    assert down[25, 30] == pytest.approx(-2, abs=0.2)
    assert down[40, 90] == pytest.approx(-2, abs=0.2)
    assert down[0, -1] == pytest.approx(0, abs=1e-3)
    assert found.planes["confidence.A"].min() == pytest.approx(1 - 0.5 * 0.6, abs=0.02)
