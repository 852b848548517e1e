# SPDX-License-Identifier: Apache-2.0
"""One mouth a frame: closures first, no flicker, the same for any blocks."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.phones import ADOBE, index, ovr
from ofx_lipsync.models.hearing_listener import Heard
from ofx_lipsync.models.viseme_choice import Rules, VisemeChoice


def frames(*likely: dict[str, float], lips: tuple[float, float, float] = (0, 0, 0)) -> Heard:
    phones = np.zeros((len(likely), 50), np.float32)
    for row, shares in zip(phones, likely, strict=True):
        for phone, share in shares.items():
            row[index(phone)] = share
    return Heard(phones, np.tile(np.array(lips, np.float32), (len(likely), 1)))


def names(mouths: np.ndarray) -> list[str]:
    return [ADOBE[mouth] for mouth in mouths]


def test_a_clear_sound_is_shown() -> None:
    assert names(VisemeChoice().push(frames({"a": 0.9}, {"s": 0.8}, {"o": 1.0}))) == ["Aa", "S", "Oh"]


def test_a_slight_lead_does_not_change_the_mouth() -> None:
    wavering = frames({"a": 0.9}, {"a": 0.45, "e": 0.55}, {"a": 0.55, "e": 0.45}, {"e": 0.9})
    assert names(VisemeChoice().push(wavering)) == ["Aa", "Aa", "Aa", "Ee"]
    assert names(VisemeChoice(rules=Rules(stay=1.0)).push(wavering)) == ["Aa", "Ee", "Aa", "Ee"]


def test_sure_lips_win() -> None:
    choice = VisemeChoice()
    assert names(choice.push(frames({"d": 0.8, "b": 0.2}, lips=(0.95, 0.1, 0.1)))) == ["M"]
    assert names(choice.push(frames({"s": 0.8, "f": 0.2}, lips=(0.1, 0.95, 0.1)))) == ["F"]
    assert names(choice.push(frames({"i": 0.8, "w": 0.2}, lips=(0.1, 0.1, 0.95)))) == ["W-Oo"]


def test_blocks_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    phones = rng.dirichlet(np.full(50, 0.1), 80).astype(np.float32)
    heard = Heard(phones, rng.random((80, 3), np.float32))
    whole, choice = VisemeChoice().push(heard), VisemeChoice()
    parts = [choice.push(Heard(heard.phones[i : i + 7], heard.lips[i : i + 7])) for i in range(0, 80, 7)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_other_sets_of_mouths() -> None:
    visemes = ovr()
    shown = VisemeChoice(visemes).push(frames({"p": 0.9}, {"θ": 0.9}, {"ɹ": 0.9}))
    assert [visemes.names[mouth] for mouth in shown] == ["PP", "TH", "RR"]
