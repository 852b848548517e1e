# SPDX-License-Identifier: Apache-2.0
"""Thin plates pass through their points, fields hold still what must not move, and lips do not tear."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.kernels.matte import matte
from ofx_lipsync.kernels.warp import grid_points
from ofx_lipsync.nodes.mouth import spline
from ofx_lipsync.nodes.mouth.field import RIM, lower_face, similarity, solve_fields
from ofx_lipsync.nodes.mouth.points import COUNT, INDEX, JAW_ROWS, LOWER_INNER, STILL_ROWS, UPPER_INNER


@pytest.fixture
def points(portrait) -> tuple[np.ndarray, float]:
    landmarks = portrait.faces.landmarks[0]
    return landmarks[INDEX, :2].astype(np.float64), float(np.linalg.norm(landmarks[10, :2] - landmarks[152, :2]))


def test_a_spline_passes_through_its_points_and_keeps_planes() -> None:
    rng = np.random.default_rng(0)
    knots, values = rng.random((20, 2)), rng.random((20, 3))
    at = lambda w, where: spline.evaluate(where, spline.radial(where, knots), w)  # noqa: E731
    assert np.allclose(at(spline.solve(knots, values, 0.0), knots), values, atol=1e-8)
    plane = knots @ np.array([[0.3], [-2.0]]) + 5
    far = rng.random((7, 2)) * 10
    assert np.allclose(at(spline.solve(knots, plane, 1e-3), far), far @ np.array([[0.3], [-2.0]]) + 5, atol=1e-6)


def test_no_control_point_counts_twice() -> None:
    """Two knots on one spot would leave the thin plate without an answer."""
    assert len(set(INDEX.tolist())) == COUNT


def test_a_similarity_is_found() -> None:
    a = np.random.default_rng(1).random((9, 2))
    turn = 1.3 * np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    matrix, offset = similarity(a, a @ turn.T + [3.0, -8.0])
    assert np.allclose(matrix, turn)
    assert np.allclose(offset, [3.0, -8.0])


def test_nothing_to_do_moves_nothing(points) -> None:
    here, height_px = points
    fields = solve_fields(here, here, [here], height_px)
    still = grid_points(fields.step_px, fields.region)
    for grid in (fields.ground, fields.mouths[0].whole, fields.mouths[0].upper, fields.mouths[0].skull):
        assert np.abs(grid - still).max() < 1e-3


def far(fields) -> np.ndarray:
    """[gh, gw] px: how far the plate moves at each node."""
    return np.linalg.norm(fields.ground - grid_points(fields.step_px, fields.region), axis=0)


def test_moves_too_small_to_see_leave_the_plate_bit_for_bit(points) -> None:
    """A chin that moves by a fiftieth of a pixel would be resampled for nothing, and shimmer."""
    here, height_px = points
    target = here.copy()
    target[JAW_ROWS, 1] += 0.02
    assert far(solve_fields(here, target, [here], height_px)).max() == 0
    target[JAW_ROWS, 1] += 1.0
    assert far(solve_fields(here, target, [here], height_px)).max() > 0.8


def test_nothing_moves_in_the_soft_rim(points) -> None:
    """Where the matte is neither 0 nor 1 a moved plate would lie over itself twice."""
    here, height_px = points
    target = here.copy()
    target[JAW_ROWS[5:12], 1] += 0.06 * height_px
    fields = solve_fields(here, target, [here], height_px)
    alpha = matte(fields.edge, fields.region, feather_px=RIM * height_px)
    rows, columns = (np.arange(n) * fields.step_px for n in far(fields).shape)
    at_nodes = alpha[np.ix_(np.minimum(rows, alpha.shape[0] - 1), np.minimum(columns, alpha.shape[1] - 1))]
    assert far(fields)[at_nodes < 0.9].max() < 0.002 * height_px
    assert far(fields).max() > 0.03 * height_px


def test_the_shape_of_the_matte_hardly_follows_the_jaw(points) -> None:
    here, height_px = points
    target = here.copy()
    target[JAW_ROWS[5:12], 1] += 0.06 * height_px
    still, open_ = (lower_face(here, to, height_px) for to in (here, target))
    assert np.abs(still - open_).max() < 0.04 * height_px


def test_the_chin_moves_and_eyes_and_edges_do_not(points) -> None:
    here, height_px = points
    target = here.copy()
    target[JAW_ROWS[6:11], 1] += 0.05 * height_px
    fields = solve_fields(here, target, [here], height_px)
    moved = far(fields)
    assert moved.max() > 0.03 * height_px
    assert np.concatenate([moved[0], moved[-1], moved[:, 0], moved[:, -1]]).max() == 0
    nodes = grid_points(fields.step_px, fields.region).reshape(2, -1).T
    for eye in here[STILL_ROWS][8:12]:
        near = np.linalg.norm(nodes - eye, axis=1) < 0.06 * height_px
        assert moved.ravel()[near].max(initial=0) < 0.01 * height_px


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.12])
def test_lips_part_and_meet_without_folds(points, gap) -> None:
    """A field that folds reads the library upside down somewhere: its rows would run backwards."""
    here, height_px = points
    target = here.copy()
    middle = (here[UPPER_INNER] + here[LOWER_INNER]) / 2
    arch = np.sin(np.linspace(0, np.pi, 11)) * gap * height_px / 2
    target[UPPER_INNER], target[LOWER_INNER] = middle, middle
    target[UPPER_INNER, 1] -= arch
    target[LOWER_INNER, 1] += arch
    fields = solve_fields(here, target, [here], height_px)
    for grid in (fields.mouths[0].whole, fields.mouths[0].upper, fields.mouths[0].lower):
        assert np.diff(grid[1], axis=0).min() > -0.5 * fields.step_px
        assert np.abs(np.diff(grid, axis=1)).max() < 6 * fields.step_px
