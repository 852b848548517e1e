# SPDX-License-Identifier: Apache-2.0
"""blur: a Gaussian, the same in every tile."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels import blur
from ofx_lipsync.kernels.blur import gaussian, reference


@pytest.mark.parametrize("outside", ["hold", "black"])
@pytest.mark.parametrize("sigma_px", [0, 0.3, 1.7, 9.0])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 7, 5), (3, 40, 150)])
def test_equals_reference(device, noise, agree, shape, sigma_px, outside):
    image = noise(*shape)
    got = device.get(blur(device.put(image), sigma_px, outside=outside))
    agree("blur", got, reference(image, sigma_px, outside=outside), image)


def test_reference_equals_scipy(noise):
    ndimage = pytest.importorskip("scipy.ndimage")
    image = noise(1, 40, 50)
    for ours, theirs in (("hold", "nearest"), ("black", "constant")):
        expected = ndimage.gaussian_filter(image[0].astype(np.float64), 2.5, mode=theirs, truncate=4.0)
        np.testing.assert_allclose(reference(image, 2.5, outside=ours)[0], expected, atol=1e-12)


def test_weights_are_a_gaussians():
    weights = gaussian(2.0)
    assert len(weights) == 17
    assert weights.sum() == pytest.approx(1)
    assert weights[8 + 2] / weights[8] == pytest.approx(np.exp(-0.5))


def test_sigma_0_keeps_every_bit(device, noise, same_bits):
    image = noise(2, 5, 70)
    image[0, 0, 3:6] = image[1, 4, 66:69] = [-0.0, np.inf, np.nan]
    same_bits(device.get(blur(device.put(image), 0)), image)


def test_a_nan_spreads_over_4_sigma_only(device, noise):
    image = noise(1, 30, 90)
    image[0, 15, 45] = np.nan
    rows, columns = np.nonzero(np.isnan(device.get(blur(device.put(image), 1.0))[0]))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (11, 19, 41, 49)


def test_nothing_is_clamped(device):
    image = np.stack([np.full((20, 70), -40.0), np.full((20, 70), 3000.0)]).astype(np.float32)
    np.testing.assert_allclose(device.get(blur(device.put(image), 3.0)), image, rtol=1e-6)


@pytest.mark.parametrize("outside", ["hold", "black"])
def test_tiles_equal_the_whole(device, noise, same_bits, outside):
    image = device.put(noise(2, 50, 130))
    whole = device.get(blur(image, 2.2, outside=outside))
    for tile in (Region(0, 0, 130, 9), Region(3, 9, 77, 50), Region(129, 49, 130, 50)):
        rows, columns = tile.slices_in(Region.of_size(130, 50))
        same_bits(device.get(blur(image, 2.2, outside=outside, region=tile)), whole[:, rows, columns])


def test_views_of_any_strides(device, noise, same_bits):
    packed = noise(20, 31, 3)
    got = blur(device.put(packed).transpose(2, 0, 1), 1.5)
    same_bits(device.get(got), device.get(blur(device.put(packed.transpose(2, 0, 1).copy()), 1.5)))


@pytest.mark.parametrize(
    ("image", "options", "text"),
    [
        (np.zeros((3, 3), np.float32), {"sigma_px": 1}, r"image is \[3, 3\]"),
        (np.zeros((1, 3, 3), np.float16), {"sigma_px": 1}, "float16"),
        (np.zeros((1, 3, 3), np.float32), {"sigma_px": -1}, "sigma_px is -1, expected 0 to 1000"),
        (np.zeros((1, 3, 3), np.float32), {"sigma_px": float("nan")}, "sigma_px is nan"),
        (np.zeros((1, 3, 3), np.float32), {"sigma_px": 1, "outside": "wrap"}, "outside is 'wrap'"),
        (np.zeros((1, 3, 3), np.float32), {"sigma_px": 1, "region": Region(0, 0, 4, 3)}, "is not inside the image"),
    ],
)
def test_wrong_input_is_refused(image, options, text):
    with pytest.raises(UsageError, match=text):
        blur(image, **options)
