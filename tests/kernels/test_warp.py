# SPDX-License-Identifier: Apache-2.0
"""warp: a smooth mesh that leaves what it does not move bit for bit."""

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.region import Region
from ofx_lipsync.kernels import warp
from ofx_lipsync.kernels.warp import grid_points, read_points, reference

REGION = Region(-3, 5, 44, 38)


def bent(step_px: int, region: Region, amount_px: float = 4.0) -> np.ndarray:
    points = grid_points(step_px, region)
    generator = np.random.default_rng(7)
    return (points + generator.normal(0, amount_px, points.shape)).astype(np.float32)


@pytest.mark.parametrize("shrink", [1.0, 1.8, 3.4])
@pytest.mark.parametrize("filter", ["linear", "cubic"])
@pytest.mark.parametrize("step_px", [1, 8, 50])
def test_equals_reference(device, noise, agree, step_px, filter, shrink):
    image, grid = noise(3, 40, 52), bent(step_px, REGION)
    options = {"origin": (-5, 2), "filter": filter, "shrink": shrink}
    got = warp(device.put(image), device.put(grid), step_px, REGION, **options)
    agree("warp", device.get(got), reference(image, grid, step_px, REGION, **options), image)


@pytest.mark.parametrize("shape", [(1, 1, 1), (6, 5, 3)])
def test_odd_shapes_and_channel_counts(device, noise, agree, shape):
    image, region = noise(*shape), Region(0, 0, shape[2], shape[1])
    grid = bent(4, region, 1.0)
    agree(
        "warp",
        device.get(warp(device.put(image), device.put(grid), 4, region)),
        reference(image, grid, 4, region),
        image,
    )


@pytest.mark.parametrize("filter", ["linear", "cubic"])
def test_the_identity_and_whole_pixel_moves_keep_every_bit(device, noise, same_bits, filter):
    image = noise(3, 33, 47)
    image[1, 4, 5:9] = [np.nan, np.inf, -np.inf, -0.0]
    grid = grid_points(16, REGION)
    still = warp(device.put(image), device.put(grid), 16, REGION, origin=(-3, 5), filter=filter)
    same_bits(device.get(still), image)
    moved = warp(device.put(image), device.put(grid + np.float32(3)), 16, REGION, origin=(-3, 5), filter=filter)
    same_bits(device.get(moved)[:, :-3, :-3], image[:, 3:, 3:])


def test_a_still_part_of_a_moving_mesh_keeps_every_bit(device, noise, same_bits):
    """The surface reaches two nodes: a pixel whose 4 x 4 nodes are still is not touched."""
    region = Region(0, 0, 96, 96)
    image, grid = noise(3, 96, 96), grid_points(8, region)
    grid[:, :, 8:] += 2.5
    out = device.get(warp(device.put(image), device.put(grid), 8, region))
    same_bits(out[:, :, :48], image[:, :, :48])
    assert (out[:, :-8, 64:-8] != image[:, :-8, 64:-8]).mean() > 0.9


def test_a_turn_and_scale_are_followed_exactly(device):
    """Catmull-Rom reproduces linear functions, border cells included: a ramp stays a ramp."""
    region = Region(100, 200, 140, 230)
    y, x = np.mgrid[0:300, 0:300] + 0.5
    ramp = np.stack([x, y]).astype(np.float32)
    turn = np.array([[0.9, -0.2], [0.25, 1.05]])
    points = grid_points(10, region).astype(np.float64)
    middle = np.array([120.0, 215.0]).reshape(2, 1, 1)
    grid = (np.einsum("ij,jhw->ihw", turn, points - middle) + middle).astype(np.float32)
    at = np.stack(np.meshgrid(np.arange(100, 140) + 0.5, np.arange(200, 230) + 0.5)) - middle
    expected = np.einsum("ij,jhw->ihw", turn, at) + middle
    for filter in ("linear", "cubic"):
        got = device.get(warp(device.put(ramp), device.put(grid), 10, region, filter=filter))
        np.testing.assert_allclose(got, expected, atol=2e-3)


def test_8k_coordinates_keep_their_precision(device, noise):
    """A shift of 1/4 px gives the same picture at x = 10 and at x = 8000."""
    image = noise(1, 24, 24)
    results = []
    for at in (0, 8000):
        region = Region(at, at, at + 24, at + 24)
        grid = grid_points(8, region) + np.float32(0.25)
        results.append(device.get(warp(device.put(image), device.put(grid), 8, region, origin=(at, at))))
    np.testing.assert_array_equal(*results)


