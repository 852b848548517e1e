# SPDX-License-Identifier: Apache-2.0
"""Thin-plate splines: the smoothest field that carries one set of points to another.

Source: Bookstein, "Principal Warps" (PAMI 1989); the stiffness on the diagonal is Wahba's smoothing spline.
"""

from __future__ import annotations

import numpy as np


def radial(at: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[Q, P] float64: r^2 log r^2 between at [Q, 2] and points [P, 2]."""
    square = (at[:, None, 0] - points[None, :, 0]) ** 2 + (at[:, None, 1] - points[None, :, 1]) ** 2
    return square * np.log(square + 1e-20)


def solve(points: np.ndarray, values: np.ndarray, stiffness: float) -> np.ndarray:
    """Weights [P+3, D] float64 so that the spline through points [P, 2] takes values [P, D].

    stiffness: how far it may miss a point for smoothness (0 = through every point), in units of points squared.
    """
    count = len(points)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = radial(points, points)
    system[np.arange(count), np.arange(count)] += stiffness
    system[:count, count] = system[count, :count] = 1.0
    system[:count, count + 1 :] = points
    system[count + 1 :, :count] = points.T
    return np.linalg.solve(system, np.concatenate([values, np.zeros((3, values.shape[1]))]))


def evaluate(at: np.ndarray, basis: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[Q, D] float64: the spline at points [Q, 2], with basis = radial(at, points)."""
    count = basis.shape[1]
    return basis @ weights[:count] + weights[count] + at @ weights[count + 1 :]
