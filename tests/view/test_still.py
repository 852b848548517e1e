# SPDX-License-Identifier: Apache-2.0
"""What is drawn off-screen: OCIO's own numbers, overlays where the landmarks are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import PyOpenColorIO as ocio
import pytest

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.errors import ColourError, OutputError
from ofx_lipsync.core.region import Region
from ofx_lipsync.media.colour import Colour
from ofx_lipsync.view.look import look, processor, views
from ofx_lipsync.view.overlay import BOX, MATTE, OTHER, POINTS, Stroke, box, chosen, strokes
from ofx_lipsync.view.still import check_still, draw, write_still

CLOSE = 1e-4
"""A hundredth of an 8-bit code, and what GPUs' pow and log leave."""
ACES2 = "cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
SHOWN = ((None, "Un-tone-mapped"), (ACES2, "Un-tone-mapped"), (ACES2, "ACES 2.0 - SDR 100 nits (Rec.709)"))
WHOLE = Region.of_size(200, 100)


def picture(region: Region = WHOLE) -> np.ndarray:
    """Scene-linear with highlights, negatives and black."""
    rgb = np.random.default_rng(3).uniform(-0.05, 1.5, (3, *region.shape)).astype(np.float32)
    rgb[:, :10] *= 10
    rgb[:, -5:] = 0
    return rgb


def by_cpu(rgb: np.ndarray, colour: Colour, view: str) -> np.ndarray:
    pixels = np.ascontiguousarray(rgb.transpose(1, 2, 0))
    cpu = processor(colour, views(colour)[0], view).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    cpu.applyRGB(pixels)
    return pixels


@pytest.mark.usefixtures("gl")
@pytest.mark.parametrize(("config", "view"), SHOWN)
@pytest.mark.parametrize("region", [WHOLE, Region(-7, 3, 30, 20), Region.of_size(1, 1)], ids=str)
def test_the_picture_is_ocios(config: str | None, view: str, region: Region) -> None:
    colour, rgb = Colour.load(config), picture(region)
    drawn = draw(rgb, region, look(colour, None, view))
    assert drawn.shape == (*region.shape, 3)
    np.testing.assert_allclose(drawn, by_cpu(rgb, colour, view), atol=CLOSE, rtol=0)


@pytest.mark.usefixtures("gl")
def test_exposure_is_in_stops_before_the_view() -> None:
    colour = Colour.load(None)
    drawn = draw(picture(), WHOLE, look(colour), exposure=-1.5)
    np.testing.assert_allclose(drawn, by_cpu(picture() * np.float32(2**-1.5), colour, views(colour)[1][0]), atol=CLOSE)


@pytest.mark.usefixtures("gl")
def test_a_look_with_a_cube_of_colours(tmp_path: Path) -> None:
    """Configs of studios hold 3D LUTs, which the built-in ones do not."""
    grid = np.linspace(0, 1, 9)
    rows = [f"{r**0.5:.6f} {(g + b) / 2:.6f} {b:.6f}" for b in grid for g in grid for r in grid]
    (tmp_path / "look.cube").write_text("LUT_3D_SIZE 9\n" + "\n".join(rows))
    config = ocio.Config.CreateRaw()
    space = ocio.ColorSpace(name="graded")
    cube = ocio.FileTransform("look.cube", interpolation=ocio.INTERP_LINEAR)
    space.setTransform(cube, ocio.COLORSPACE_DIR_FROM_REFERENCE)
    config.addColorSpace(space)
    config.addColorSpace(ocio.ColorSpace(name="linear"))  # the config's own Raw is data, which OCIO leaves alone
    config.setRole("scene_linear", "linear")
    config.addDisplayView("screen", "graded", "graded")
    config.setActiveDisplays("screen")
    config.setSearchPath(str(tmp_path))
    colour = Colour(config, "cube")
    shown = look(colour, "screen", "graded")
    assert [lut.dimensions for lut in shown.luts] == [3]
    rgb = np.random.default_rng(5).uniform(0, 1, (3, *WHOLE.shape)).astype(np.float32)
    np.testing.assert_allclose(draw(rgb, WHOLE, shown), by_cpu(rgb, colour, "graded"), atol=CLOSE)


def drawn_over_black(found: list[Stroke], region: Region = WHOLE) -> np.ndarray:
    return draw(np.zeros((3, *region.shape), np.float32), region, look(Colour.load(None), None, "Raw"), strokes=found)


