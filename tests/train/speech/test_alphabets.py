# SPDX-License-Identifier: Apache-2.0
"""Every tool's sounds as one inventory."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.phones import PHONES
from ofx_lipsync.train.speech.alphabets import ARPABET, CATALAN, CZECH, FINNISH, ITALIAN, RUSSIAN, ZHUYIN, sound


@pytest.mark.parametrize("alphabet", [ARPABET, RUSSIAN, CZECH, ITALIAN, FINNISH, CATALAN, ZHUYIN])
def test_every_name_is_of_the_inventory(alphabet) -> None:  # type: ignore[no-untyped-def]
    for parts in alphabet.values():
        assert all(phone in PHONES for phone, _ in parts)
        assert sum(share for _, share in parts) == pytest.approx(1)


def test_marks_of_length_and_stress_are_dropped() -> None:
    assert sound(FINNISH, "a:") == (("ɑ", 1.0),)
    assert sound(CATALAN, "e1") == (("e", 1.0),)
    assert sound(ARPABET, "ay1") == (("a", 0.55), ("ɪ", 0.45))
    assert sound(RUSSIAN, "nonsense") is None
