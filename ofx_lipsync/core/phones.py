# SPDX-License-Identifier: Apache-2.0
"""The sounds that are told apart, in any language, and what lips do for each: visemes, closures, lip-teeth, rounding.

A phone is an IPA base letter: length, stress, tone, nasal and palatal marks are dropped, since lips do not show them.
Adobe's set has twelve mouths (Character Animator), Oculus' fifteen (OVRLipSync); which sounds share a mouth in Adobe's
is this project's choice, since Adobe does not publish it: velars go with D, `h` with Uh, open e with Ee.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_TABLE = """
sil Neutral sil    p M PP    b M PP    m M PP    f F FF    v F FF    β F FF
t D DD    d D DD    θ D TH    ð D TH    s S SS    z S SS    ʃ S CH    ʒ S CH
ts S SS    tʃ S CH    dʒ S CH    k D kk    g D kk    x D kk    h Uh kk    n D nn    ɲ D nn    ŋ D nn
l L nn    ʎ L nn    r R RR    ɹ R RR    ʁ R RR    j Ee ih    w W-Oo ou    ɥ W-Oo ou
i Ee ih    ɪ Ee ih    ɨ Ee ih    y W-Oo ou    e Ee E    ɛ Ee E    ø Oh oh    ə Uh E    ɯ Uh ih    ɚ R RR
a Aa aa    æ Aa aa    ɑ Aa aa    ɔ Oh oh    o Oh oh    u W-Oo ou    ʊ W-Oo ou
"""
_WORDS = _TABLE.split()

PHONES = tuple(_WORDS[0::3])
"""The inventory; 0 is silence."""
ADOBE = ("Neutral", "Aa", "D", "Ee", "F", "L", "M", "Oh", "R", "S", "Uh", "W-Oo")
OVR = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
SILENCE = 0
UNKNOWN = -1
VOWELS = frozenset("iɪɨyeɛøəɯɚaæɑɔouʊ")
LABELS_HZ = 100
"""Labels lie on a 10 ms grid: label t holds for t * 10 ms .. (t + 1) * 10 ms."""

CLOSURE = frozenset(("p", "b", "m"))
LIP_TEETH = frozenset(("f", "v"))
ROUNDED = frozenset(("w", "ɥ", "y", "u", "ʊ"))
"""Tightly rounded; ɔ o ø are rounded too, but open."""
LIPS = (CLOSURE, LIP_TEETH, ROUNDED)


@dataclass(frozen=True)
class Visemes:
    """names: the mouths. of_phone: [P] int, which mouth each phone shows."""

    names: tuple[str, ...]
    of_phone: np.ndarray

    def posteriors(self, phones: np.ndarray) -> np.ndarray:
        """phones: [..., P] posteriors -> [..., V]: what the phones of each mouth add up to."""
        belongs = np.zeros((len(self.of_phone), len(self.names)), phones.dtype)
        belongs[np.arange(len(self.of_phone)), self.of_phone] = 1
        return phones @ belongs

    def labels(self, phones: np.ndarray) -> np.ndarray:
        """phones: [T] labels -> [T] int8 mouths; UNKNOWN stays."""
        return np.where(phones == UNKNOWN, UNKNOWN, self.of_phone[phones]).astype(np.int8)


def adobe() -> Visemes:
    """The twelve of Adobe Character Animator."""
    return Visemes(ADOBE, np.array([ADOBE.index(name) for name in _WORDS[1::3]]))


def ovr() -> Visemes:
    """The fifteen of OVRLipSync, which headsets and game avatars take."""
    return Visemes(OVR, np.array([OVR.index(name) for name in _WORDS[2::3]]))


def index(phone: str) -> int:
    return PHONES.index(phone)


def members(phones: frozenset[str]) -> np.ndarray:
    """[P] bool: which of the inventory they are."""
    return np.array([name in phones for name in PHONES])
