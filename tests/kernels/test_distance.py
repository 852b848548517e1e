# SPDX-License-Identifier: Apache-2.0
"""distance: every pixel tried by hand, and the numbers of a simple shape."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels import distance
from ofx_lipsync.kernels.distance import reference


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (24, 31)])
@pytest.mark.parametrize("share", [0.03, 0.5])
def test_equals_reference(device, agree, shape, share):
    generator = np.random.default_rng(3)
    labels = np.where(generator.random(shape) < share, generator.integers(0, 3, shape), 0).astype(np.float32)
    expected = reference(labels, 4, far_px=200.0)
    agree("distance", device.get(distance(device.put(labels), 4, far_px=200.0)), expected, expected)


def test_a_bar_is_the_worked_number(device):
    labels = np.zeros((3, 7), np.float32)
    labels[:, 2:5] = 1
    got = device.get(distance(device.put(labels), 2))
    np.testing.assert_array_equal(got[1, 1], np.float32([-1.5, -0.5, 0.5, 1.5, 0.5, -0.5, -1.5]))
    np.testing.assert_array_equal(got[0], -got[1])


def test_what_is_not_there_is_far_away(device):
    got = device.get(distance(device.put(np.zeros((4, 4), np.float32)), 2, far_px=50.0))
    assert (got[0] == 49.5).all()
    assert (got[1] == -49.5).all()


def test_views_of_any_strides(device, same_bits):
    labels = (np.random.default_rng(2).random((20, 32)) > 0.7).astype(np.float32)
    view = device.put(labels)[::-1, ::2]
    same_bits(device.get(distance(view, 2)), device.get(distance(device.put(labels[::-1, ::2].copy()), 2)))


@pytest.mark.parametrize(
    ("labels", "regions", "text"),
    [
        (np.zeros((4, 4), np.int32), 1, r"labels is \[4, 4\] int32"),
        (np.zeros((1, 4, 4), np.float32), 1, r"labels is \[1, 4, 4\]"),
        (np.zeros((4, 4), np.float32), 0, "regions is 0"),
    ],
)
def test_wrong_input_is_refused(labels, regions, text):
    with pytest.raises(UsageError, match=text):
        distance(labels, regions)
