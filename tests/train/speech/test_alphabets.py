# SPDX-License-Identifier: Apache-2.0
"""Every tool's sounds as one inventory."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.phones import PHONES
from ofx_lipsync.train.speech.alphabets import ARPABET, CATALAN, CZECH, FINNISH, ITALIAN, RUSSIAN, ipa, sound


@pytest.mark.parametrize("alphabet", [ARPABET, RUSSIAN, CZECH, ITALIAN, FINNISH, CATALAN])
def test_every_name_is_of_the_inventory(alphabet) -> None:  # type: ignore[no-untyped-def]
    for parts in alphabet.values():
        assert all(phone in PHONES for phone, _ in parts)
        assert sum(share for _, share in parts) == pytest.approx(1)


def test_marks_of_length_and_stress_are_dropped() -> None:
    assert sound(FINNISH, "a:") == (("ɑ", 1.0),)
    assert sound(CATALAN, "e1") == (("e", 1.0),)
    assert sound(ARPABET, "ay1") == (("a", 0.55), ("ɪ", 0.45))
    assert sound(RUSSIAN, "nonsense") is None


@pytest.mark.parametrize(
    ("text", "phones"),
    [("ˈaɪ", ["a", "ɪ"]), ("tʃ", ["tʃ"]), ("tɕʰ", ["tʃ"]), ("oʊ", ["o"]), ("ɔ̃", ["ɔ"]), ("sʲ", ["s"]), ("kʷ", ["k"]),
     ("iː", ["i"]), ("ʔ", []), ("ɑːɹ", ["ɑ", "ɹ"]), ("ç", ["x"]), ("aɪɚ", ["a", "ɪ"])],
)  # fmt: skip
def test_ipa(text: str, phones: list[str]) -> None:
    parts = ipa(text)
    assert parts is not None
    assert [phone for phone, _ in parts] == phones


def test_what_is_no_sound_is_not_known() -> None:
    assert ipa("(en)") == ipa("en")
    assert ipa("5") is None
    assert ipa("") is None
