# SPDX-License-Identifier: Apache-2.0
"""A rig's table: what it computes, what it refuses, and what a user's own builds on."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face_curves import FaceCurves
from ofx_lipsync.core.rig import SOURCES, rig_of
from ofx_lipsync.export.curves.rigs import NAMES, rig

BASES = {name: rig(name) for name in NAMES}


def sources(**values: list[float]) -> FaceCurves:
    count = len(next(iter(values.values())))
    table = np.zeros((count, len(SOURCES)), np.float32)
    for name, value in values.items():
        table[:, SOURCES.index(name)] = value
    return FaceCurves(Fraction(60), SOURCES, table)


def test_a_row_is_offset_gains_bend_less_times_and_clamp() -> None:
    made = rig_of(
        "[curves]\na = { from = { jaw = 0.5, open = 0.25 }, offset = 0.1, bend = 2 }\n"
        "b = { from = { open = 1 }, less = { shut = 0.5 }, times = 'a', clamp = [-1, 0.3] }\n",
        "t",
    ).curves(sources(jaw=[0, 1, 1], open=[0, 1, -2], shut=[0, 1, 0]))
    np.testing.assert_allclose(made["a"], [0.01, 0.7225, 0.01], atol=1e-6)
    np.testing.assert_allclose(made["b"], [0, 0.3, -0.02], atol=1e-6)


def test_a_users_table_changes_adds_and_renames() -> None:
    mine = rig_of(
        'base = "ovr"\n[names]\nPP = "viseme_PP"\n[curves]\naa = { from = { aa = 0.5 } }\nmine = { offset = 1 }\n',
        "t",
        BASES,
    )
    assert mine.names == ("sil", "viseme_PP", *BASES["ovr"].names[2:], "mine")
    made = mine.curves(sources(aa=[1.0], PP=[0.25]))
    assert (made["viseme_PP"][0], made["aa"][0], made["mine"][0]) == (0.25, 0.5, 1)


def test_a_renamed_curve_is_still_multiplied_with() -> None:
    mine = rig_of('base = "arkit"\n[names]\njawOpen = "jaw_drop"\n', "t", BASES)
    assert mine.rows["mouthClose"].times == "jaw_drop"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("curves = 3", "curves: is 3, expected a table"),
        ("[curves]\na = { from = { jaw = 'x' } }", "curves.a: from.jaw: got 'x', expected a number"),
        ("[curves]\na = { from = { jaw = nan } }", "expected a number"),
        ("[curves]\na = { from = { chin = 1 } }", "there is no source 'chin'; there are open, wide"),
        ("[curves]\na = { form = { jaw = 1 } }", "there is no entry 'form'; there are from, less"),
        ("[curves]\na = { clamp = [1, 0] }", "clamp is [1, 0], expected [lowest, highest]"),
        ("[curves]\na = { bend = 0 }", "bend is 0, expected more than 0"),
        ("[curves]\na = { times = 'b' }\nb = {}", "times is 'b', which is no curve further up"),
        ('base = "maya"\n', "base is 'maya', expected arkit or ovr"),
        ('base = "ovr"\n[names]\nPP = "aa"', "two curves would be called 'aa'"),
        ('base = "ovr"\n[names]\nPQ = "aa"', "names has 'PQ', which is no curve of it"),
        ("", "has no [curves.NAME]"),
        ("a = ", "is not TOML"),
    ],
)
def test_a_wrong_table_says_where(text: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        rig_of(text, "my.toml", BASES)
    assert str(refused.value).startswith("my.toml: ")
    assert told in str(refused.value)


def test_arkit_is_complete_and_in_live_links_order() -> None:
    from ofx_lipsync.export.curves.livelink import COLUMNS

    assert [name[0].upper() + name[1:] for name in rig("arkit").names] == list(COLUMNS[:52])
    assert len(COLUMNS) == 61


def test_lips_that_are_shut_are_shut_whatever_the_jaw_does() -> None:
    made = rig("arkit").curves(sources(shut=[1, 1], PP=[1, 0.9], jaw=[0.2, 1.5], open=[0, 1.2], upper=[0.5, 1]))
    np.testing.assert_allclose(made["mouthClose"], made["jawOpen"], atol=1e-6)
    assert made["mouthPressLeft"].min() > 0.3
    assert max(made[name].max() for name in ("mouthUpperUpLeft", "mouthLowerDownLeft", "mouthFunnel")) < 0.01


def test_every_shipped_rig_stays_in_its_range() -> None:
    rng = np.random.default_rng(5)
    wild = FaceCurves(Fraction(60), SOURCES, rng.normal(0, 3, (50, len(SOURCES))).astype(np.float32))
    for name in NAMES:
        for curve, row in rig(name).rows.items():
            value = rig(name).curves(wild)[curve]
            assert row.low - 1e-6 <= value.min() <= value.max() <= row.high + 1e-6, (name, curve)
