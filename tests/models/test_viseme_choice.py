# SPDX-License-Identifier: Apache-2.0
"""One mouth a frame: closures first, no flicker, the same for any blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ofx_lipsync.core.phones import ADOBE, index, ovr
from ofx_lipsync.models.hearing_listener import Heard
from ofx_lipsync.models.viseme_choice import Rules, VisemeChoice


def frames(*likely: dict[str, float]) -> Heard:
    phones = np.zeros((len(likely), 50), np.float32)
    for row, shares in zip(phones, likely, strict=True):
        for phone, share in shares.items():
            row[index(phone)] = share
    return Heard(phones, np.zeros((len(likely), 3), np.float32))


def names(mouths: np.ndarray) -> list[str]:
    return [ADOBE[mouth] for mouth in mouths]


def test_a_clear_sound_is_shown() -> None:
    assert names(VisemeChoice().push(frames({"a": 0.9}, {"s": 0.8}, {"o": 1.0}))) == ["Aa", "S", "Oh"]


def test_a_slight_lead_does_not_change_the_mouth() -> None:
    wavering = frames({"a": 0.9}, {"a": 0.45, "e": 0.55}, {"a": 0.55, "e": 0.45}, {"e": 0.9})
    assert names(VisemeChoice().push(wavering)) == ["Aa", "Aa", "Aa", "Ee"]
    assert names(VisemeChoice(rules=Rules(stay=1.0)).push(wavering)) == ["Aa", "Ee", "Aa", "Ee"]


def test_what_a_viewer_sees_needs_less() -> None:
    """A p that is nearly as likely as a d is shown; no other sound is favoured so."""
    fair = Rules(favour=(1, 1, 1), stay=1.0, patience=1, doubt=0)
    rules = replace(fair, favour=(1.5, 1.5, 1.5))
    for other, seen, mouth in (("d", "b", "M"), ("s", "f", "F"), ("i", "w", "W-Oo")):
        heard = frames({other: 0.55, seen: 0.45})
        assert names(VisemeChoice(rules=rules).push(heard)) == [mouth]
        assert names(VisemeChoice(rules=fair).push(heard)) != [mouth]
    assert names(VisemeChoice(rules=rules).push(frames({"d": 0.55, "s": 0.45}))) == ["D"]


def test_lips_shut_for_what_is_heard_twice() -> None:
    once = frames({"a": 0.9}, {"p": 0.9}, {"t": 0.9}, {"p": 0.9}, {"p": 0.9}, {"a": 0.9})
    assert names(VisemeChoice().push(once)) == ["Aa", "Aa", "D", "D", "M", "Aa"]


def test_in_doubt_closures_need_less() -> None:
    """After two seconds of an ear that is unsure of everything, a p that is a little less likely than a t is shown."""
    doubtful = frames(*[{"a": 0.4, "e": 0.3, "o": 0.3}] * 200, *[{"t": 0.40, "p": 0.36}] * 3)
    plain = Rules(favour=(1, 1, 1), stay=1.0, doubt=0)
    careful = replace(plain, doubt=5.0)
    assert names(VisemeChoice(rules=plain).push(doubtful))[-1] == "D"
    assert names(VisemeChoice(rules=careful).push(doubtful))[-1] == "M"
    assert names(VisemeChoice(rules=careful).line(doubtful))[-1] == "M"
    sure = frames(*[{"a": 1.0}] * 200, *[{"t": 0.40, "p": 0.36}] * 3)
    assert names(VisemeChoice(rules=careful).push(sure))[-1] == "D"


def test_a_line_has_no_mouth_of_one_frame() -> None:
    heard = frames({"a": 0.9}, {"a": 0.9}, {"e": 0.6, "a": 0.4}, {"a": 0.9}, *[{"m": 0.9}] * 4)
    assert names(VisemeChoice().line(heard)) == ["Aa"] * 4 + ["M"] * 4
    assert names(VisemeChoice(rules=Rules(price=0.0)).line(heard))[2] == "Ee"
    assert len(VisemeChoice().line(frames())) == 0


def test_blocks_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    phones = rng.dirichlet(np.full(50, 0.1), 80).astype(np.float32)
    heard = Heard(phones, rng.random((80, 3), np.float32))
    whole, choice = VisemeChoice().push(heard), VisemeChoice()
    parts = [choice.push(Heard(heard.phones[i : i + 7], heard.lips[i : i + 7])) for i in range(0, 80, 7)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_other_sets_of_mouths() -> None:
    visemes = ovr()
    shown = VisemeChoice(visemes).push(frames({"p": 0.9}, {"p": 0.9}, {"θ": 0.9}, {"ɹ": 0.9}))
    assert [visemes.names[mouth] for mouth in shown] == ["sil", "PP", "TH", "RR"]
