# SPDX-License-Identifier: Apache-2.0
"""The walk through the library is the cheapest there is, and the costs mean what they say."""

from __future__ import annotations

import dataclasses
from itertools import pairwise, product

import numpy as np
import pytest

from ofx_lipsync.core.plan import PLATE, REEL
from ofx_lipsync.core.steps import Steps
from ofx_lipsync.nodes.mouth import choose
from ofx_lipsync.nodes.mouth.library import Library
from ofx_lipsync.nodes.mouth.points import COUNT


def library(frames: list[int], clips: list[int], spread: float = 0.0) -> Library:
    count = len(frames)
    front = np.random.default_rng(5).normal(0, spread, (count, COUNT, 3)) if spread else np.zeros((count, COUNT, 3))
    return Library(
        np.array(clips, np.int8), np.array(frames, np.int64), front * 100, front, np.zeros((count, 3)), np.ones(count),
        np.zeros(count), np.zeros(count),
    )  # fmt: skip


def test_a_smeared_mouth_is_for_a_head_that_moves_as_fast() -> None:
    known = dataclasses.replace(library([1, 2], [PLATE, PLATE]), travel=np.array([0.0, 0.05]))
    wanted = np.zeros((2, COUNT, 3)), np.zeros((2, 3)), np.ones(2)
    fit = choose.fit_cost(known, *wanted, np.array([0.0, 0.05]))
    assert fit[0, 1] > fit[0, 0] + 3, "a still head wants a sharp mouth"
    assert fit[1, 1] == fit[1, 0], "a fast one takes either: blur can be added"


@pytest.mark.parametrize("seed", range(6))
def test_no_walk_is_cheaper(seed) -> None:
    rng = np.random.default_rng(seed)
    fit, step = rng.random((5, 4)), rng.random((4, 4)) * 2
    starts = np.array([True, False, seed % 2 == 0, False, False])

    def cost(walk) -> float:
        steps = sum(step[a, b] for n, (a, b) in enumerate(pairwise(walk), 1) if not starts[n])
        return sum(fit[n, k] for n, k in enumerate(walk)) + steps

    found = choose.cheapest_walk(fit, step, starts)
    assert cost(found) == pytest.approx(min(cost(walk) for walk in product(range(4), repeat=5)))


def test_following_is_free_and_jumping_is_not() -> None:
    step = choose.step_cost(library([1, 2, 3, 9, 2], [PLATE] * 4 + [REEL]))
    assert step[0, 1] == 0
    assert 0 < step[0, 2] < step[0, 3]
    assert 0 < step[1, 0] < step[0, 3]
    assert step[0, 4] >= choose.JUMP, "the next number of another clip does not follow"


def test_a_jump_to_a_twin_costs_less_than_one_to_a_stranger() -> None:
    lib = library([1, 2, 30, 60], [PLATE] * 4, spread=0.02)
    lib.front[2] = lib.front[1]
    step = choose.step_cost(lib)
    assert step[0, 2] == pytest.approx(choose.JUMP, abs=1e-4)
    assert step[0, 3] > step[0, 2] + 1


def test_a_shot_keeps_away_from_itself_but_not_from_the_reel() -> None:
    lib = library([1, 2, 3, 2], [PLATE, PLATE, PLATE, REEL])
    away = choose.keep_away(lib, np.array([2]), within=1.5)
    assert np.all(away[0, :3] == choose.NEVER)
    assert away[0, 3] == 0


def test_jumps_are_seen_and_starts_are_none() -> None:
    lib = library([1, 2, 3, 9], [PLATE] * 4)
    walk, starts = np.array([0, 1, 3, 2, 0]), np.array([True, False, False, True, False])
    assert choose.jumps(lib, walk, starts).tolist() == [False, False, True, False, True]


def test_a_long_walk_can_be_stopped_and_is_the_same_when_it_is_not() -> None:
    dice = np.random.default_rng(0)
    fit, step = dice.random((1000, 20), np.float32), dice.random((20, 20), np.float32)
    starts, told = np.arange(1000) == 0, []
    watched = choose.cheapest_walk(fit, step, starts, Steps(told.append))
    assert np.array_equal(watched, choose.cheapest_walk(fit, step, starts))
    assert told == sorted(told)
    assert len(told) == 15

    def enough(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        choose.cheapest_walk(fit, step, starts, Steps(enough))
