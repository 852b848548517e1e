# SPDX-License-Identifier: Apache-2.0
"""Timing that an animator likes, held against whatever may be heard."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ofx_lipsync.core.cues import Cues
from ofx_lipsync.core.phones import ADOBE, adobe
from ofx_lipsync.nodes.drawn.timing import SHORTEST_S, Rules, timed

RULES = Rules.of(adobe())
CLOSED = ADOBE.index("M")
RATES = st.sampled_from([Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)])
LINES = st.lists(st.tuples(st.integers(0, 11), st.integers(1, 25)), max_size=25)


def cues_of(line: list[tuple[int, int]]) -> Cues:
    return Cues.of_labels(np.repeat([m for m, _ in line], [n for _, n in line]).astype(np.int8), ADOBE)


def spoken(text: str) -> Cues:
    """`M80 Aa120`: mouths with milliseconds."""
    words = [
        (word.rstrip("0123456789"), int(word.lstrip("-" + "".join(set(word) - set("0123456789")))))
        for word in text.split()
    ]
    return cues_of([(ADOBE.index(name), ms // 10) for name, ms in words])


def frames(cues: Cues, rate: Fraction = Fraction(24), rules: Rules = RULES, tail: int = 6) -> list[int]:
    count = int(cues.end_s * rate) + tail
    return timed(cues, np.arange(count) / float(rate), rate, rules).tolist()


def names(shown: list[int]) -> str:
    return " ".join(ADOBE[m] for m in shown)


def runs(shown: list[int]) -> list[tuple[int, int, int]]:
    """(mouth, first frame, how many)"""
    found, at = [], 0
    for mouth, group in groupby(shown):
        length = len(list(group))
        found.append((mouth, at, length))
        at += length
    return found


@given(LINES, RATES, st.integers(1, 4))
def test_no_mouth_is_shorter_than_its_hold_but_a_closure(line, rate, hold) -> None:
    shown = frames(cues_of(line), rate, replace(RULES, hold_frames=hold))
    for mouth, _, length in runs(shown)[1:-1]:
        assert length >= hold or mouth == CLOSED


@given(LINES, RATES, st.floats(0, 2))
def test_every_heard_closure_has_its_frame(line, rate, lead) -> None:
    cues, rules = cues_of(line), replace(RULES, lead_frames=lead)
    shown = np.array(frames(cues, rate, rules))
    ahead_s = (np.arange(len(shown)) + lead) / float(rate)
    for start, end, mouth in zip(cues.edges_s, cues.edges_s[1:], cues.mouth, strict=False):
        if mouth == CLOSED and end - start >= SHORTEST_S and end > ahead_s[0]:
            near = (ahead_s + 2 / float(rate) > start) & (ahead_s < end)
            assert (shown[near] == CLOSED).any()


@given(LINES, RATES)
def test_mouths_come_in_the_order_they_are_heard(line, rate) -> None:
    cues = cues_of(line)
    heard = [m for m, _ in groupby([0, *cues.mouth.tolist(), 0])]
    at = 0
    for mouth, _, _ in runs(frames(cues, rate)):
        assert mouth in heard[at:]
        at = heard.index(mouth, at)


def test_one_frame_of_flicker_is_removed() -> None:
    assert names(frames(spoken("Aa200 Ee40 Aa200"), tail=0)).split() == ["Aa"] * 10


def test_a_closure_between_vowels_is_kept_even_in_a_smooth_style() -> None:
    smooth = Rules.of(adobe(), style="smooth")
    for rules in (RULES, smooth):
        assert "M" in names(frames(spoken("Aa200 M40 Aa200"), rules=rules)).split()


def test_a_vowel_between_two_closures_is_seen() -> None:
    shown = [m for m, _, _ in runs(frames(spoken("Neutral200 M80 Aa90 M80 Aa200")))]
    assert names(shown) == "Neutral M Aa M Aa Neutral"


def test_mouths_run_ahead_of_the_sound_by_the_lead() -> None:
    cues = spoken("Neutral500 Oh500")
    first = [frames(cues, rules=replace(RULES, lead_frames=lead)).index(ADOBE.index("Oh")) for lead in (0, 1, 2)]
    assert first == [12, 11, 10]


def test_snap_follows_more_than_smooth() -> None:
    cues = spoken("Aa120 Ee60 D70 Aa60 S60 Uh60 D100 Oh60 R60 Ee100 D90")
    snap, smooth = (len(runs(frames(cues, rules=Rules.of(adobe(), style=style)))) for style in ("snap", "smooth"))
    assert snap > smooth


def test_a_pause_is_shut() -> None:
    assert names(frames(spoken("Aa200 Neutral400 Aa200"))).split()[6:12] == ["Neutral"] * 6
