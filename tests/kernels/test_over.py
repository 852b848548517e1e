# SPDX-License-Identifier: Apache-2.0
"""over: the plate's bits where there is no patch, Porter and Duff's sum where there is."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels import over
from ofx_lipsync.kernels.over import reference

SHAPES = [(1, 1), (7, 5), (64, 33)]
ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 65504.0, -3.0], np.float32)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_reference(device, noise, agree, shape, channels):
    patch, plate = noise(4, *shape), noise(channels, *shape)
    agree("over", device.get(over(device.put(patch), device.put(plate))), reference(patch, plate), plate)


def test_a_half_covered_pixel_is_the_worked_number(device):
    patch = np.array([0.4, 0.0, -0.1, 0.25], np.float32).reshape(4, 1, 1)
    plate = np.array([1.0, 8.0, 0.0], np.float32).reshape(3, 1, 1)
    out = device.get(over(device.put(patch), device.put(plate))).ravel()
    np.testing.assert_array_equal(out, np.float32([0.4 + 0.75, 6.0, -0.1]))


def test_the_plates_bits_pass_where_alpha_is_0(device, noise, same_bits):
    plate = noise(3, 9, 11)
    plate[:, 2, : len(ODD)] = ODD
    plate.view(np.uint32)[1, 3, 4] = 0x7FC12345  # a NaN that carries a message
    patch = noise(4, 9, 11)
    patch[3] = np.where(np.arange(11) < 8, np.float32(0), np.float32(0.5))
    out = device.get(over(device.put(patch), device.put(plate)))
    same_bits(out[:, :, :8], plate[:, :, :8])
    assert (out[:, :, 8:] != plate[:, :, 8:]).all()


def test_a_solid_patch_hides_the_plates_nan(device, noise, same_bits):
    patch, plate = noise(4, 3, 3), np.full((3, 3, 3), np.nan, np.float32)
    patch[3] = 1
    same_bits(device.get(over(device.put(patch), device.put(plate))), patch[:3])


def test_values_are_not_clamped(device):
    patch = np.array([50.0, -2.0, np.inf, 0.5], np.float32).reshape(4, 1, 1)
    plate = np.array([1000.0, -8.0, 1.0], np.float32).reshape(3, 1, 1)
    out = device.get(over(device.put(patch), device.put(plate))).ravel()
    np.testing.assert_array_equal(out, np.float32([550.0, -6.0, np.inf]))


def test_tiles_equal_the_whole(device, noise, same_bits):
    patch, plate = device.put(noise(4, 40, 70)), device.put(noise(3, 40, 70))
    whole = device.get(over(patch, plate))
    for rows, columns in [(slice(0, 13), slice(0, 70)), (slice(13, 40), slice(5, 6)), (slice(2, 33), slice(31, 70))]:
        same_bits(device.get(over(patch[:, rows, columns], plate[:, rows, columns])), whole[:, rows, columns])


def test_views_of_any_strides(device, noise, same_bits):
    patch, plate = noise(20, 31, 4).transpose(2, 0, 1), noise(3, 20, 62)[:, ::-1, ::2]
    same_bits(device.get(over(device.put(patch), device.put(plate))), reference(patch, plate))


@pytest.mark.parametrize(
    ("patch", "plate", "text"),
    [
        (np.zeros((3, 4, 4), np.float32), np.zeros((3, 4, 4), np.float32), r"patch is \[3, 4, 4\] float32"),
        (np.zeros((4, 4, 4), np.float32), np.zeros((3, 4, 5), np.float32), r"patch is .* expected \[4, 4, 5\]"),
        (np.zeros((4, 4, 4), np.float16), np.zeros((3, 4, 4), np.float32), r"float16, expected \[4, H, W\] float32"),
        (np.zeros((4, 4, 4), np.float32), np.zeros((2, 4, 4), np.float32), "plate has 2 channels"),
        (np.zeros((4, 0, 4), np.float32), np.zeros((3, 0, 4), np.float32), r"patch is \[4, 0, 4\]"),
        ("patch", np.zeros((3, 4, 4), np.float32), "patch is a str"),
    ],
)
def test_wrong_arrays_are_refused(patch, plate, text):
    with pytest.raises(UsageError, match=text):
        over(patch, plate)
