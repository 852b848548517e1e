# SPDX-License-Identifier: Apache-2.0
"""Grain: read off a picture, put back where a patch has lost it, and nowhere else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ofx_lipsync.bench.filmed import Grain
from ofx_lipsync.bench.grain import BAR, GRAINS, Found
from ofx_lipsync.core.image import Image
from ofx_lipsync.core.plan import Patch
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.kernels.regrain import regrain
from ofx_lipsync.nodes._blend_grain import kept, look, taps
from ofx_lipsync.nodes.blend import Params, render

REGION = Region(100, 50, 400, 310)
CHEEK = np.array([0.36, 0.2, 0.13], np.float32)[:, None, None]


def lit() -> np.ndarray:
    """[3, H, W]: skin from shadow to light, with nothing in it."""
    height, width = REGION.shape
    y, x = np.mgrid[0:height, 0:width]
    return (CHEEK * (0.4 + 0.5 * x / width + 0.4 * y / height)).astype(np.float32)


def shot(grain: Grain, seed: int) -> np.ndarray:
    return lit() + grain.level(lit()) * grain.field(REGION.shape, seed)


def image(pixels: np.ndarray) -> Image:
    return Image(pixels, REGION, Region.of_size(600, 400), tuple("RGBA"[: len(pixels)]))


def patch(pixels: np.ndarray) -> Patch:
    """A mouth layer over the whole region, its outline a square of 150 px."""
    solid = np.ones((1, *REGION.shape), np.float32)
    outline = np.array([[160, 90], [330, 90], [330, 270], [160, 270]], np.float32)
    ground = np.zeros((4, *REGION.shape), np.float32)
    return Patch(image(np.concatenate([pixels, solid])), image(ground), outline, solid[0], 1.0, 300.0)


def compared(grain: Grain, made: np.ndarray, truth: np.ndarray, inside: np.ndarray) -> tuple[float, np.ndarray]:
    found = Found()
    found.add("mouth", (made - lit()) / grain.level(lit()), inside)
    found.add("around", (truth - lit()) / grain.level(lit()), np.ones_like(inside))
    row = found.rows("", "", 1.0)[0]
    return row.deviation, np.array(row.rings)


@pytest.mark.parametrize("name", GRAINS)
def test_what_is_read_and_made_again_is_the_same_grain(name) -> None:
    """Mean of four frames, as an eye sees them."""
    everywhere, rows = np.ones(REGION.shape, np.float32), []
    for seed in range(4):
        plate = shot(GRAINS[name], seed)
        found = look(plate)
        made = regrain(lit(), everywhere, taps(found.power), found.mix, found.level, seed=seed)
        rows.append(compared(GRAINS[name], made, plate, everywhere == 1))
    assert np.mean([row[0] for row in rows]) == pytest.approx(1, abs=0.08)
    assert np.allclose(np.mean([row[1] for row in rows], axis=0), 1, atol=0.2)


@pytest.mark.parametrize("name", GRAINS)
def test_a_flat_patch_gets_the_plates_grain(name) -> None:
    rows = {0.0: [], 1.0: []}
    for seed, amount in ((s, a) for s in range(3) for a in rows):
        plate = shot(GRAINS[name], seed)
        result, matte = render(image(plate), patch(lit()), Params(grain=amount))
        rows[amount].append(compared(GRAINS[name], result.pixels, plate, matte == 1))
        assert np.array_equal(result.pixels[:, matte == 0], plate[:, matte == 0])
    flat, back = (np.mean([row[0] for row in rows[a]]) for a in rows)
    assert flat < 0.5, "flat without it"
    assert back == pytest.approx(1, abs=BAR)


def test_only_what_is_missing_is_added() -> None:
    """A mouth with the plate's own grain gets next to none."""
    grain = GRAINS["film, fine"]
    plate, own = shot(grain, 1), shot(grain, 2)
    bare, full = (render(image(plate), patch(own), Params(grain=a))[0].pixels for a in (0.0, 1.0))
    inside = slice(None), slice(90, 170), slice(110, 180)
    added = (full - bare)[inside] / grain.level(lit())[inside]
    assert added.std() < 0.25


def test_what_a_blur_took_is_put_back_ring_by_ring() -> None:
    grain = Grain((1e-6, 2e-4, 0.0))
    soft = blur(shot(grain, 2), 0.5)
    share = kept(shot(grain, 1), soft, np.ones(REGION.shape, bool), look(shot(grain, 1)))
    assert share[2] > 0.6 > 0.3 > share[-1]


def test_a_seam_has_grain_too() -> None:
    """Half plate and half mouth have 0.71 of either's grain."""
    grain = GRAINS["sensor, fine"]
    deviations = []
    for amount in (0.0, 1.0):
        seen = []
        for seed in range(4):
            plate, own = shot(grain, seed), shot(grain, seed + 10)
            result, matte = render(image(plate), patch(own), Params(grain=amount, feather=20.0))
            half = (matte > 0.4) & (matte < 0.6)
            seen.append((((result.pixels - lit()) / grain.level(lit()))[:, half] ** 2).mean())
        deviations.append(float(np.sqrt(np.mean(seen))))
    assert deviations[0] < 0.8
    assert deviations[1] == pytest.approx(1, abs=BAR)


def test_made_up_insides_get_all_of_it() -> None:
    grain = GRAINS["film, fine"]
    plate, own = shot(grain, 1), shot(grain, 2)
    own[:, 110:150, 120:170] = lit()[:, 110:150, 120:170]
    made_up = np.zeros(REGION.shape, np.float32)
    made_up[110:150, 120:170] = 1
    given = dataclasses.replace(patch(own), made_up=made_up)
    result = render(image(plate), given, Params())[0].pixels
    inside = slice(None), slice(115, 145), slice(125, 165)
    assert ((result - lit())[inside] / grain.level(lit())[inside]).std() == pytest.approx(1, abs=0.15)


def test_pictures_and_seeds_differ_and_nothing_else_matters() -> None:
    """A plate that stands still has grain that does."""
    first, second = (image(shot(GRAINS["sensor, fine"], seed)) for seed in (1, 2))
    rounded = dataclasses.replace(first, pixels=first.pixels * np.float32(1 + 1e-7))
    cases = ((first, 0), (first, 0), (rounded, 0), (second, 0), (first, 5))
    results = [render(plate, patch(lit()), Params(grain_seed=seed))[0].pixels for plate, seed in cases]
    inside = [(result - lit())[0, 90:170, 110:180].ravel() for result in results]
    assert np.array_equal(inside[0], inside[1])
    assert np.corrcoef(inside[0], inside[2])[0, 1] > 0.99
    for other in inside[3:]:
        assert abs(np.corrcoef(inside[0], other)[0, 1]) < 0.05


def test_a_plate_without_grain_gets_none() -> None:
    result, _ = render(image(lit()), patch(lit()), Params())
    assert np.allclose(result.pixels, lit(), rtol=1e-4)


def test_nan_round_the_mouth_is_no_grain() -> None:
    plate = shot(GRAINS["sensor, fine"], 1)
    plate[:, 20:24, 30:34], plate[0, 60, 10] = np.nan, np.inf
    result, _ = render(image(plate), patch(lit()), Params())
    assert np.isfinite(result.pixels[:, 90:170, 110:180]).all()
