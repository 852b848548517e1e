# SPDX-License-Identifier: Apache-2.0
"""What lips, jaw and tongue do for each sound, so that a sound never seen with a face still moves a mouth rightly.

Vowels by openness, frontness and rounding as the IPA chart places them, 0..1; consonants by where and how they are
made. Lips show a p like a b, so voicing counts for little.   Source: the IPA chart (2020); Ladefoged & Johnson, A
Course in Phonetics.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ofx_lipsync.core.phones import PHONES, SILENCE

GESTURES = (
    "rest", "closure", "lip_teeth", "tight", "round", "open", "front", "back", "vowel", "coronal", "sibilant",
    "postalveolar", "velar", "lateral", "rhotic", "dental", "glottal", "nasal", "voiceless", "glide",
)  # fmt: skip

_VOWELS = """
i .08 1 0   ɪ .25 .8 0   ɨ .15 .4 0   y .08 .8 1   e .42 .85 0   ɛ .62 .7 0   ø .45 .6 .5   ə .42 .3 0   ɯ .25 -.2 0
ɚ .35 .1 .3   a 1 .3 0   æ .9 .7 0   ɑ 1 -.4 0   ɔ .75 -.6 .45   o .5 -.7 .7   u .12 -.8 1   ʊ .25 -.6 .75
"""
"""Vowel, how open, how far to the front (back is negative), how round."""
_CONSONANTS = {
    "closure": "p b m", "lip_teeth": "f v", "tight": "w ɥ", "coronal": "t d n ts ɲ l ʎ θ ð s z r ɹ",
    "sibilant": "s z ts ʃ ʒ tʃ dʒ", "postalveolar": "ʃ ʒ tʃ dʒ", "velar": "k g x ŋ ʁ", "lateral": "l ʎ",
    "rhotic": "r ɹ ʁ ɚ", "dental": "θ ð", "glottal": "h", "nasal": "m n ɲ ŋ", "voiceless": "p t k f θ s ʃ ts tʃ x h",
    "glide": "j w ɥ", "front": "j",
}  # fmt: skip
_PARTLY = {"β": {"closure": 0.5, "lip_teeth": 0.5}, "h": {"open": 0.4}, "ɹ": {"round": 0.3}, "w": {"back": 0.5}} | {
    phone: {"round": 0.4} for phone in ("ʃ", "ʒ", "tʃ", "dʒ")
}
TIGHTEST = 0.9
"""Vowels rounder than this leave hardly a hole."""


@cache
def gestures() -> np.ndarray:
    """[P, G] float32, read only: a row for each of core.phones.PHONES, a column for each of GESTURES."""
    table = {phone: dict.fromkeys(GESTURES, 0.0) for phone in PHONES}
    table[PHONES[SILENCE]]["rest"] = 1
    words = _VOWELS.split()
    for phone, *numbers in zip(words[::4], words[1::4], words[2::4], words[3::4], strict=True):
        table[phone] |= _vowel(*map(float, numbers))
    for gesture, phones in _CONSONANTS.items():
        for phone in phones.split():
            table[phone][gesture] = 1
    for phone, some in _PARTLY.items():
        table[phone] |= some
    rows = np.array([[table[phone][gesture] for gesture in GESTURES] for phone in PHONES], np.float32)
    rows.setflags(write=False)
    return rows


def _vowel(how_open: float, front: float, how_round: float) -> dict[str, float]:
    tight = how_round if how_round >= TIGHTEST else 0.5 * (how_round >= 0.7)
    return {
        "vowel": 1, "open": how_open, "front": max(front, 0), "back": max(-front, 0),
        "round": how_round if how_round < TIGHTEST else 0.0, "tight": tight,
    }  # fmt: skip
