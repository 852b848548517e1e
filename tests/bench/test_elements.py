# SPDX-License-Identifier: Apache-2.0
"""The measure of a shift measures one that is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ofx_lipsync.bench.elements import tile_shifts


@pytest.mark.parametrize("shift_px", [0.0, 0.1, 0.4])
def test_a_known_shift_is_found(shift_px: float) -> None:
    noise = np.random.default_rng(4).random((96, 96, 3)).astype(np.float32)
    picture = 0.2 + cv2.GaussianBlur(noise, None, 2.5)
    y, x = np.mgrid[0:96, 0:96].astype(np.float32)
    moved = cv2.remap(picture, x + np.float32(shift_px), y, cv2.INTER_LINEAR)
    sure = np.zeros((96, 96), bool)
    sure[8:-8, 8:-8] = True
    found = tile_shifts(picture, moved, sure)
    assert len(found) >= 9
    assert np.median(found) == pytest.approx(shift_px, abs=0.02)


def test_tiles_without_texture_or_with_a_light_are_left_out() -> None:
    flat = np.full((64, 64, 3), 0.3, np.float32)
    assert tile_shifts(flat, flat, np.ones((64, 64), bool)) == []
    noisy = flat + np.random.default_rng(2).random(flat.shape).astype(np.float32) / 9
    everywhere = len(tile_shifts(noisy, noisy, np.ones((64, 64), bool)))
    noisy[20, 20] = 60
    assert len(tile_shifts(noisy, noisy, np.ones((64, 64), bool))) < everywhere
