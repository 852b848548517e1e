# SPDX-License-Identifier: Apache-2.0
"""Blend: matte, holdout, mix and light, to the bit where nothing may change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes.blend import Params, render

REGION = Region(100, 50, 220, 160)
HEIGHT_PX = 100.0


def picture(colour: tuple[float, ...], region: Region = REGION) -> Image:
    pixels = np.empty((len(colour), *region.shape), np.float32)
    pixels[:] = np.array(colour, np.float32)[:, None, None]
    return Image(pixels, region, Region.of_size(400, 300), tuple("RGBA"[: len(colour)]))


@pytest.fixture
def plate() -> Image:
    grain = np.random.default_rng(3).normal(0.2, 0.02, (3, *REGION.shape)).astype(np.float32)
    return dataclasses.replace(picture((0, 0, 0)), pixels=grain)


@pytest.fixture
def patch() -> Patch:
    """A grey mouth with a white tooth in it, its outline a square of 60 px, and ground that did not move."""
    mouth = picture((0.4, 0.4, 0.4, 1.0))
    mouth.pixels[:3, 50:60, 55:65] = 2.0
    outline = np.array([[130, 75], [190, 75], [190, 135], [130, 135]], np.float32)
    skin = np.ones(REGION.shape, np.float32)
    skin[40:70, 45:75] = 0
    return Patch(mouth, picture((0.0, 0.0, 0.0, 0.0)), outline, skin, 1.0, HEIGHT_PX)


def test_no_mix_is_the_plate(plate, patch) -> None:
    image, matte = render(plate, patch, Params(mix=0.0))
    assert image.pixels is plate.pixels
    assert not matte.any()


def test_the_plate_stands_outside_the_matte(plate, patch) -> None:
    plate.pixels[:, 0, 0] = [np.nan, np.inf, -3.0]
    image, matte = render(plate, patch, Params())
    outside = np.broadcast_to(matte == 0, plate.pixels.shape)
    assert np.array_equal(image.pixels[outside].view(np.int32), plate.pixels[outside].view(np.int32))
    assert matte[55, 60] == 1
    assert matte.min() == 0


def test_feather_lies_on_both_sides_of_the_outline(plate, patch) -> None:
    _, matte = render(plate, patch, Params(feather=20.0))
    row = matte[55]
    assert row[30] == pytest.approx(0.5, abs=0.06), "half way on the outline"
    assert row[19] == 0 < row[21]
    assert row[39] < 1 == row[41]


def test_erode_pulls_in_and_pushes_out(plate, patch) -> None:
    sums = [render(plate, patch, Params(erode=e))[1].sum() for e in (-5.0, 0.0, 10.0)]
    assert sums[0] > sums[1] > sums[2] > 0


def test_holdout_lets_the_plate_through(plate, patch) -> None:
    hand = picture((0.0,))
    hand.pixels[0, :, :60] = 1.0
    image, matte = render(plate, patch, Params(), hand)
    assert not matte[:, :60].any()
    assert np.array_equal(image.pixels[:, :, :60], plate.pixels[:, :, :60])
    cut_out = picture((1.0, 1.0, 1.0, 0.0))
    cut_out.pixels[3, :, :60] = 1.0
    assert np.array_equal(render(plate, patch, Params(), cut_out)[1], matte), "an alpha counts before colour does"
    _, other = render(plate, patch, Params(invert_holdout=True), hand)
    assert not other[:, 60:].any()
    assert other[:, :60].any()


def test_what_stands_in_front_lends_the_mouth_no_light(plate, patch) -> None:
    """A dark hand across the chin once darkened the lips beside it."""
    hand = picture((0.0,))
    hand.pixels[0, 60:] = 1.0
    dark = dataclasses.replace(plate, pixels=plate.pixels.copy())
    dark.pixels[:, 60:] = 0.01
    with_hand, bare = (render(shot, patch, Params(grain=0.0), hand)[0] for shot in (dark, plate))
    assert np.allclose(with_hand.pixels[:, 30:58], bare.pixels[:, 30:58], rtol=0.02)


def test_mix_is_halfway(plate, patch) -> None:
    off = Params(colour_match=0.0, grain=0.0)
    full, _ = render(plate, patch, off)
    half, matte = render(plate, patch, off.with_values(mix=0.5))
    assert np.allclose(half.pixels, (full.pixels + plate.pixels) / 2, atol=1e-5)
    assert matte.max() == pytest.approx(0.5)


def test_light_is_matched_and_highlights_keep_their_ratio(plate, patch) -> None:
    image, _ = render(plate, patch, Params(colour_radius=30.0, grain=0.0))
    skin, tooth = image.pixels[:, 75:80, 60].mean(), image.pixels[:, 55, 60].mean()
    assert skin == pytest.approx(0.2, rel=0.05), "the mouth's skin takes the plate's light"
    assert tooth / skin == pytest.approx(5.0, rel=0.08), "and the tooth stays five times as bright"
    bare, _ = render(plate, patch, Params(colour_match=0.0, texture_match=0.0, grain=0.0))
    assert bare.pixels[0, 55, 60] == 2.0, "nothing is clamped"


def texture(image: Image, rows: slice, columns: slice) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(np.sqrt(np.abs(image.pixels[:, rows, columns])), axis=2)).mean())


@pytest.mark.parametrize("softer", [0.7, 1.4])
def test_the_mouth_is_as_crisp_as_the_plate(plate, patch, softer) -> None:
    """A mouth read between pixels is softer than the plate; one that goes over a moving head is crisper than it."""
    rng = np.random.default_rng(8)
    patch.image.pixels[:3] = rng.normal(0.2, 0.02 * softer, (3, *REGION.shape))
    inside = slice(71, 81), slice(36, 84)
    without, with_it = (render(plate, patch, Params(texture_match=t, grain=0.0))[0] for t in (0.0, 1.0))
    kept, made = texture(without, *inside), texture(with_it, *inside)
    wanted = texture(plate, *inside)
    assert kept / wanted == pytest.approx(softer, rel=0.12)
    assert made / wanted == pytest.approx(1.0, rel=0.12)
    lips = slice(None), slice(40, 70), slice(45, 75)
    assert np.allclose(with_it.pixels[lips], without.pixels[lips]), "lips and teeth keep their edges"


def test_one_bad_pixel_spoils_no_texture(plate, patch) -> None:
    plate.pixels[:, 30, 40] = np.nan
    patch.image.pixels[:3, 55, 60] = np.inf
    image, _ = render(plate, patch, Params())
    assert np.isfinite(image.pixels[:, 35:52, 50:70]).all()
    assert (~np.isfinite(image.pixels)).any(axis=0).sum() <= 2


def test_the_ground_goes_under_the_mouth_and_can_be_left_out(plate, patch) -> None:
    chin = picture((0.9, 0.9, 0.9, 1.0))
    chin.pixels[:, :90] = 0
    moved = dataclasses.replace(patch, ground=chin)
    image, matte = render(plate, moved, Params(grain=0.0))
    assert np.all(image.pixels[:, 95:] == np.float32(0.9))
    assert np.all(matte[95:] == 1)
    _, without = render(plate, moved, Params(move_jaw=False))
    assert not without[95:].any()


@pytest.mark.parametrize("name", ["plate", "holdout"])
def test_another_region_is_refused(plate, patch, name) -> None:
    elsewhere = picture((0.0, 0.0, 0.0), REGION.shift(1, 0))
    given = (elsewhere, patch, Params(), None) if name == "plate" else (plate, patch, Params(), elsewhere)
    with pytest.raises(UsageError, match=f"Blend: the {name} covers"):
        render(*given)
