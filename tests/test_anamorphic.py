# SPDX-License-Identifier: Apache-2.0
"""A plate squeezed 2:1 gets the mouth that its unsqueezed copy gets, and an edge as soft across as down."""

from __future__ import annotations

import importlib.util
from fractions import Fraction

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.core.region import Region
from ofx_lipsync.core.squeeze import Shown
from ofx_lipsync.graph import Dub, Settings, Shot
from ofx_lipsync.media.sound import read_sound
from ofx_lipsync.media.source import open_plate
from ofx_lipsync.nodes.mouth.points import LIP_ROWS

COUNT, WIDE, HIGH = 14, 640, 360


@pytest.fixture(scope="module")
def plates(samples, tmp_path_factory) -> dict[int, str]:
    """Aspect -> pattern of the same frames, wide and squeezed."""
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    make_plate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_plate)
    folder, still = tmp_path_factory.mktemp("anamorphic"), make_plate.scene_linear_still()
    for index in range(COUNT):
        rgb = make_plate.view(still, index / 40, WIDE, HIGH).astype(np.float32)
        for aspect, pixels in ((1, rgb), (2, (rgb[:, ::2] + rgb[:, 1::2]) / 2)):
            head = oiio.ImageSpec(pixels.shape[1], HIGH, 3, "float")
            head.attribute("PixelAspectRatio", float(aspect))
            head.attribute("oiio:ColorSpace", "lin_ap1_scene")
            out = oiio.ImageOutput.create("x.exr")
            out.open(str(folder / f"plate{aspect}.{1001 + index}.exr"), head)
            out.write_image(np.ascontiguousarray(pixels))
            out.close()
    return {aspect: str(folder / f"plate{aspect}.####.exr") for aspect in (1, 2)}


def test_the_shown_picture_is_the_unsqueezed_one(plates) -> None:
    with open_plate(plates[1]) as wide, open_plate(plates[2]) as squeezed:
        assert (wide.info.pixel_aspect, squeezed.info.pixel_aspect) == (1, Fraction(2))
        shown = Shown(squeezed, 2.0)
        assert shown.display == wide.display
        for region, longest in ((Region(201, 40, 457, 296), 128), (Region(0, 0, WIDE, HIGH), 80)):
            a, b = (clip.look(1001, region, longest).pixels for clip in (wide, shown))
            assert a.shape == b.shape
            assert np.abs(a - b).mean() < 0.012


def test_lips_are_in_the_same_place(plates, sample_line) -> None:
    found = {}
    for aspect, pattern in plates.items():
        with open_plate(pattern) as plate:
            shot = Shot(plate, read_sound(str(sample_line)), plate.frames, pixel_aspect=float(plate.info.pixel_aspect))
            dub = Dub(shot, Settings())
            analysis = dub.analyse({})
            matte = dub.render(analysis, 1001 + COUNT - 1)
            found[aspect] = analysis.plan, matte
    wide, squeezed = (found[aspect][0] for aspect in (1, 2))
    assert squeezed.frames.tolist() == wide.frames.tolist()
    stretch = np.array([2, 1])
    for points in ("here", "target"):
        away = getattr(squeezed, points) * stretch - getattr(wide, points)
        assert np.linalg.norm(away[:, LIP_ROWS], axis=2).max() < 1.0, points
    assert found[2][1].image.region.width == pytest.approx(found[1][1].image.region.width / 2, rel=0.5)


def test_the_edge_is_as_soft_across_as_down() -> None:
    from ofx_lipsync.core.image import Image
    from ofx_lipsync.core.plan import Patch
    from ofx_lipsync.nodes.blend import Params, render

    region = Region(0, 0, 120, 200)
    display, ones = Region.of_size(120, 200), np.ones((4, *region.shape), np.float32)
    square = np.array([[30, 40], [90, 40], [90, 160], [30, 160]], np.float32)
    layer, ground = (Image(p, region, display, tuple("RGBA")) for p in (ones, ones * 0))
    patch = Patch(layer, ground, square, ones[0], 1.0, 200 / np.sqrt(2), pixel_aspect=2.0)
    plate = Image(ones[:3] * 0.5, region, display)
    _, matte = render(plate, patch, Params(feather=16.0, grain=0.0))
    across, down = matte[100, :60], matte[:100, 60]
    assert across[30] == pytest.approx(0.5, abs=0.06) == down[40]
    half = [np.flatnonzero((line > 0) & (line < 1)).size for line in (across, down)]
    assert half[1] == pytest.approx(2 * half[0], abs=3)
