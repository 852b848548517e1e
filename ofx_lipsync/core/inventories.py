# SPDX-License-Identifier: Apache-2.0
"""Which sounds a language has, of core.phones.PHONES, so that a line in another language than it should be is noticed.

What the ear takes for one of them counts as well: a tapped r, a reduced vowel (a Portuguese a may be heard as æ).
Source: the IPA Handbook (1999).
"""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.phones import PHONES, SILENCE

_TABLE = {
    "en": "p b m f v t d θ ð s z ʃ ʒ tʃ dʒ k g h n ŋ l r ɹ j w i ɪ e ɛ ə ɚ a æ ɑ ɔ o u ʊ",
    "ru": "p b m f v t d s z ʃ ʒ ts tʃ k g x n ɲ l r j i ɪ ɨ e ɛ ə a ɑ ɔ o u ʊ",
    "de": "p b m f v t d s z ʃ ʒ ts tʃ k g x h n ŋ l r ʁ j i ɪ y e ɛ ø ə a ɑ ɔ o u ʊ",
    "fr": "p b m f v t d s z ʃ ʒ k g n ɲ ŋ l ʁ j w ɥ i y e ɛ ø ə a ɑ æ ɔ o u ɪ",
    "es": "p b m f v β t d θ ð s z tʃ dʒ k g x n ɲ ŋ l ʎ r j w i e ɛ a ɑ ɔ o u",
    "it": "p b m f v t d s z ʃ ts tʃ dʒ k g n ɲ ŋ l ʎ r j w i e ɛ a ɑ ɔ o u ɪ ʊ",
    "pt": "p b m f v β t d ð s z ʃ ʒ tʃ dʒ k g x h n ɲ ŋ l ʎ r ʁ j w i ɪ e ɛ ə a ɑ ɔ o u ʊ æ",
    "ca": "p b m f v β t d ð s z ʃ ʒ ts tʃ dʒ k g n ɲ ŋ l ʎ r j w i e ɛ ə a ɑ ɔ o u ʊ",
    "cs": "p b m f v t d s z ʃ ʒ ts tʃ dʒ k g x h n ɲ ŋ l r j i ɪ e ɛ a ɑ ɔ o u ʊ",
    "pl": "p b m f v t d s z ʃ ʒ ts tʃ dʒ k g x h n ɲ ŋ l r j w i ɨ ɪ e ɛ a ɑ ɔ o u ʊ",
    "fi": "p b m f v t d s ʃ k g h n ŋ l r j i ɪ y e ɛ ø a æ ɑ ɔ o u ʊ ə",
    "tr": "p b m f v t d s z ʃ ʒ tʃ dʒ k g h n ŋ l r j i ɪ y ɯ ɨ e ɛ ø a ɑ ɔ o u ʊ ə æ",
    "zh": "p b m f t d s z ʃ ʒ ts tʃ dʒ k g x h n ɲ ŋ l r ɹ j w ɥ i ɪ ɨ ɯ y e ɛ ə ɚ a ɑ ɔ o u ʊ",
    "ja": "p b m f t d s z ʃ ʒ ts tʃ dʒ k g h x n ɲ ŋ r l j w i ɪ e ɛ a ɑ ɔ o u ɯ ʊ β",
    "hi": "p b m f v t d s z ʃ tʃ dʒ k g x h n ɲ ŋ l r j w i ɪ e ɛ ə a æ ɑ ɔ o u ʊ ɹ",
}


def base(language: str) -> str:
    """`en` of `en-gb` and `EN_us`."""
    return language.lower().replace("_", "-").split("-")[0]


def foreign(language: str) -> np.ndarray | None:
    """[P] bool: the sounds that a language has not; None for one that is not in the table. `en-gb` is taken as en."""
    names = _TABLE.get(base(language))
    if names is None:
        return None
    outside = np.array([phone not in names.split() for phone in PHONES])
    outside[SILENCE] = False
    return outside
