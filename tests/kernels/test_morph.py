# SPDX-License-Identifier: Apache-2.0
"""morph: outlines move and stay sharp, the ends are the drawings, colours are not clamped."""

from dataclasses import replace

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels import distance, morph
from ofx_lipsync.kernels.morph import Shape, reference

REGION = Region(0, 0, 64, 48)
MEANS = np.array([[0, 0, 0, 0], [0.2, 0.1, 0.1, 1], [0.9, 0.9, 0.8, 1]], np.float32)


def disc(x: float, y: float, wide: float, high: float, device, teeth: bool = True, shade: float = 0.0) -> Shape:
    """An oval of region 1 with a smaller one of region 2 in it."""
    rows, columns = np.mgrid[0:48, 0:64] + 0.5
    reach = ((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2
    labels = (reach < 1).astype(int) + (teeth & (reach < 0.3))
    pixels = MEANS[labels].transpose(2, 0, 1) + np.float32(shade) * (labels > 0)
    at = np.linspace(x - wide, x + wide, 33)
    bow = high * np.sqrt(np.clip(1 - ((at - x) / wide) ** 2, 0, 1))
    outline = np.concatenate([[x - wide, x + wide], y - bow, y + bow]).astype(np.float32)
    present = np.array([1, 1, float(teeth)], np.float32)
    depth = distance((labels == np.arange(3)[:, None, None]).astype(np.float32))
    put = device.put
    return Shape(put(np.ascontiguousarray(pixels, np.float32)), put(depth), put(present), put(outline), (0, 0))


def on_cpu(shape: Shape, device) -> Shape:
    pixels, depth, present, outline = map(device.get, (shape.pixels, shape.depth, shape.present, shape.outline))
    return Shape(pixels, depth, present, outline, shape.corner)


def test_equals_reference(device, agree):
    a, b = disc(26, 22, 20, 9, device, shade=0.05), disc(38, 27, 9, 14, device, teeth=False)
    for phase in (0.0, 0.31, 0.5, 1.0):
        got = device.get(morph(a, b, device.put(MEANS), phase, REGION))
        agree("morph", got, reference(on_cpu(a, device), on_cpu(b, device), MEANS, phase, REGION), MEANS)


@pytest.mark.parametrize("region", [Region(3, 5, 4, 6), Region(-9, -7, 70, 50)])
def test_odd_windows(device, agree, region):
    a, b = disc(26, 22, 20, 9, device), disc(38, 27, 9, 14, device)
    got = device.get(morph(a, b, device.put(MEANS), 0.4, region))
    agree("morph", got, reference(on_cpu(a, device), on_cpu(b, device), MEANS, 0.4, region), MEANS)


def test_the_outline_is_half_way_and_sharp(device):
    """A bar at the top becomes a bar at the bottom: in between there is one bar in the middle, and no ghost."""
    a, b = disc(32, 12, 20, 6, device, teeth=False), disc(32, 34, 20, 6, device, teeth=False)
    alpha = device.get(morph(a, b, device.put(MEANS), 0.5, REGION))[3]
    column = alpha[:, 32]
    assert column[18:28].min() > 0.99
    assert column[:14].max() < 0.01
    assert column[32:].max() < 0.01
    soft = (alpha > 0.02) & (alpha < 0.98)
    assert soft.sum() < 3.0 * 2 * (40 + 12)


def test_a_closing_mouth_keeps_its_teeth(device):
    open_, shut = disc(32, 24, 20, 12, device), disc(32, 24, 20, 4, device, teeth=False)
    half = device.get(morph(open_, shut, device.put(MEANS), 0.5, REGION, lacking_px=1.0))
    np.testing.assert_allclose(half[:, 24, 32], MEANS[2], atol=1e-5)


def test_the_ends_show_the_drawings(device):
    a, b = disc(26, 22, 20, 9, device, shade=0.05), disc(38, 27, 9, 14, device)
    for phase, shape in ((0.0, a), (1.0, b)):
        got, own = device.get(morph(a, b, device.put(MEANS), phase, REGION)), device.get(shape.pixels)
        assert np.abs(got - own).mean() < 0.02


def test_values_beyond_0_to_1_and_nan_are_kept_where_they_are(device):
    a, b = disc(26, 22, 20, 9, device, shade=40.0), disc(30, 24, 18, 10, device, shade=40.0)
    out = device.get(morph(a, b, device.put(MEANS), 0.5, REGION))
    assert out.max() > 30
    pixels = device.get(a.pixels).copy()
    pixels[0, 22, 26] = np.nan
    out = device.get(morph(replace(a, pixels=device.put(pixels)), b, device.put(MEANS), 0.5, REGION))
    assert 0 < np.isnan(out[0]).sum() < 20
    assert np.isfinite(out[1:]).all()


def test_outside_both_nothing_is_drawn(device, same_bits):
    a, b = disc(26, 22, 10, 9, device), disc(30, 24, 12, 10, device)
    out = device.get(morph(a, b, device.put(MEANS), 0.5, Region(60, 40, 64, 48)))
    same_bits(out, np.zeros_like(out))


def test_tiles_equal_the_whole(device, same_bits):
    a, b = disc(26, 22, 20, 9, device), disc(38, 27, 9, 14, device)
    whole = device.get(morph(a, b, device.put(MEANS), 0.6, REGION))
    for tile in (Region(0, 0, 64, 7), Region(9, 7, 10, 48), Region(13, 3, 51, 33)):
        rows, columns = tile.slices_in(REGION)
        same_bits(device.get(morph(a, b, device.put(MEANS), 0.6, tile)), whole[:, rows, columns])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"pixels": np.zeros((3, 8, 8), np.float32)}, r"a.pixels is \[3, 8, 8\]"),
        ({"depth": np.zeros((2, 48, 64), np.float32)}, r"a.depth is .* expected \[3, 48, 64\]"),
        ({"present": np.zeros(2, np.float32)}, r"a.present is \[2\] float32"),
        ({"outline": np.zeros(5, np.float32)}, "a.outline has 5 numbers"),
        ({"outline": np.zeros(8, np.float32)}, r"b.outline is \[68\] float32, expected \[8\]"),
    ],
)
def test_wrong_shapes_are_refused(change, text):
    class Here:
        put = staticmethod(np.asarray)

    a, b = disc(26, 22, 20, 9, Here), disc(38, 27, 9, 14, Here)
    with pytest.raises(UsageError, match=text):
        morph(replace(a, **change), b, MEANS, 0.5, REGION)


def test_too_many_regions_and_a_phase_beyond_1_are_refused():
    class Here:
        put = staticmethod(np.asarray)

    a = disc(26, 22, 20, 9, Here)
    with pytest.raises(UsageError, match="there are 13 regions, expected 1 to 12"):
        morph(a, a, np.zeros((13, 4), np.float32), 0.5, REGION)
    with pytest.raises(UsageError, match=r"phase is 1\.5"):
        morph(a, a, MEANS, 1.5, REGION)
