# SPDX-License-Identifier: Apache-2.0
"""What each speech tool calls its sounds, as the one inventory of core.phones.

A sound is a tuple of (phone, share of its time): glides take two mouths, of which the first lasts a little longer.
Source: the tools' own phone sets (flite and festival's radio, festvox-ru's msu_ru, the Czech, Italian, Finnish and
Catalan voices), espeak-ng's IPA.
"""

from __future__ import annotations

import unicodedata
from typing import Mapping

from ofx_lipsync.core.phones import PHONES, VOWELS

Sound = tuple[tuple[str, float], ...]
GLIDE = (0.55, 0.45)


def _alphabet(text: str) -> dict[str, Sound]:
    """`name=phone` or `name=phone+phone` words."""
    pairs = (word.split("=") for word in text.split())
    return {name: _shared(phones.split("+")) for name, phones in pairs}


def _shared(phones: list[str]) -> Sound:
    shares = GLIDE if len(phones) == 2 else (1 / len(phones),) * len(phones)
    return tuple(zip(phones, shares, strict=True))


ARPABET = _alphabet("""
sil=sil pau=sil h#=sil epi=sil brth=sil ssil=sil aa=ɑ ae=æ ah=ə ao=ɔ aw=a+ʊ ax=ə ax-h=ə axr=ɚ ay=a+ɪ b=b ch=tʃ d=d
dh=ð dx=d eh=ɛ el=l em=m en=n er=ɚ ey=e f=f g=g hh=h hv=h ih=ɪ iy=i jh=dʒ k=k l=l m=m n=n nx=n ng=ŋ ow=o oy=ɔ+ɪ
p=p r=ɹ s=s sh=ʃ t=t th=θ uh=ʊ uw=u ux=u v=v w=w y=j z=z zh=ʒ
""")
"""English of flite, festival, pocketsphinx and speechocean, in small letters."""

RUSSIAN = _alphabet("""
pau=sil a=a aa=a ay=ə ae=e e=ɛ ee=e i=i ii=i y=ɨ yy=ɨ j=j o=o oo=o u=u uu=u ur=u b=b bb=b v=v vv=v g=g gg=g d=d dd=d
zh=ʒ z=z zz=z k=k kk=k l=l ll=l m=m mm=m n=n nn=n p=p pp=p r=r rr=r s=s ss=s t=t tt=t f=f ff=f h=x hh=x c=ts ch=tʃ
sh=ʃ sch=ʃ
""")
"""festvox-ru: doubled consonants are palatalised, doubled vowels stressed."""

CZECH = _alphabet("""
#=sil _=sil a=a b=b c=ts c~=tʃ ch=x d=d d~=d dz=ts dz~=dʒ e=ɛ f=f g=g h=h i=ɪ j=j k=k l=l m=m n=n n*=ŋ n~=ɲ o=o p=p
r=r r~=ʒ r~*=ʃ s=s s~=ʃ t=t t~=t u=u v=v z=z z~=ʒ
""")
ITALIAN = _alphabet("""
#=sil i=i e=e E=ɛ a=a o=o O=ɔ u=u j=j w=w p=p t=t k=k b=b d=d g=g f=f s=s S=ʃ v=v z=z Z=ʒ ts=ts tS=tʃ dz=ts dZ=dʒ m=m
n=n J=ɲ ng=ŋ nf=n l=l L=ʎ r=r
""")
FINNISH = _alphabet("""
#=sil ##=sil a=ɑ e=e i=i o=o u=u y=y @=ə 7=ø &=æ p=p t=t k=k b=b d=d g=g f=f T=θ D=ð s=s S=ʃ z=z Z=ʒ h=h v=v m=m n=n
N=ŋ l=l L=l r=r j=j w=w
""")
CATALAN = _alphabet("""
#=sil _=sil pau=sil ax=ə a=a e=e E=ɛ i=i o=o O=ɔ u=u b=b d=d f=f g=g j=j J=ɲ k=k l=l L=ʎ m=m n=n p=p r=r rr=r s=s S=ʃ
t=t w=w z=z Z=ʒ
""")


def sound(alphabet: Mapping[str, Sound], name: str) -> Sound | None:
    """The sound of a tool's name, with length and stress marks dropped; None for one that is not known."""
    return alphabet.get(name) or alphabet.get(name.rstrip("0123456789:")) or None


_IPA = _alphabet("""
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
