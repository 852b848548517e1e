# SPDX-License-Identifier: Apache-2.0
"""A mouth nobody filmed sits in the picture's own colour, and its edge is no knife cut."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes.mouth.lips import _built_mouth, _edge_px
from ofx_lipsync.nodes.mouth.points import COUNT, LOWER_INNER, UPPER_INNER

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
