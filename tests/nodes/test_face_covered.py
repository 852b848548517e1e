# SPDX-License-Identifier: Apache-2.0
"""Something over a mouth is noticed by the skin it hides; speech is not taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.models.face_mesh import Roi
from ofx_lipsync.nodes._face_covered import ABOVE, FEWEST, LIPS, ROUND, covered, skin

COUNT = 40
SKIN, RED = np.log([0.6, 0.45, 0.4]), np.log([0.55, 0.3, 0.3])
HAND = slice(10, 16)


def faces() -> np.ndarray:
    """[N, K, 3] logs of light: a face that talks in a light that changes."""
    rng = np.random.default_rng(4)
    places = [SKIN] * len(ROUND) + [SKIN + 0.1] * len(ABOVE) + [RED] * len(LIPS)
    lamp = np.linspace(-0.5, 0.5, COUNT)[:, None, None]
    return (np.array(places)[None] + lamp + rng.normal(0, 0.04, (COUNT, len(places), 3))).astype(np.float32)


def test_speech_under_a_changing_light_covers_nothing() -> None:
    assert not covered(faces()).any()


def test_a_dark_thing_is_noticed() -> None:
    seen = faces()
    seen[HAND, : len(ROUND) // 2] -= 1.5
    assert (covered(seen) > 0.5).nonzero()[0].tolist() == list(range(COUNT))[HAND]


def test_a_hand_of_the_skins_own_colour_is_noticed() -> None:
    seen = faces()
    seen[HAND, len(ROUND) + len(ABOVE) :] = SKIN + seen[HAND, :1] - SKIN
    assert (covered(seen) > 0.5).nonzero()[0].tolist() == list(range(COUNT))[HAND]


def test_pale_lips_say_nothing() -> None:
    seen = faces()
    seen[:, len(ROUND) + len(ABOVE) :] = seen[:, :1]
    assert not covered(seen).any()


def test_a_few_frames_say_nothing() -> None:
    assert not covered(faces()[: FEWEST - 1]).any()


def test_skin_is_read_where_the_points_are() -> None:
    square = np.full((3, 256, 256), 0.2, np.float32)
    square[:, :, 128:] = 0.5
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[:, :2] = (100.0, 150.0)
    landmarks[list(ABOVE), 0] = 160.0
    found = np.exp(skin(square, Roi(128.0, 128.0, 256.0, 0.0), landmarks)) - 0.02
    assert found[0] == pytest.approx(0.2, abs=1e-3)
    assert found[len(ROUND)] == pytest.approx(0.5, abs=1e-3)
