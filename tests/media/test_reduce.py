# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from ofx_lipsync.media.reduce import reduce_area, reduced_size


def by_area(planes: np.ndarray, width: int, height: int) -> np.ndarray:
    """The definition: each output pixel is the mean over its rectangle."""
    weights = []
    for old, new in ((planes.shape[1], height), (planes.shape[2], width)):
        edges = np.arange(new + 1) * old / new
        cells = np.arange(old)
        overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
        weights.append(np.clip(overlap, 0, 1) * new / old)
    return np.einsum("ij,cjk,lk->cil", weights[0], planes.astype(np.float64), weights[1])


@pytest.mark.parametrize(
    ("width", "height", "new"),
    [(64, 48, (32, 24)), (61, 47, (13, 29)), (7, 5, (7, 5)), (9, 1, (2, 1)), (50, 3, (49, 2))],
)
def test_equals_the_mean_over_each_rectangle(width: int, height: int, new: tuple[int, int]) -> None:
    planes = np.random.default_rng(0).normal(size=(3, height, width)).astype(np.float32)
    np.testing.assert_allclose(reduce_area(planes, *new), by_area(planes, *new), atol=2e-6)


def test_sizes() -> None:
    assert reduced_size(1920, 1080, 640) == (640, 360)
    assert reduced_size(100, 50, 640) == (100, 50)
    assert reduced_size(4000, 3, 100) == (100, 1)