@pytest.mark.usefixtures("gl")
def test_every_landmark_has_its_dot(analysis: Analysis) -> None:
    drawn = drawn_over_black(strokes(analysis, 1001, frozenset(["landmarks"])))
    points = analysis.faces.tracks[0].landmarks[0, :, :2]
    at = drawn[points[:, 1].astype(int), points[:, 0].astype(int)]
    assert at.min() > 0.5 * POINTS[3]
    far = np.hypot(*np.meshgrid(np.arange(200) - 59.5, np.arange(100) - 49.5)) > 36
    assert not drawn[far].any()


@pytest.mark.usefixtures("gl")
def test_boxes_stand_round_both_people_in_their_colours(analysis: Analysis) -> None:
    drawn = drawn_over_black(strokes(analysis, 1001, frozenset(["box"])))
    for number, colour in enumerate((BOX, OTHER)):
        corners = box(analysis.faces.tracks[number].landmarks[0, :, :2])
        (left, top), (right, bottom) = corners[0], corners[2]
        for x, y in ((left, (top + bottom) / 2), ((left + right) / 2, top), (right, bottom), (left, top)):
            patch = drawn[round(y) - 1 : round(y) + 1, round(x) - 1 : round(x) + 1]
            peak = patch.max(axis=(0, 1))
            assert peak.max() > 0.4
            np.testing.assert_allclose(peak / peak.max(), np.array(colour[:3]) / max(colour[:3]), atol=0.02)
        assert not drawn[int((top + bottom) / 2), int((left + right) / 2)].any()


@pytest.mark.usefixtures("gl")
def test_overlays_keep_their_place_where_the_region_starts_elsewhere(analysis: Analysis) -> None:
    found = strokes(analysis, 1001, frozenset(["landmarks"]))
    moved = Region(20, -10, 120, 90)
    rows, columns = moved.intersect(WHOLE).slices_in(moved)
    np.testing.assert_allclose(
        drawn_over_black(found, moved)[rows, columns], drawn_over_black(found)[:90, 20:120], atol=1e-3
    )


@pytest.mark.usefixtures("gl")
def test_the_lips_as_they_are_and_as_wanted(analysis: Analysis) -> None:
    for name in ("lips", "wanted"):
        drawn = drawn_over_black(strokes(analysis, 1001, frozenset([name])))
        assert 50 < np.count_nonzero(drawn.max(axis=2)) < drawn.shape[0] * drawn.shape[1] / 2
    assert strokes(analysis, 1003, frozenset(["box", "landmarks", "lips", "wanted"])) == []


@pytest.mark.usefixtures("gl")
def test_the_matte_tints_where_it_is() -> None:
    matte, region = np.zeros((20, 30), np.float32), Region(50, 40, 80, 60)
    matte[5:15, 10:20] = 1
    black = np.zeros((3, *WHOLE.shape), np.float32)
    drawn = draw(black, WHOLE, look(Colour.load(None), None, "Raw"), matte=(matte, region))
    np.testing.assert_allclose(drawn[50, 65], np.array(MATTE[:3]) * MATTE[3], atol=1e-3)
    assert not drawn[:44].any()
    assert not drawn[57:].any()


def test_what_cannot_be_shown_is_said() -> None:
    colour = Colour.load(None)
    with pytest.raises(ColourError, match=r"no display 'Telly'.*it has 'sRGB - Display'"):
        views(colour, "Telly")
    with pytest.raises(ColourError, match=r"no view 'Film' for 'sRGB - Display'; it has 'ACES 1\.0 - SDR Video'"):
        look(colour, None, "Film")
    with pytest.raises(OutputError, match=r"got \.gif, expected one of \.png"):
        check_still("frame.gif")


def test_a_still_holds_what_was_drawn(tmp_path: Path) -> None:
    pixels = np.random.default_rng(7).uniform(-0.5, 1.5, (4, 6, 3)).astype(np.float32)
    write_still(str(tmp_path / "frame.exr"), pixels)
    assert np.array_equal(oiio.ImageBuf(str(tmp_path / "frame.exr")).get_pixels(oiio.FLOAT), pixels)
    write_still(str(tmp_path / "frame.png"), pixels)
    held = oiio.ImageBuf(str(tmp_path / "frame.png")).get_pixels(oiio.FLOAT)
    np.testing.assert_allclose(held, pixels.clip(0, 1), atol=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["frame.exr", "frame.png"]


def test_overlays_by_name() -> None:
    assert chosen("none") == frozenset()
    assert chosen("box,lips") == {"box", "lips"}
    assert len(chosen("all")) == 5
    with pytest.raises(Exception, match="got 'ears', expected some of box"):
        chosen("box,ears")
