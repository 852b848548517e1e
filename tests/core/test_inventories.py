# SPDX-License-Identifier: Apache-2.0
"""Sounds of languages: real ones of this project's set, and none foreign that is its own."""

from __future__ import annotations

from ofx_lipsync.core import inventories
from ofx_lipsync.core.phones import PHONES


def test_every_sound_named_is_a_sound_known() -> None:
    for language, sounds in inventories._TABLE.items():
        assert set(sounds.split()) <= set(PHONES[1:]), language


def test_what_is_foreign() -> None:
    english, russian = inventories.foreign("en-gb"), inventories.foreign("RU")
    assert english is not None
    assert russian is not None
    assert {p for p, f in zip(PHONES, english, strict=True) if f} >= {"x", "y", "ø", "ʁ"}
    assert {p for p, f in zip(PHONES, russian, strict=True) if f} >= {"θ", "ɹ", "w"}
    assert not english[0]
    assert inventories.foreign("xx") is None
