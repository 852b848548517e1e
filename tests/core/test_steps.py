# SPDX-License-Identifier: Apache-2.0
"""How far a computation is: shares of a whole, and a way to stop it."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.steps import NO_STEPS, Steps


def test_parts_of_parts_are_shares_of_the_whole() -> None:
    told: list[tuple[int, int]] = []
    steps = Steps.of(lambda done, total: told.append((done, total)), 100)
    steps(0.1)
    inner = steps.part(0.2, 0.6)
    for part in inner.parts(2):
        assert list(part.over("ab", 2)) == ["a", "b"]
    inner.part(0.5, 1)(0.5)
    assert told == [(n, 100) for n in (10, 20, 30, 40, 40, 50, 60, 50)]


def test_whoever_listens_may_stop_it() -> None:
    def enough(done: int, total: int) -> None:
        if done >= 5:
            raise KeyboardInterrupt

    worked = Steps.of(enough, 10).over(range(10), 10)
    assert [next(worked) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(KeyboardInterrupt):
        next(worked)


def test_nobody_need_listen() -> None:
    assert Steps.of(None, 10) is NO_STEPS
    assert list(NO_STEPS.part(0, 1).over([], 0)) == []
