# SPDX-License-Identifier: Apache-2.0
"""Calibration: an actor who speaks is learnt, one who is silent or smiles is completed from other people."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.articulate import measure
from ofx_lipsync.core.pose import to_front
from ofx_lipsync.nodes.mouth.actor import CLOSED, learn, people
from ofx_lipsync.nodes.mouth.points import COUNT, INDEX, LOWER_INNER, UPPER_INNER
from ofx_lipsync.nodes.mouth.target import OPEN, front_points


@pytest.fixture(scope="module")
def smiling(portrait) -> np.ndarray:
    return to_front(portrait.faces.landmarks)


@pytest.fixture(scope="module")
def speaking(smiling) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks to the front of somebody who moves twice as far as most, and the channels that moved them."""
    table = people()
    channels = np.abs(np.random.default_rng(2).normal(0, 0.5, (200, 6)))
    channels[:20] = 0
    shut = np.repeat(smiling[:1], len(channels), axis=0).astype(np.float64)
    shut[:, INDEX] = learn(smiling, table).rest + 2 * np.einsum("nc,cpk->npk", channels, table.shape)
    return shut, channels


def test_the_table_of_people_is_whole() -> None:
    table = people()
    assert table.shape.shape == (6, COUNT, 3)
    assert 0.04 < table.reach[OPEN] < 0.12
    lips = table.shape[OPEN][LOWER_INNER[5], 1] - table.shape[OPEN][UPPER_INNER[5], 1]
    assert lips > 0, "to open moves the lips apart"


def test_a_smile_gets_a_closed_rest_and_other_peoples_range(smiling) -> None:
    assert measure(smiling)[0, OPEN] > 0.04
    actor = learn(smiling, people())
    assert not actor.own.any()
    assert actor.closed[OPEN] < CLOSED
    rest = front_points(actor, np.zeros((1, 6)))[0]
    assert np.abs(rest[LOWER_INNER, 1] - rest[UPPER_INNER, 1])[3:8].max() < CLOSED


def test_an_actor_who_speaks_is_learnt(speaking) -> None:
    landmarks, channels = speaking
    actor = learn(landmarks, people())
    assert actor.own[OPEN]
    wide = channels[:, OPEN].argmax()
    known = landmarks[wide][INDEX]
    guess = actor.pose_free(actor.channels(measure(landmarks[wide : wide + 1])))[0]
    assert np.abs(guess - known).max() < 0.2 * np.abs(known - landmarks[0][INDEX]).max()


@pytest.mark.parametrize("wanted", [0.0, 0.3, 1.0, 1.4])
def test_lips_are_as_far_apart_as_asked_whatever_the_other_channels_say(speaking, wanted) -> None:
    actor = learn(speaking[0], people())
    channels = np.array([[wanted, -1.0, 1.0, 0.7, 0.2, 0.5]])
    points = front_points(actor, channels)[0]
    gap = (points[LOWER_INNER, 1] - points[UPPER_INNER, 1])[4:7].mean()
    assert gap == pytest.approx(max(0.0, actor.closed[OPEN] + wanted * actor.reach[OPEN]), abs=1e-6)