def test_nan_and_values_beyond_0_to_1(device, noise):
    region, image = Region(0, 0, 32, 32), np.full((1, 32, 32), -90.0, np.float32)
    grid = bent(8, region, 1.0)
    np.testing.assert_allclose(device.get(warp(device.put(image), device.put(grid), 8, region)), -90, rtol=1e-5)
    grid[0, 0, 0] = np.nan
    out = device.get(warp(device.put(image), device.put(grid), 8, region))
    assert np.isnan(out[0, 0, 0])
    assert np.isfinite(out[:, 16:, 16:]).all()
    grid[0, 0, 0] = 1e30
    assert device.get(warp(device.put(image), device.put(grid), 8, region)).shape == (1, 32, 32)


def test_shrinking_removes_what_would_sparkle(device):
    board = (np.indices((200, 200)).sum(axis=0) % 2).astype(np.float32)[None]
    region = Region(0, 0, 60, 60)
    grid = grid_points(10, region) * np.float32(3.2)
    plain = device.get(warp(device.put(board), device.put(grid), 10, region))
    fine = device.get(warp(device.put(board), device.put(grid), 10, region, shrink=3.2))
    assert plain.std() > 0.2
    assert fine[:, 2:-2, 2:-2].std() < 0.06


def test_tiles_equal_the_whole(device, noise, same_bits):
    image, grid = device.put(noise(3, 40, 52)), device.put(bent(8, REGION))
    for shrink in (1.0, 2.6):
        whole = device.get(warp(image, grid, 8, REGION, shrink=shrink))
        for tile in (Region(-3, 5, 44, 11), Region(7, 11, 8, 38), Region(1, 13, 41, 33)):
            rows, columns = tile.slices_in(REGION)
            got = device.get(warp(image, grid, 8, REGION, window=tile, shrink=shrink))
            same_bits(got, whole[:, rows, columns])


def test_views_of_any_strides(device, noise, same_bits):
    packed, grid = noise(40, 52, 3), device.put(bent(8, REGION))
    view = device.put(packed).transpose(2, 0, 1)
    planes = device.put(np.ascontiguousarray(packed.transpose(2, 0, 1)))
    for filter in ("linear", "cubic"):
        got = [device.get(warp(image, grid, 8, REGION, filter=filter)) for image in (view, planes)]
        same_bits(*got)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"image": np.zeros((3, 8, 8), np.float64)}, r"image is \[3, 8, 8\] float64"),
        ({"grid": np.zeros((2, 2, 2), np.float32)}, r"grid is \[2, 2, 2\], expected at least \[2, 3, 3\]"),
        ({"grid": np.zeros((3, 3, 3), np.float32)}, r"grid is \[3, 3, 3\] float32, expected \[2, GH, GW\]"),
        ({"step_px": 0}, "step_px is 0"),
        ({"step_px": 2.5}, "step_px is 2.5"),
        ({"region": Region(4, 4, 4, 9)}, "region .* is empty"),
        ({"window": Region(0, 0, 17, 8)}, "window .* is not inside"),
        ({"shrink": float("nan")}, "shrink is nan"),
    ],
)
def test_wrong_input_is_refused(change, text):
    region = Region(0, 0, 16, 16)
    given = {"image": np.zeros((3, 8, 8), np.float32), "grid": grid_points(8, region), "step_px": 8, "region": region}
    with pytest.raises(UsageError, match=text):
        warp(**(given | change))


def test_read_points_say_where_a_picture_was_read():
    """A picture of its own coordinates comes back as them: cubics keep straight lines."""
    grid = bent(8, REGION, 1.5)
    y, x = np.mgrid[-20:80, -20:80] + 0.5
    warped = warp(np.stack([x, y]).astype(np.float32), grid, 8, REGION, origin=(-20, -20))
    assert np.abs(read_points(grid, 8, REGION) - warped).max() < 1e-3
    still = read_points(grid_points(8, REGION), 8, REGION)
    assert np.array_equal(still, np.stack(np.meshgrid(np.arange(-3, 44) + 0.5, np.arange(5, 38) + 0.5)))
