# SPDX-License-Identifier: Apache-2.0
"""regrain: noise of a wanted spectrum and level, the same whatever the tile."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels import regrain
from ofx_lipsync.kernels.regrain import reference, white_reference

EVEN = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
LEVEL = np.array([[1e-4, 1e-3, 2e-3]] * 3, np.float32)


def single(size: int = 5) -> np.ndarray:
    """Taps that leave white noise as it is."""
    taps = np.zeros((3, size, size), np.float32)
    taps[:, size // 2, size // 2] = 1
    return taps


def scene(height: int, width: int, noise) -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(2)
    taps = generator.normal(0, 0.3, (3, 7, 7)).astype(np.float32)
    mix = generator.normal(0, 0.6, (3, 3)).astype(np.float32)
    return noise(3, height, width), np.abs(noise(height, width)), taps, mix, LEVEL


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (33, 70)])
@pytest.mark.parametrize("origin", [(0, 0), (-40, 1999)])
def test_equals_reference(device, noise, agree, shape, origin):
    arrays = scene(*shape, noise)
    got = device.get(regrain(*map(device.put, arrays), seed=1001, origin=origin))
    agree("regrain", got, reference(*arrays, seed=1001, origin=origin), arrays[0])


def test_the_noise_is_white_and_even():
    white = white_reference(7, (300, 400), (0, 0))
    assert white.mean() == pytest.approx(0, abs=5e-3)
    assert white.std() == pytest.approx(1, abs=5e-3)
    for moved in (np.roll(white, 1, axis=2), np.roll(white, 1, axis=1), np.roll(white, 1, axis=0)):
        assert abs((white * moved).mean()) < 5e-3
    other = white_reference(8, (300, 400), (0, 0))
    assert abs((white * other).mean()) < 5e-3


def test_light_sets_the_level(device):
    image = np.stack([np.full((200, 200), light, np.float32) for light in (0.0, 1.0, -2.0)])
    arrays = image, np.ones((200, 200), np.float32), single(), EVEN, LEVEL
    grain = device.get(regrain(*map(device.put, arrays), seed=3)) - image
    expected = np.sqrt([1e-4, 3.1e-3, 1e-4])
    np.testing.assert_allclose(grain.std(axis=(1, 2)), expected, rtol=0.02)


def test_nothing_changes_where_the_amount_is_0(device, noise, same_bits):
    image, amount, *rest = scene(20, 40, noise)
    image[:, 3, 4] = [np.nan, np.inf, -0.0]
    amount[:10] = 0
    out = device.get(regrain(*map(device.put, (image, amount, *rest)), seed=3))
    same_bits(out[:, :10], image[:, :10])
    assert (out[:, 10:] != image[:, 10:]).all()


def test_nan_and_inf_stay_on_their_pixel(device, noise, same_bits):
    image, *rest = scene(20, 40, noise)
    image[:, 3, 4] = [np.nan, np.inf, -np.inf]
    out = device.get(regrain(*map(device.put, (image, *rest)), seed=3))
    same_bits(out[:, 3, 4], image[:, 3, 4])
    assert np.isfinite(out).sum() == out.size - 3


def test_tiles_equal_the_whole(device, noise, same_bits):
    image, amount, *rest = (device.put(a) for a in scene(40, 70, noise))
    whole = device.get(regrain(image, amount, *rest, seed=5, origin=(-3, 9)))
    for rows, columns in [(slice(0, 13), slice(0, 70)), (slice(13, 40), slice(5, 6)), (slice(2, 33), slice(31, 70))]:
        corner = columns.start - 3, rows.start + 9
        tile = regrain(image[:, rows, columns], amount[rows, columns], *rest, seed=5, origin=corner)
        same_bits(device.get(tile), whole[:, rows, columns])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"image": np.zeros((4, 9, 9), np.float32)}, r"image is \[4, 9, 9\] float32, expected \[3, H, W\]"),
        ({"amount": np.zeros((9, 8), np.float32)}, r"amount is \[9, 8\] float32, expected \[9, 9\]"),
        ({"taps": np.zeros((3, 4, 4), np.float32)}, "expected .* with T odd"),
        ({"taps": np.zeros((3, 5, 3), np.float32)}, "expected .* with T odd"),
        ({"mix": np.zeros((3, 3), np.float64)}, "mix is .* float64"),
    ],
)
def test_wrong_input_is_refused(change, text):
    image, amount = np.zeros((3, 9, 9), np.float32), np.zeros((9, 9), np.float32)
    with pytest.raises(UsageError, match=text):
        regrain(**({"image": image, "amount": amount, "taps": single(), "mix": EVEN, "level": LEVEL} | change), seed=1)
