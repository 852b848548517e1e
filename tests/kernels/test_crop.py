# SPDX-License-Identifier: Apache-2.0
"""crop: an affine resample that neither aliases nor clamps."""

from itertools import pairwise

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.kernels import blur, crop
from ofx_lipsync.kernels.crop import halve, reference

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def affine(scale: float, degrees: float, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    a = np.deg2rad(degrees)
    return np.array([[scale * np.cos(a), -scale * np.sin(a), x], [scale * np.sin(a), scale * np.cos(a), y]])


MATRICES = [affine(0.4, 10, 3, 2), affine(1.0, 0, 0.5, 0.25), affine(1.7, -30, 20, 40), affine(3.9, 45, 10, -5),
            affine(9.5, 5, -20, -30), np.array([[2.5, 0.1, 0.0], [0.0, 0.5, 3.0]])]  # fmt: skip


@pytest.mark.parametrize("outside", ["black", "hold"])
@pytest.mark.parametrize("filter", ["linear", "cubic"])
@pytest.mark.parametrize("matrix", MATRICES, ids=lambda m: f"{m[0, 0]:.2f}")
def test_equals_reference(device, noise, agree, matrix, filter, outside):
    image = noise(3, 61, 83)
    got = crop(device.put(image), matrix, (29, 34), filter=filter, outside=outside)
    agree("crop", device.get(got), reference(image, matrix, (29, 34), filter=filter, outside=outside), image)


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 3), (2, 1, 40)])
def test_odd_shapes_and_channel_counts(device, noise, agree, shape):
    image = noise(*shape)
    for matrix in MATRICES:
        got = device.get(crop(device.put(image), matrix, (4, 3), filter="cubic"))
        agree("crop", got, reference(image, matrix, (4, 3), filter="cubic"), image)


def test_the_identity_keeps_every_bit(device, noise, same_bits):
    image = noise(3, 9, 12)
    image[0, 2, 3:7] = [np.nan, np.inf, -np.inf, -0.0]
    for filter in ("linear", "cubic"):
        same_bits(device.get(crop(device.put(image), IDENTITY, (9, 12), filter=filter)), image)


def test_a_nan_stays_within_its_footprint(device, noise):
    image = noise(1, 20, 20)
    image[0, 10, 10] = np.nan
    out = device.get(crop(device.put(image), affine(1, 0, 0.5, 0.5), (20, 20), filter="cubic", outside="hold"))
    rows, columns = np.nonzero(np.isnan(out[0]))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 11, 8, 11)


def test_nothing_is_clamped(device):
    image = np.full((3, 30, 30), -7.5, np.float32)
    image[1] = 900
    out = device.get(crop(device.put(image), affine(2.3, 20, 12, 4), (6, 6)))
    np.testing.assert_allclose(out[:, 1, 1], [-7.5, 900, -7.5], rtol=1e-6)


@pytest.mark.parametrize("scale", [1.3, 2.0, 3.6, 5.0, 11.0])
def test_detail_finer_than_the_output_turns_grey(device, scale):
    """A chequerboard has a mean of 0.5 and, once it is smaller than a pixel, nothing else to show."""
    board = (np.indices((300, 300)).sum(axis=0) % 2).astype(np.float32)[None]
    out = device.get(crop(device.put(board), affine(scale, 0), (20, 20)))[0, 2:-2, 2:-2]
    assert abs(out.mean() - 0.5) < 0.01
    assert np.abs(out - 0.5).max() < (0.35 if scale < 2 else 0.03)


def test_a_slow_zoom_does_not_pop(device, noise):
    """At a scale of 2 a third point is read: a soft picture steps there by less than a zoom of 4 %."""
    image = blur(device.put(noise(1, 200, 200)), 1.5)
    centre = np.array([100.0, 100.0])
    steps = []
    for scale in np.arange(1.9, 2.1, 0.01):
        matrix = np.array([[scale, 0, 0], [0, scale, 0]])
        matrix[:, 2] = centre - matrix[:, :2] @ [4, 4]
        steps.append(device.get(crop(image, matrix, (8, 8))))
    changes = [np.abs(after - before).mean() for before, after in pairwise(steps)]
    assert max(changes) < 4 * np.median(changes)


