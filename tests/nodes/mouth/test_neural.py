# SPDX-License-Identifier: Apache-2.0
"""What a network sees of a mouth, and that its correction lands where it should and harms nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.region import Region
from ofx_lipsync.nodes.mouth import neural
from ofx_lipsync.nodes.mouth.points import INDEX, LOWER_INNER, NOSE_BASE_ROW, UPPER_INNER

SIZE = Region.of_size(400, 400)


class Painter:
    """Answers every picture with the same correction."""

    def __init__(self, value: float) -> None:
        self.value = value

    def correct(self, x: np.ndarray) -> np.ndarray:
        assert x.shape == (9, 64, 64)
        assert np.isfinite(x).all()
        return np.full((3, 64, 64), self.value, np.float32)


@pytest.fixture
def face(portrait) -> tuple[np.ndarray, float]:
    landmarks = portrait.faces.landmarks[0]
    return landmarks[INDEX, :2].astype(np.float64), float(portrait.faces.face_height_px()[0])


def made(face, network, pixels=None, amount=1.0, built=0.0) -> tuple[np.ndarray, np.ndarray]:
    points, height = face
    if pixels is None:
        pixels = np.random.default_rng(1).random((3, 400, 400), np.float32) * 0.2 + 0.3
    matrix = neural.window_matrix(points, height)
    seen = neural.view(pixels, SIZE, points, matrix)
    return pixels, neural.finish(pixels, SIZE, seen, seen, matrix, network, amount, built)


def test_the_window_hangs_from_the_nose(face) -> None:
    points, height = face
    matrix = neural.window_matrix(points, height)
    at = neural.through(neural.inverse(matrix), points)
    np.testing.assert_allclose(at[NOSE_BASE_ROW], [32, 6], atol=1e-9)
    lips = at[np.concatenate([UPPER_INNER, LOWER_INNER])]
    assert lips.min() > 8
    assert lips.max() < 56
    np.testing.assert_allclose(neural.through(matrix, at), points, atol=1e-6)


def test_no_correction_leaves_every_bit(face) -> None:
    pixels, out = made(face, Painter(0.0))
    assert np.array_equal(out.view(np.int32), pixels.view(np.int32))


def test_a_correction_brightens_lips_and_nothing_far(face) -> None:
    pixels, out = made(face, Painter(0.2))
    x, y = face[0][UPPER_INNER[5]].astype(int)
    assert (out - pixels)[:, y, x].min() > 0.02
    changed = np.argwhere((out != pixels).any(axis=0))
    away = np.abs(changed[:, ::-1] - face[0][UPPER_INNER[5]]).max() / face[1]
    assert away < 0.35


def test_half_an_amount_is_half_a_correction(face) -> None:
    pixels, whole = made(face, Painter(0.2))
    _, half = made(face, Painter(0.2), amount=0.5)
    roots = [neural.root(p) for p in (pixels, half, whole)]
    np.testing.assert_allclose(roots[1] - roots[0], (roots[2] - roots[0]) / 2, atol=1e-5)


def test_exposure_changes_nothing_but_exposure(face) -> None:
    pixels, out = made(face, Painter(0.1))
    _, brighter = made(face, Painter(0.1), pixels * 8)
    np.testing.assert_allclose(brighter, out * 8, rtol=1e-4)


def test_highlights_and_negatives_are_not_clamped(face) -> None:
    pixels = np.full((3, 400, 400), 0.4, np.float32)
    x, y = face[0][UPPER_INNER[5]].astype(int)
    pixels[:, y, x], pixels[:, y + 1, x] = 40.0, -0.5
    _, out = made(face, Painter(0.05), pixels)
    assert out[:, y, x].min() > 30
    assert out[:, y + 1, x].max() < 0


def test_nan_stays_where_it_is(face) -> None:
    pixels = np.full((3, 400, 400), 0.4, np.float32)
    x, y = face[0][UPPER_INNER[5]].astype(int)
    pixels[:, y, x] = np.nan
    _, out = made(face, Painter(0.1), pixels)
    assert np.isnan(out).any(axis=0).sum() == 1


def test_a_made_up_inside_loses_its_grain_and_skin_keeps_its_own(face) -> None:
    pixels = np.random.default_rng(1).random((3, 400, 400), np.float32) * 0.2 + 0.3
    points = face[0].copy()
    points[LOWER_INNER[1:-1], 1] += 0.1 * face[1]
    _, out = made((points, face[1]), Painter(0.0), pixels, built=1.0)
    x, y = (points[UPPER_INNER[5]] + 0.5 * (points[LOWER_INNER[5]] - points[UPPER_INNER[5]])).astype(int)
    inside = np.s_[:, y - 3 : y + 4, x - 8 : x + 9]
    assert out[inside].std() < 0.8 * pixels[inside].std()
    x, y = points[INDEX.tolist().index(18)].astype(int)
    chin = np.s_[:, y + 8 : y + 14, x - 4 : x + 5]
    np.testing.assert_allclose(out[chin], pixels[chin], atol=1e-6)


def test_black_skin_does_not_divide_by_nothing(face) -> None:
    _, out = made(face, Painter(0.1), np.zeros((3, 400, 400), np.float32))
    assert np.isfinite(out).all()
