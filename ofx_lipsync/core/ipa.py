# SPDX-License-Identifier: Apache-2.0
"""IPA text as the one inventory of core.phones.

A sound is a tuple of (phone, share of its time): glides take two mouths, of which the first lasts a little longer.
"""

from __future__ import annotations

import unicodedata

from ofx_lipsync.core.phones import PHONES, VOWELS

Sound = tuple[tuple[str, float], ...]
GLIDE = (0.55, 0.45)


def alphabet(text: str) -> dict[str, Sound]:
    """`name=phone` or `name=phone+phone` words."""
    pairs = (word.split("=") for word in text.split())
    return {name: _shared(phones.split("+")) for name, phones in pairs}


def _shared(phones: list[str]) -> Sound:
    shares = GLIDE if len(phones) == 2 else (1 / len(phones),) * len(phones)
    return tuple(zip(phones, shares, strict=True))


_IPA = alphabet("""
oʊ=o əʊ=o eɪ=e tɕ=tʃ dʑ=dʒ tʂ=tʃ dʐ=dʒ ʈʂ=tʃ ɖʐ=dʒ tʃ=tʃ dʒ=dʒ ts=ts dz=ts pf=p+f
ɓ=b ʙ=b ɱ=v ʋ=v ɸ=β ʍ=w ʈ=t ɖ=d ɾ=r ɽ=r ɻ=ɹ ʀ=ʁ c=k ɟ=g ɡ=g ɣ=g q=k ɢ=g χ=x ħ=h ɦ=h ʕ=h ɕ=ʃ ʂ=ʃ ʑ=ʒ ʐ=ʒ ɬ=l ɮ=l
ɫ=l ɭ=l ɳ=n ɴ=n ɰ=g ʏ=y ʉ=u œ=ø ɵ=ø ɶ=a ɘ=ə ɜ=ə ʌ=ə ɐ=ə ɤ=ɯ ɒ=ɔ ɝ=ɚ ᵻ=ɪ ʲ= ʔ=
""") | {name: ((name, 1.0),) for name in PHONES if name != "sil"}


def ipa(text: str) -> Sound | None:
    """What an IPA string says: longest known letters first, diacritics dropped.

    >>> ipa("aɪ")   # (("a", 0.55), ("ɪ", 0.45))
    None for one that holds no letter known here; () for a glottal stop, which keeps the mouth before it.
    """
    # ç is a letter of its own and would fall apart into c and a mark
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFC", text).replace("ç", "x"))
    bare = "".join(c for c in apart if unicodedata.category(c) in ("Ll", "Lo"))
    phones: list[str] = []
    known, at = False, 0
    while at < len(bare):
        letters = next((n for n in (2, 1) if bare[at : at + n] in _IPA), 0)
        if letters:
            known = True
            phones += [phone for phone, _ in _IPA[bare[at : at + letters]] if phone]
        at += letters or 1
    if not known:
        return None
    return _shared(_without_repeats(phones)) if phones else ()


def _without_repeats(phones: list[str]) -> list[str]:
    kept = [phone for i, phone in enumerate(phones) if i == 0 or phone != phones[i - 1]]
    # a rhotic after a vowel colours it (ɑːɹ); two sounds of it are enough
    return kept[:2] if len(kept) > 2 and kept[0] in VOWELS else kept
