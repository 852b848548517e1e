# SPDX-License-Identifier: Apache-2.0
"""What each speech tool calls its sounds, as the one inventory of core.phones.

Source: the tools' own phone sets (flite and festival's radio, festvox-ru's msu_ru, the Czech, Italian, Finnish and
Catalan voices).
"""

from __future__ import annotations

from typing import Mapping

from ofx_lipsync.core.ipa import Sound, alphabet

ARPABET = alphabet("""
sil=sil pau=sil h#=sil epi=sil brth=sil ssil=sil aa=ɑ ae=æ ah=ə ao=ɔ aw=a+ʊ ax=ə ax-h=ə axr=ɚ ay=a+ɪ b=b ch=tʃ d=d
dh=ð dx=d eh=ɛ el=l em=m en=n er=ɚ ey=e f=f g=g hh=h hv=h ih=ɪ iy=i jh=dʒ k=k l=l m=m n=n nx=n ng=ŋ ow=o oy=ɔ+ɪ
p=p r=ɹ s=s sh=ʃ t=t th=θ uh=ʊ uw=u ux=u v=v w=w y=j z=z zh=ʒ
""")
"""English of flite, festival, pocketsphinx and speechocean, in small letters."""

RUSSIAN = alphabet("""
pau=sil a=a aa=a ay=ə ae=e e=ɛ ee=e i=i ii=i y=ɨ yy=ɨ j=j o=o oo=o u=u uu=u ur=u b=b bb=b v=v vv=v g=g gg=g d=d dd=d
zh=ʒ z=z zz=z k=k kk=k l=l ll=l m=m mm=m n=n nn=n p=p pp=p r=r rr=r s=s ss=s t=t tt=t f=f ff=f h=x hh=x c=ts ch=tʃ
sh=ʃ sch=ʃ
""")
"""festvox-ru: doubled consonants are palatalised, doubled vowels stressed."""

CZECH = alphabet("""
#=sil _=sil a=a b=b c=ts c~=tʃ ch=x d=d d~=d dz=ts dz~=dʒ e=ɛ f=f g=g h=h i=ɪ j=j k=k l=l m=m n=n n*=ŋ n~=ɲ o=o p=p
r=r r~=ʒ r~*=ʃ s=s s~=ʃ t=t t~=t u=u v=v z=z z~=ʒ
""")
ITALIAN = alphabet("""
#=sil i=i e=e E=ɛ a=a o=o O=ɔ u=u j=j w=w p=p t=t k=k b=b d=d g=g f=f s=s S=ʃ v=v z=z Z=ʒ ts=ts tS=tʃ dz=ts dZ=dʒ m=m
n=n J=ɲ ng=ŋ nf=n l=l L=ʎ r=r
""")
FINNISH = alphabet("""
#=sil ##=sil a=ɑ e=e i=i o=o u=u y=y @=ə 7=ø &=æ p=p t=t k=k b=b d=d g=g f=f T=θ D=ð s=s S=ʃ z=z Z=ʒ h=h v=v m=m n=n
N=ŋ l=l L=l r=r j=j w=w
""")
CATALAN = alphabet("""
#=sil _=sil pau=sil ax=ə a=a e=e E=ɛ i=i o=o O=ɔ u=u b=b d=d f=f g=g j=j J=ɲ k=k l=l L=ʎ m=m n=n p=p r=r rr=r s=s S=ʃ
t=t w=w z=z Z=ʒ
""")


def sound(names: Mapping[str, Sound], name: str) -> Sound | None:
    """The sound of a tool's name, with length and stress marks dropped; None for one that is not known."""
    return names.get(name) or names.get(name.rstrip("0123456789:")) or None


ZHUYIN = alphabet("""
ㄅ=b ㄆ=p ㄇ=m ㄈ=f ㄉ=d ㄊ=t ㄋ=n ㄌ=l ㄍ=g ㄎ=k ㄏ=x ㄐ=dʒ ㄑ=tʃ ㄒ=ʃ ㄓ=dʒ ㄔ=tʃ ㄕ=ʃ ㄖ=ʒ ㄗ=ts ㄘ=ts ㄙ=s ㄚ=a ㄛ=o
ㄜ=ɯ ㄝ=ɛ ㄞ=a+ɪ ㄟ=e+ɪ ㄠ=a+ʊ ㄡ=o+ʊ ㄢ=a+n ㄣ=ə+n ㄤ=a+ŋ ㄥ=ə+ŋ ㄦ=ɚ ㄧ=i ㄨ=u ㄩ=y
""")
"""Mandarin as its syllables are spelt on Taiwan; a consonant alone is said with ɯ."""
