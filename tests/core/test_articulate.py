# SPDX-License-Identifier: Apache-2.0
"""Articulation from landmarks, on faces that the networks really saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.articulate import articulation
from ofx_lipsync.core.mouth import ARTICULATION
from ofx_lipsync.core.pose import describe_pose
from ofx_lipsync.models.face_bundle import FaceNetworks
from ofx_lipsync.models.face_mesh import Roi, roi_from_landmarks

OPEN, WIDTH = ARTICULATION.index("open"), ARTICULATION.index("width")


def track(path: Path, middle: Roi) -> np.ndarray:
    """[N, 478, 3] px of every frame, followed from a rough square."""
    import av

    networks, roi, landmarks = FaceNetworks.load(), middle, []
    with av.open(str(path)) as movie:
        for frame in movie.decode(video=0):
            picture = frame.to_ndarray(format="rgb24").transpose(2, 0, 1).astype(np.float32) / 255
            points, _ = networks.mesh.landmarks(picture, roi)
            landmarks.append(points)
            roi = roi_from_landmarks(points)
    return np.array(landmarks)


@pytest.fixture(scope="module")
def speaking(shared_data: Path) -> np.ndarray:
    return track(shared_data / "grid" / "s31" / "bgix8n.mkv", Roi(180.0, 160.0, 220.0, 0.0))


@pytest.mark.shared
def test_shut_lips_are_zero_and_speech_opens_them(speaking: np.ndarray) -> None:
    opening = articulation(speaking)[:, OPEN]
    assert abs(opening.min()) < 0.004
    assert 0.08 < opening.max() < 0.16


@pytest.mark.shared
def test_it_is_the_same_for_a_head_that_turns_nods_and_comes_nearer(speaking: np.ndarray) -> None:
    straight = articulation(speaking)
    spread = np.percentile(straight, 95, axis=0) - np.percentile(straight, 5, axis=0)
    for yaw, pitch in ((20, 0), (-20, 0), (0, 15), (-20, -15)):
        y, p = np.radians([yaw, pitch])
        across = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        down = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
        moved = (speaking - [180, 160, 0]) @ (across @ down).T * 2.5 + [900, 500, 0]
        assert np.ptp(describe_pose(moved)[0] - describe_pose(speaking)[0]) < 8
        np.testing.assert_array_less(np.abs(articulation(moved) - straight).max(axis=0) / spread, 0.01)


@pytest.mark.shared
def test_every_channel_moves_the_way_its_name_says(speaking: np.ndarray) -> None:
    channels = dict(zip(ARTICULATION, articulation(speaking).T, strict=True))
    assert np.corrcoef(channels["open"], channels["jaw"])[0, 1] > 0.7
    assert np.corrcoef(channels["open"], channels["lower"])[0, 1] > 0.9
    assert np.corrcoef(channels["width"], channels["pucker"])[0, 1] < -0.5
    np.testing.assert_allclose(channels["open"], channels["upper"] + channels["lower"], atol=1e-5)


def test_a_wider_mouth_is_wider() -> None:
    face = np.random.default_rng(5).normal(0, 100, (1, 478, 3))
    wider = face.copy()
    wider[0, 61] += (wider[0, 61] - wider[0, 291]) * 0.1
    assert articulation(wider)[0, WIDTH] == pytest.approx(articulation(face)[0, WIDTH] * 1.1, rel=1e-5)
