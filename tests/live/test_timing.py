# SPDX-License-Identifier: Apache-2.0
"""Live timing: no mouth flickers, no closure is lost, no change waits for long."""

from __future__ import annotations

from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.live.timing import Holds, LiveTiming

SHUT = (4, 6)
HEARD = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 9)), max_size=60)
HOLD = round(Holds.mouth_s * 100)
SHUT_HOLD = round(Holds().shut_s * 100)


def spoken(runs: list[tuple[int, int]]) -> list[int]:
    return [mouth for mouth, count in runs for _ in range(count)]


def shown_for(heard: list[int]) -> list[int]:
    timing = LiveTiming(SHUT)
    return [timing.push(mouth) for mouth in heard]


@given(HEARD)
def test_every_mouth_stays_unless_lips_shut(runs: list[tuple[int, int]]) -> None:
    shown = shown_for(spoken(runs))
    lengths = [(mouth, len(list(group))) for mouth, group in groupby(shown)]
    for (mouth, count), (after, _) in list(pairwise(lengths))[1:]:
        least = SHUT_HOLD if mouth in SHUT else HOLD
        assert count >= least or (after in SHUT and mouth not in SHUT)


@given(HEARD)
def test_every_closure_is_shown_at_once(runs: list[tuple[int, int]]) -> None:
    heard = spoken(runs)
    shown = shown_for(heard)
    for at, mouth in enumerate(heard):
        if mouth in SHUT:
            assert shown[at] in SHUT


@given(HEARD)
def test_what_is_heard_for_long_is_shown_within_the_hold(runs: list[tuple[int, int]]) -> None:
    heard = spoken(runs)
    shown = shown_for(heard)
    longest = max(HOLD, SHUT_HOLD)
    for at in range(longest, len(heard)):
        if len(set(heard[at - longest : at + 1])) == 1:
            assert shown[at] == heard[at]


def test_a_mouth_that_came_and_went_is_not_shown() -> None:
    assert 3 not in shown_for([1] * 10 + [2] * 2 + [3] + [2] * 10)
    assert shown_for([1] * 10 + [2] + [4] + [2] * 10)[11] == 4
