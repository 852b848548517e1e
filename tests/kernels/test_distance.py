# SPDX-License-Identifier: Apache-2.0
"""distance: every column tried by hand, the numbers of a simple shape, and edges finer than pixels."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels import distance
from ofx_lipsync.kernels.distance import reference


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 7, 5), (3, 24, 31)])
@pytest.mark.parametrize("soft", [True, False])
def test_equals_reference(device, agree, shape, soft):
    cover = np.random.default_rng(3).random(shape, np.float32)
    cover = cover if soft else np.rint(cover)
    expected = reference(cover, far_px=200.0)
    agree("distance", device.get(distance(device.put(cover), far_px=200.0)), expected, expected)


def test_a_bar_is_the_worked_number(device):
    cover = np.zeros((1, 3, 7), np.float32)
    cover[0, :, 2:5] = 1
    got = device.get(distance(device.put(cover)))
    np.testing.assert_array_equal(got[0, 1], np.float32([-1.5, -0.5, 0.5, 1.5, 0.5, -0.5, -1.5]))
    np.testing.assert_array_equal(device.get(distance(device.put(1 - cover))), -got)


@pytest.mark.parametrize("at", [3.0, 3.2, 3.5, 3.9])
def test_an_edge_between_pixels_is_where_its_coverage_says(device, at):
    """A step at x = at, softened by one pixel's width, across and down."""
    cover = np.clip(np.arange(8) + 1 - at, 0, 1).astype(np.float32)
    expected = np.arange(8) + 0.5 - at
    across = device.get(distance(device.put(np.tile(cover, (1, 5, 1)))))
    np.testing.assert_allclose(across[0, 2], expected, atol=1e-5)
    down = device.get(distance(device.put(np.ascontiguousarray(np.tile(cover, (1, 5, 1)).transpose(0, 2, 1)))))
    np.testing.assert_allclose(down[0, :, 2], expected, atol=1e-5)


def test_what_is_not_there_is_far_away(device):
    got = device.get(
        distance(device.put(np.stack([np.ones((4, 4)), np.zeros((4, 4))]).astype(np.float32)), far_px=50.0)
    )
    assert (got[0] == 49.5).all()
    assert (got[1] == -49.5).all()


def test_views_of_any_strides(device, same_bits):
    cover = np.random.default_rng(2).random((2, 20, 32), np.float32)
    view = device.put(cover)[:, ::-1, ::2]
    same_bits(device.get(distance(view)), device.get(distance(device.put(cover[:, ::-1, ::2].copy()))))


@pytest.mark.parametrize(
    ("cover", "text"),
    [
        (np.zeros((1, 4, 4), np.float64), r"cover is \[1, 4, 4\] float64"),
        (np.zeros((4, 4), np.float32), r"cover is \[4, 4\]"),
        (np.zeros((0, 4, 4), np.float32), r"cover is \[0, 4, 4\]"),
    ],
)
def test_wrong_input_is_refused(cover, text):
    with pytest.raises(UsageError, match=text):
        distance(cover)
