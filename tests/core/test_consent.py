# SPDX-License-Identifier: Apache-2.0
"""Consent: what is enough, and what is said where it is not."""

from __future__ import annotations

import datetime

import pytest

from ofx_lipsync.core.consent import Consent, require
from ofx_lipsync.core.errors import ConsentError, UsageError

TODAY = datetime.date(2026, 11, 27)
AGREED = Consent("Anna Lang", "AB-2026-014", "dubbing", ("fr", "de"), "cleared", "2027-01-31")


def test_what_was_agreed_to_passes() -> None:
    require(AGREED, "fr", TODAY)
    require(AGREED, "fr-CA", TODAY)
    require(AGREED, "de", AGREED.last_day())
    require(Consent(agreement="A", status="cleared"), "", TODAY)


@pytest.mark.parametrize(
    ("consent", "language", "said"),
    [
        (None, "fr", "there is none"),
        (Consent(performer="Anna Lang", status="cleared"), "fr", "there is none"),
        (Consent(agreement="A"), "fr", "is pending"),
        (Consent(agreement="A", status="refused"), "fr", "is refused"),
        (Consent(agreement="A", status="cleared", expires="2026-11-26"), "fr", "ended on 2026-11-26"),
        (AGREED, "it", "is for fr, de, and the line is in it"),
        (AGREED, "", "language is not said"),
        (Consent(agreement="A", status="cleared", languages=("fr-CA",)), "fr", "is for fr-CA"),
    ],
)
def test_what_is_not_enough_is_an_error_of_its_own(consent: Consent | None, language: str, said: str) -> None:
    with pytest.raises(ConsentError, match=said) as refused:
        require(consent, language, TODAY)
    assert refused.value.exit_code == 6


def test_a_block_is_read_from_words_and_from_tables() -> None:
    words = ["AB-2026-014", "performer=Anna Lang", "languages=fr, de", "status=cleared", "expires=2027-01-31"]
    block = {**AGREED.as_dict(), "expires": datetime.date(2027, 1, 31)}
    assert Consent.parse([*words, "scope=dubbing"]) == Consent.of(block) == AGREED
    assert Consent.parse([]) is None


@pytest.mark.parametrize("word", ["status=maybe", "expires=soon", "salary=1"])
def test_a_word_that_means_nothing_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="consent"):
        Consent.parse([word])
