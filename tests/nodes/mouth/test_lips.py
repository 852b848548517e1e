# SPDX-License-Identifier: Apache-2.0
"""A mouth nobody filmed sits in the picture's own colour, and its edge is no knife cut."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.image import Image
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels.blur import blur
from ofx_lipsync.nodes.mouth.lips import SOFTEST, _built_mouth, _edge_px, _how_built, _softer_px
from ofx_lipsync.nodes.mouth.points import COUNT, LIPS_EDGE, LOWER_INNER, UPPER_INNER

HEIGHT_PX = 260.0
SKINS = {"white light": (0.45, 0.32, 0.24), "old varnish": (0.55, 0.50, 0.25), "night": (0.02, 0.03, 0.05)}


def parted(gap_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Control points [P, 2] of lips parted so far in a 100 x 60 box, and the upper lip at rest [11, 2]."""
    points = np.zeros((COUNT, 2))
    x = np.linspace(15, 85, 11)
    arch = np.sin(np.linspace(0, np.pi, 11)) * gap_px / 2
    points[UPPER_INNER] = np.stack([x, 25 - arch], axis=1)
    points[LOWER_INNER] = np.stack([x, 25 + arch], axis=1)
    return points, np.stack([x, np.full(11, 25.0)], axis=1)


@pytest.mark.parametrize("light", SKINS)
def test_teeth_lie_between_white_and_the_skin(light) -> None:
    """Under a yellow varnish teeth once came out green, and blue in candle light."""
    skin = np.array(SKINS[light], np.float32)
    target, rest = parted(20)
    mouth = _built_mouth(rest, target, Region.of_size(100, 60), skin, HEIGHT_PX, 1.0)
    row, column = np.unravel_index(mouth.sum(axis=0).argmax(), mouth.shape[1:])
    tooth = np.log(mouth[:, row, column] / mouth[:, row, column].mean())
    hue = np.log(skin / skin.mean())
    share = (tooth @ hue) / (hue @ hue)
    assert 0.3 < share < 0.9
    assert np.abs(tooth - share * hue).max() < 0.1
    assert mouth.max(axis=(1, 2)).mean() < skin.mean()


def test_the_inner_edge_of_a_small_mouth_is_still_soft() -> None:
    assert _edge_px(60) >= 1.0
    assert _edge_px(900) == pytest.approx(8.1)


def test_an_edge_is_as_soft_as_the_still_draws_its_lips() -> None:
    """Crisp lips change nothing, soft ones soften the edge, up to a limit, and NaN beside the mouth is no lip."""
    region = Region.of_size(100, 60)
    points, _ = parted(0)
    angle = np.linspace(0, 2 * np.pi, len(LIPS_EDGE), endpoint=False)
    points[LIPS_EDGE] = np.stack([50 - 35 * np.cos(angle), 25 - 8 * np.sin(angle)], axis=1)
    pixels = np.full((3, *region.shape), 0.4, np.float32)
    pixels[:, 24:27, 15:85] = 0.05
    softness = []
    for sigma_px in (0.0, 1.5, 2.5, 6.0):
        drawn = np.asarray(blur(pixels, sigma_px))
        drawn[:, 0, 0] = np.nan
        softness.append(_softer_px(Image(drawn, region, region), points, HEIGHT_PX))
    assert softness[0] == 0
    assert softness == sorted(softness)
    assert softness[2] > 1
    assert max(softness) <= SOFTEST * HEIGHT_PX - _edge_px(HEIGHT_PX)


def test_a_lone_mouth_shows_its_inside_sooner_than_one_of_many() -> None:
    assert _how_built(0.001, 0.016, poverty=1.0) > 0.9
    assert _how_built(0.001, 0.016, poverty=0.0) < 0.1
    assert _how_built(0.001, 0.004, poverty=1.0) == 0