def test_tiles_equal_the_whole(device, noise, same_bits):
    image = device.put(noise(3, 50, 60))
    for matrix in MATRICES:
        whole = device.get(crop(image, matrix, (31, 41), filter="cubic"))
        for x, y, width, height in [(0, 0, 41, 10), (3, 10, 5, 21), (40, 30, 1, 1)]:
            tile = crop(image, matrix, (height, width), out_origin=(x, y), filter="cubic")
            same_bits(device.get(tile), whole[:, y : y + height, x : x + width])


def test_views_of_any_strides(device, noise, same_bits):
    packed = noise(40, 50, 3)
    planes = np.ascontiguousarray(packed.transpose(2, 0, 1))
    for matrix in MATRICES:
        view = device.put(packed).transpose(2, 0, 1)
        same_bits(device.get(crop(view, matrix, (12, 9))), device.get(crop(device.put(planes), matrix, (12, 9))))
        flipped = crop(device.put(planes)[:, ::-1, ::-1], matrix, (12, 9), filter="cubic")
        straight = crop(device.put(planes[:, ::-1, ::-1].copy()), matrix, (12, 9), filter="cubic")
        same_bits(device.get(flipped), device.get(straight))


def test_far_outside_is_black_or_held(device):
    image = device.put(np.full((1, 4, 4), 2.0, np.float32))
    far = affine(1, 0, 1e12, -1e12)
    assert not device.get(crop(image, far, (3, 3))).any()
    np.testing.assert_allclose(device.get(crop(image, far, (3, 3), outside="hold")), 2.0)


def test_a_flat_or_huge_matrix_ends(device, noise):
    image = device.put(noise(1, 40, 40))
    for matrix in (np.zeros((2, 3)), affine(1e9, 0), np.array([[1e9, 0, 0], [0, 1, 0]])):
        assert crop(image, matrix, (8, 8)).shape == (1, 8, 8)


@pytest.mark.parametrize("shape", [(6, 8), (7, 5), (1, 1)])
def test_halve_takes_means_of_four(device, noise, shape):
    image = noise(2, *shape)
    even = np.pad(image, [(0, 0), *((0, side % 2) for side in shape)], mode="edge").astype(np.float64)
    expected = (even[:, ::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, ::2] + even[:, 1::2, 1::2]) / 4
    np.testing.assert_allclose(device.get(halve(device.put(image))), expected, atol=2e-6)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((np.zeros((4, 4), np.float32), IDENTITY, (2, 2)), r"image is \[4, 4\] float32, expected \[C, H, W\]"),
        ((np.zeros((3, 4, 4), np.float16), IDENTITY, (2, 2)), "float16"),
        ((np.zeros((3, 4, 4), np.float32), np.eye(3), (2, 2)), r"expected \[2, 3\] finite"),
        ((np.zeros((3, 4, 4), np.float32), IDENTITY * np.nan, (2, 2)), r"expected \[2, 3\] finite"),
        ((np.zeros((3, 4, 4), np.float32), IDENTITY, (2, -1)), "expected .height, width."),
    ],
)
def test_wrong_input_is_refused(arguments, text):
    with pytest.raises(UsageError, match=text):
        crop(*arguments)


def test_a_plane_too_large_to_count_is_refused():
    vast = np.broadcast_to(np.zeros((1, 1, 1), np.float32), (1, 50_000, 50_000))
    strided = np.lib.stride_tricks.as_strided(vast, vast.shape, (4, 200_000, 4))
    with pytest.raises(UsageError, match=r"spans 2.31 floats or more; pass a window"):
        crop(strided, IDENTITY, (2, 2))


def test_unknown_choices_are_refused():
    image = np.zeros((1, 2, 2), np.float32)
    with pytest.raises(UsageError, match="filter is 'lanczos', expected one of linear, cubic"):
        crop(image, IDENTITY, (1, 1), filter="lanczos")
    with pytest.raises(UsageError, match="outside is 'wrap'"):
        crop(image, IDENTITY, (1, 1), outside="wrap")
