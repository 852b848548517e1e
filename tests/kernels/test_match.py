# SPDX-License-Identifier: Apache-2.0
"""match: broad light follows the plate, detail stays the patch's."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels import match
from ofx_lipsync.kernels.match import reference


def scene(height: int = 90, width: int = 110) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(patch, plate, weight): the same skin under two lights, both known in a ring only."""
    generator = np.random.default_rng(5)
    y, x = np.mgrid[0:height, 0:width]
    patch = generator.uniform(0.2, 0.7, (3, height, width))
    plate = patch * (1.1 + 0.1 * np.sin(x / 60)) + 0.03 * np.cos(y / 50)
    radius = np.hypot(x - width / 2, y - height / 2) / height
    weight = np.clip(10 * (radius - 0.25), 0, 1) * (radius < 0.45)
    return patch.astype(np.float32), plate.astype(np.float32), weight.astype(np.float32)


@pytest.mark.parametrize("mode", ["offset", "gain"])
@pytest.mark.parametrize("sigma_px", [0.5, 3.0, 14.0, 60.0])
def test_equals_reference(device, agree, sigma_px, mode):
    arrays = scene()
    got = device.get(match(*map(device.put, arrays), sigma_px=sigma_px, mode=mode))
    agree("match", got, reference(*arrays, sigma_px=sigma_px, mode=mode), arrays[0])


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (17, 2)])
@pytest.mark.parametrize("mode", ["offset", "gain"])
def test_odd_shapes(device, agree, shape, mode):
    patch, plate, _ = scene(*shape)
    weight = np.ones(shape, np.float32)
    got = device.get(match(device.put(patch), device.put(plate), device.put(weight), sigma_px=2.0, mode=mode))
    agree("match", got, reference(patch, plate, weight, sigma_px=2.0, mode=mode), patch)


def test_a_known_light_is_found(device):
    """One stop up in gain mode, 0.1 up in offset mode: both also where no weight lies."""
    patch, _, weight = scene()
    up = match(device.put(patch), device.put(patch * 2), device.put(weight), sigma_px=10.0, mode="gain")
    np.testing.assert_allclose(device.get(up), patch * 2, rtol=1e-5)
    lifted = match(device.put(patch), device.put(patch + np.float32(0.1)), device.put(weight), sigma_px=10.0)
    np.testing.assert_allclose(device.get(lifted), patch + 0.1, atol=1e-5)


def test_far_from_any_weight_the_mean_holds(device):
    patch = np.zeros((1, 60, 400), np.float32)
    plate = np.full_like(patch, 0.25)
    plate[:, :, 10:20] = 0.75
    weight = np.zeros((60, 400), np.float32)
    weight[:, :20] = 1
    out = device.get(match(device.put(patch), device.put(plate), device.put(weight), sigma_px=8.0))
    np.testing.assert_allclose(out[0, :, 200:], 0.5, atol=1e-5)
    assert out[0, 30, 2] < 0.4


def test_detail_stays_the_patchs(device):
    patch, plate, weight = scene()
    out = device.get(match(*map(device.put, (patch, plate, weight)), sigma_px=20.0))
    np.testing.assert_allclose(np.diff(out - patch, axis=2), 0, atol=5e-3)


def test_nan_and_inf_stay_where_they_are(device):
    patch, plate, weight = scene()
    holes = plate.copy()
    holes[0, 20:24, 30:34], holes[1, 50, 60] = np.nan, np.inf
    known = weight.copy()
    known[20:24, 30:34] = known[50, 60] = 0
    weight[0, 0] = np.nan
    for mode in ("offset", "gain"):
        got = device.get(match(*map(device.put, (patch, holes, weight)), sigma_px=12.0, mode=mode))
        without = device.get(match(*map(device.put, (patch, plate, known)), sigma_px=12.0, mode=mode))
        np.testing.assert_array_equal(got, without)
        broken = patch.copy()
        broken[2, 40, 50] = np.nan
        out = device.get(match(*map(device.put, (broken, plate, weight)), sigma_px=12.0, mode=mode))
        assert np.isnan(out).sum() == 1


@pytest.mark.parametrize("mode", ["offset", "gain"])
def test_without_weight_the_patch_comes_back(device, same_bits, mode):
    patch, plate, weight = scene()
    weight = np.minimum(-weight, 0)
    same_bits(device.get(match(*map(device.put, (patch, plate, weight)), sigma_px=6.0, mode=mode)), patch)


def test_gain_is_held_to_two_stops(device):
    patch, plate, weight = scene()
    out = device.get(match(*map(device.put, (patch, plate * 100, weight)), sigma_px=6.0, mode="gain"))
    np.testing.assert_allclose(out, patch * 4, rtol=1e-6)
    negative = device.get(match(*map(device.put, (-patch, plate, weight)), sigma_px=6.0, mode="gain"))
    np.testing.assert_allclose(negative, -patch, rtol=1e-6)


def test_values_beyond_0_to_1_are_not_clamped(device):
    patch, plate, weight = scene()
    patch[:, 45, 55], plate[:, 45, 55] = [900, -3, 1.5], [900, -3, 1.5]
    out = device.get(match(*map(device.put, (patch, plate, weight)), sigma_px=6.0))
    np.testing.assert_allclose(out[:, 45, 55], patch[:, 45, 55], atol=0.2)


@pytest.mark.parametrize("mode", ["offset", "gain"])
def test_tiles_equal_the_whole(device, same_bits, mode):
    arrays = [device.put(array) for array in scene()]
    whole = device.get(match(*arrays, sigma_px=11.0, mode=mode))
    for tile in (Region(0, 0, 110, 30), Region(7, 30, 8, 31), Region(50, 13, 109, 90)):
        rows, columns = tile.slices_in(Region.of_size(110, 90))
        same_bits(device.get(match(*arrays, sigma_px=11.0, mode=mode, region=tile)), whole[:, rows, columns])


def test_views_of_any_strides(device, same_bits):
    patch, plate, weight = scene()
    packed = np.ascontiguousarray(patch.transpose(1, 2, 0))
    arrays = (device.put(packed).transpose(2, 0, 1), device.put(plate[:, ::-1].copy())[:, ::-1], device.put(weight))
    same_bits(device.get(match(*arrays, sigma_px=5.0)), device.get(match(*map(device.put, scene()), sigma_px=5.0)))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"plate": np.zeros((3, 90, 111), np.float32)}, r"plate is \[3, 90, 111\] float32, expected \[3, 90, 110\]"),
        ({"weight": np.zeros((1, 90, 110), np.float32)}, r"weight is \[1, 90, 110\] float32, expected \[H, W\]"),
        ({"patch": np.zeros((3, 90, 110), np.float16)}, "patch is .* float16"),
        ({"sigma_px": 0.0}, "sigma_px is 0.0, expected 0.5 to 1000"),
        ({"mode": "histogram"}, "mode is 'histogram', expected one of offset, gain"),
        ({"region": Region(0, 0, 111, 3)}, "is not inside the patch"),
    ],
)
def test_wrong_input_is_refused(change, text):
    patch, plate, weight = scene()
    with pytest.raises(UsageError, match=text):
        match(**({"patch": patch, "plate": plate, "weight": weight, "sigma_px": 4.0} | change))
