# SPDX-License-Identifier: Apache-2.0
"""matte: 0 on and outside the contour, 1 a feather inside it."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels import matte
from ofx_lipsync.kernels.matte import reference

REGION = Region(-7, 11, 91, 96)
SQUARE = np.array([[20, 30], [60, 30], [60, 70], [20, 70]], np.float32)


def face(points: int = 60) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    wobble = np.random.default_rng(3).normal(0, 1.5, (points, 2))
    return (np.stack([40 + 30 * np.cos(angle), 52 + 25 * np.sin(angle)], axis=1) + wobble).astype(np.float32)


STAR = face(5)[[0, 2, 4, 1, 3]]
POLYGONS = {
    "face": face(),
    "turned": face()[::-1],
    "square": SQUARE,
    "star": STAR,
    "sliver": face()[:3],
    "spot": SQUARE * 0 + 40,
}


@pytest.mark.parametrize(("feather_px", "erode_px"), [(12, 0), (5.5, 4), (8, -6), (0, 0), (3, 200)])
@pytest.mark.parametrize("polygon", POLYGONS.values(), ids=POLYGONS)
def test_equals_reference(device, agree, polygon, feather_px, erode_px):
    got = device.get(matte(device.put(polygon), REGION, feather_px=feather_px, erode_px=erode_px))
    expected = reference(polygon, REGION, feather_px=feather_px, erode_px=erode_px)
    agree("matte", got, expected, np.ones(1))


def test_the_feather_lies_inside(device):
    row = device.get(matte(device.put(SQUARE), Region(0, 50, 80, 51), feather_px=8))[0]
    assert not row[:20].any()
    assert not row[60:].any()
    assert (row[28:52] == 1).all()
    assert (np.diff(row[20:29]) > 0).all()
    # The centre of pixel 23 is 3.5 px inside: t = 3.5 / 8, t^2 (3 - 2t) = 0.4067.
    assert row[23] == pytest.approx(0.4067, abs=1e-4)


def test_erode_moves_the_ramp_inwards_and_outwards(device):
    row = [
        device.get(matte(device.put(SQUARE), Region(0, 50, 80, 51), feather_px=4, erode_px=erode))[0]
        for erode in (-5, 0, 5)
    ]
    np.testing.assert_array_equal(row[0][10:20], row[1][15:25])
    np.testing.assert_array_equal(row[1][15:25], row[2][20:30])


def test_a_self_crossing_contour_is_filled_by_winding(device):
    centre = device.get(matte(device.put(STAR), Region(39, 51, 41, 53), feather_px=0))
    assert (centre == 1).all()


def test_an_8k_plate_has_the_same_ramp(device, same_bits):
    whole_px = face().round(3) * 0 + (face() * 8).round() / 8
    far = np.array([7000, 4000], np.float32)
    near = device.get(matte(device.put(whole_px), REGION, feather_px=9))
    away = device.get(matte(device.put(whole_px + far), REGION.shift(7000, 4000), feather_px=9))
    same_bits(near, away)


def test_tiles_equal_the_whole(device, same_bits):
    polygon = device.put(face())
    whole = device.get(matte(polygon, REGION, feather_px=9, erode_px=1))
    for tile in (Region(-7, 11, 91, 40), Region(30, 40, 31, 41), Region(5, 33, 88, 96)):
        rows, columns = tile.slices_in(REGION)
        same_bits(device.get(matte(polygon, tile, feather_px=9, erode_px=1)), whole[rows, columns])


def test_odd_windows_and_views(device, same_bits):
    spaced = np.zeros((60, 4), np.float32)
    spaced[:, ::2] = face()
    for region in (Region(40, 50, 41, 51), Region(0, 0, 31, 1), Region(0, 0, 0, 0)):
        got = matte(device.put(spaced)[:, ::2], region, feather_px=9)
        assert got.shape == region.shape
        same_bits(device.get(got), device.get(matte(device.put(face()), region, feather_px=9)))


@pytest.mark.parametrize(
    ("polygon", "options", "text"),
    [
        (np.zeros((2, 2), np.float32), {}, r"polygon is \[2, 2\], expected \[P, 2\] with 3 points or more"),
        (np.zeros((5, 3), np.float32), {}, r"polygon is \[5, 3\] float32, expected \[P, 2\]"),
        (SQUARE.astype(np.float64), {}, "float64"),
        (SQUARE * np.float32(np.nan), {}, "polygon holds NaN"),
        (SQUARE * np.float32(1e30), {}, "beyond a million px"),
        (SQUARE, {"feather_px": -1}, "feather_px is -1"),
        (SQUARE, {"erode_px": float("inf")}, "erode_px is inf"),
    ],
)
def test_wrong_input_is_refused(polygon, options, text):
    with pytest.raises(UsageError, match=text):
        matte(polygon, REGION, **({"feather_px": 4.0} | options))
