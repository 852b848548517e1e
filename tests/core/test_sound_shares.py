# SPDX-License-Identifier: Apache-2.0
"""Shares of sounds: whole, for every language that is checked, and each fits itself best."""

from __future__ import annotations

import pytest

from ofx_lipsync.core import inventories
from ofx_lipsync.core.phones import PHONES
from ofx_lipsync.core.sound_shares import likeliest, shares


def test_every_language_that_is_checked_has_its_shares() -> None:
    assert set(shares()) == set(inventories._TABLE)
    for share in shares().values():
        assert share.sum() == pytest.approx(1)
        assert share[0] == 0
        assert share[1:].min() > 0.001


def test_each_fits_itself_best_and_others_worse() -> None:
    for language, share in shares().items():
        assert likeliest(share, language) == (language, 0)
    best, nats = likeliest(shares()["it"], "en")
    assert best == "it"
    assert nats > 0.5
    assert shares()["en"][PHONES.index("ɹ")] > 0.02 > shares()["ru"][PHONES.index("ɹ")]
