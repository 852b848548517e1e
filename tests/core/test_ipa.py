# SPDX-License-Identifier: Apache-2.0
"""IPA as the one inventory."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.ipa import ipa


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
