# SPDX-License-Identifier: Apache-2.0
"""The inventory and its mouths."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.core.phones import (
    ADOBE,
    CLOSURE,
    LIP_TEETH,
    OVR,
    PHONES,
    ROUNDED,
    UNKNOWN,
    VOWELS,
    adobe,
    index,
    members,
    ovr,
)  # fmt: skip


def test_the_inventory_has_each_sound_once() -> None:
    assert len(set(PHONES)) == len(PHONES) == 50
    assert PHONES[0] == "sil"
    assert set(PHONES) >= VOWELS | CLOSURE | LIP_TEETH | ROUNDED


@pytest.mark.parametrize(("group", "adobe_mouth", "ovr_mouth"), [(CLOSURE, "M", "PP"), (ROUNDED, "W-Oo", "ou")])
def test_lips_and_mouths_agree(group: frozenset[str], adobe_mouth: str, ovr_mouth: str) -> None:
    """What shuts or rounds the lips has a mouth of its own in both sets, which nothing else has."""
    for visemes, names, mouth in ((adobe(), ADOBE, adobe_mouth), (ovr(), OVR, ovr_mouth)):
        assert np.array_equal(visemes.of_phone == names.index(mouth), members(group))


def test_every_mouth_is_shown_by_some_sound() -> None:
    assert set(adobe().of_phone) == set(range(12))
    assert set(ovr().of_phone) == set(range(15))


def test_posteriors_add_up() -> None:
    phones = np.zeros((2, 50), np.float32)
    phones[0, index("p")], phones[0, index("b")], phones[1, index("u")] = 0.25, 0.75, 1
    likely = adobe().posteriors(phones)
    assert likely[0, ADOBE.index("M")] == 1
    assert likely[1, ADOBE.index("W-Oo")] == 1
    np.testing.assert_allclose(likely.sum(axis=1), 1)


def test_labels_keep_what_is_not_known() -> None:
    found = adobe().labels(np.array([index("m"), UNKNOWN, index("sil")], np.int8))
    assert found.tolist() == [ADOBE.index("M"), UNKNOWN, 0]
