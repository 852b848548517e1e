# SPDX-License-Identifier: Apache-2.0
"""Sets of drawn mouths: every sound has one, and files are told apart by their names."""

from __future__ import annotations

import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.face_curves import Cue, cues_of, labels_of
from ofx_lipsync.core.mouth_letters import BASIC, SETS, set_of
from ofx_lipsync.core.phones import PHONES


@pytest.mark.parametrize(
    ("name", "shut", "teeth", "round"), [("rhubarb", "A", "G", "F"), ("preston_blair", "MBP", "FV", "WQ")]
)
def test_every_sound_shows_a_mouth(name: str, shut: str, teeth: str, round: str) -> None:
    mouths = SETS[name]
    shown = [mouths.names[of] for of in mouths.visemes().of_phone]
    assert len(shown) == len(PHONES)
    assert set(shown) == set(mouths.names)
    assert [shown[PHONES.index(p)] for p in ("sil", "p", "b", "m", "f", "w")] == [
        mouths.names[0],
        *[shut] * 3,
        teeth,
        round,
    ]
    assert mouths.phones().sum(axis=1) == pytest.approx(1)


def test_files_are_told_apart_in_any_case() -> None:
    assert set_of({"A", "X", "g"}) == ("rhubarb", {"A": "A", "X": "X", "g": "G"})
    assert set_of({"ai", "Rest", "E"})[0] == "preston_blair"
    with pytest.raises(UsageError, match="no set of mouths holds A, MBP"):
        set_of({"A", "MBP"})
    assert set(BASIC) == {"G", "H", "X"}


def test_labels_and_cues_are_each_others_inverse() -> None:
    import numpy as np

    names = SETS["rhubarb"].names
    labels = np.array([0, 0, 1, 1, 1, 4, 0])
    cues = cues_of(labels, names, 100, 0.07)
    assert cues == (Cue(0, 0.02, "X"), Cue(0.02, 0.05, "A"), Cue(0.05, 0.06, "D"), Cue(0.06, 0.07, "X"))
    assert labels_of(cues, names, (np.arange(7) + 0.5) / 100).tolist() == labels.tolist()
