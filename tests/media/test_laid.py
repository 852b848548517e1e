# SPDX-License-Identifier: Apache-2.0
"""A layer over a plate in numbers that every program gets."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.media.laid import plain_over, rounded

SHAPE = (64, 256)


@pytest.fixture
def layer() -> np.ndarray:
    rng = np.random.default_rng(5)
    alpha = rng.random(SHAPE)
    alpha[:, :16], alpha[:, 16:32], alpha[:, 32:40] = 0, 1, 1e-6
    return np.concatenate([rng.normal(0.3, 0.5, (3, *SHAPE)) * alpha, alpha[None]]).astype(np.float32)


@pytest.fixture
def plate() -> np.ndarray:
    pixels = np.random.default_rng(6).normal(0.5, 2.0, (3, *SHAPE)).astype(np.float16)
    pixels[:, 0, 50:53] = [[60.0, -0.2, 6e-8]]
    return pixels.astype(np.float32)


def test_half_holds_every_number(layer) -> None:
    laid = rounded(layer, half=True)
    assert np.array_equal(laid, laid.astype(np.float16).astype(np.float32))
    assert np.abs(laid[3] - layer[3]).max() <= 2**-12 + 2**-14
    assert np.array_equal(rounded(layer, half=False), layer)


def test_nothing_is_left_where_alpha_is_rounded_away(layer) -> None:
    layer[0, 3, 3] = np.nan
    laid = rounded(layer, half=True)
    assert not laid[:, :, :16].any()
    assert not laid[:, :, 32:40].any(), "a glow without alpha would be added to the plate outside the matte"


def test_rounding_once_or_twice_is_the_same_over_halves(layer, plate) -> None:
    """Processors with fused multiply-add round the product and the sum at once."""
    laid = rounded(layer, half=True)
    fused = (laid[:3].astype(np.float64) + (1 - laid[3].astype(np.float64)) * plate).astype(np.float32)
    assert np.array_equal(plain_over(laid, plate), fused)
    coarse = layer.astype(np.float16).astype(np.float32)
    product = (1 - coarse[3].astype(np.float64)) * plate
    assert (product != product.astype(np.float32)).any(), "without the steps of alpha the product is rounded"


def test_an_opaque_mouth_hides_a_broken_pixel(layer, plate) -> None:
    plate[:, 5, 20], plate[:, 5, 60] = np.nan, np.inf
    comp = plain_over(rounded(layer, half=True), plate)
    assert np.isfinite(comp[:, 5, 20]).all()
    assert not np.isfinite(comp[:, 5, 60]).any()
