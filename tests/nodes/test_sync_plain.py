# SPDX-License-Identifier: Apache-2.0
"""Foretold lips against tracked ones, by hand."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.nodes._sync_plain import plain_map

REACH = 30


def talking(count: int) -> np.ndarray:
    """[count, 6] smooth movement."""
    noise = np.random.default_rng(3).normal(size=(count + 20, 6))
    return np.stack([np.convolve(column, np.hanning(21), "valid") / 3 for column in noise.T], axis=1)


def test_lips_that_move_as_foretold_are_most_alike_there() -> None:
    foretold = talking(300 + 2 * REACH)
    moves = 0.3 * foretold[12 : 12 + 300] + 5  # less far, and another rest
    means = plain_map(moves, np.ones(300), foretold).mean(axis=0)
    assert means.argmax() == 12
    assert means[12] > 0.3 + np.delete(means, range(2, 23)).max()


def test_a_still_face_and_silence_are_like_nothing() -> None:
    foretold = talking(300 + 2 * REACH)
    assert np.abs(plain_map(np.full((300, 6), 2.0), np.ones(300), foretold)).max() < 1e-6
    assert np.abs(plain_map(foretold[:300], np.ones(300), np.zeros_like(foretold))).max() < 1e-6
