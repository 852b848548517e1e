# SPDX-License-Identifier: Apache-2.0
"""How often the ear hears each sound in each language, so that a line in another language than it should be is noticed.

Thousandths of the time that is spoken, measured with the shipped hearing weights on 24 lines of each source of the
speech corpus (models/weights/hearing.md); for de, pt, pl, tr, zh, ja and hi that is espeak-ng alone. Measure again with
new weights.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from ofx_lipsync.core.phones import PHONES

_TABLE = """
en: p27 b15 m32 f21 v15 t65 d26 θ5 ð11 s66 z30 ʃ9 ʒ2 tʃ6 dʒ8 k42 g7 h10 n56 ɲ1 ŋ14 l42 r1 ɹ33 j15 w17 ɥ1 i47 ɪ76 ɨ1
    y1 e28 ɛ33 ø1 ə63 ɚ22 a27 æ25 ɑ26 ɔ19 o21 u22 ʊ10
ru: p34 b25 m45 f23 v46 β1 t65 d25 s60 z15 ʃ39 ʒ22 ts13 tʃ29 k32 g11 x17 h1 n63 ɲ2 ŋ1 l34 ʎ1 r35 ʁ1 j35 w1 ɥ1 i52
    ɪ16 ɨ5 y20 e28 ɛ6 ø1 ə36 ɯ1 a65 æ2 ɑ20 ɔ2 o43 u28 ʊ2
de: p14 b20 m40 f34 v26 β1 t91 d17 θ1 ð1 s32 z12 ʃ22 ʒ1 ts18 tʃ1 k35 g17 x31 h12 n92 ɲ2 ŋ7 l42 ʎ1 r45 ɹ1 ʁ1 j6 w1 ɥ1
    i31 ɪ45 ɨ1 y13 e31 ɛ42 ø7 ə56 ɯ1 ɚ1 a54 æ1 ɑ27 ɔ14 o27 u10 ʊ16
fr: p54 b23 m38 f25 v42 β1 t36 d43 ð1 s67 z19 ʃ7 ʒ12 ts1 dʒ1 k22 g1 h1 n21 ɲ1 ŋ1 l45 ʎ1 r5 ɹ1 ʁ16 j20 w13 ɥ1 i43 ɪ3
    ɨ1 y30 e74 ɛ69 ø24 ə20 ɯ1 a70 æ3 ɑ38 ɔ21 o28 u53 ʊ2
es: p26 b5 m51 f9 v2 β17 t33 d6 θ2 ð16 s81 z1 ts1 tʃ10 dʒ1 k32 g3 x10 n53 ɲ2 ŋ1 l35 ʎ4 r50 ʁ1 j26 w19 ɥ1 i39 ɪ2 y1
    e127 ɛ8 ø1 ɯ1 a169 æ1 ɔ2 o121 u27 ʊ2
it: p38 b9 m32 f14 v12 β1 t66 d27 ð1 s47 z8 ʃ5 ʒ1 ts14 tʃ17 dʒ9 k45 g7 n61 ɲ3 ŋ2 l32 ʎ4 r60 ʁ1 j12 w7 ɥ1 i67 ɪ6 ɨ1
    y1 e95 ɛ26 ø1 ɯ2 a117 æ1 ɑ1 ɔ20 o94 u25 ʊ9
pt: p40 b25 m41 f40 v21 β1 t27 d1 ð1 s16 z4 ʃ27 ʒ6 k19 g1 h1 n15 ɲ24 ŋ44 l16 ʎ1 r59 ʁ1 j16 w37 ɥ1 i93 ɪ13 ɨ1 y14 e16
    ɛ28 ø1 ə28 ɯ1 a125 æ31 ɑ1 ɔ20 o64 u27 ʊ53
ca: p63 b23 m61 f28 v9 β4 t38 d10 ð6 s61 z1 ʃ7 ʒ17 ts1 tʃ1 dʒ1 k52 g9 h1 n44 ɲ4 ŋ1 l34 ʎ4 r33 ɹ1 ʁ1 j6 w12 ɥ1 i52 ɪ2
    ɨ1 y1 e13 ɛ44 ø1 ə149 a69 æ2 ɑ2 ɔ30 o52 u37 ʊ13
cs: p32 b16 m29 f5 v31 β1 t51 d28 θ1 ð1 s47 z12 ʃ14 ʒ9 ts22 tʃ20 dʒ1 k46 g5 x15 h10 n42 ɲ23 ŋ4 l33 ʎ1 r33 ʁ1 j18 w1
    ɥ1 i52 ɪ70 ɨ1 y1 e46 ɛ66 ø1 ə1 ɯ1 a81 æ1 ɑ1 ɔ3 o83 u39 ʊ3
pl: p88 b22 m24 f1 v27 t7 d19 s22 z17 ʃ44 ʒ1 tʃ40 dʒ14 k75 g7 n30 ɲ20 ŋ13 l7 ʎ1 r32 ɹ1 ʁ1 j43 w23 ɥ1 i18 ɪ4 ɨ46 y3
    e4 ɛ136 ø2 ə1 a61 æ1 ɑ3 ɔ119 o3 u16 ʊ1
fi: p73 m34 v28 β1 t68 d9 s43 ts1 k60 x1 h33 n40 ɲ1 ŋ4 l54 r16 ʁ1 j15 w1 ɥ1 i75 ɪ17 y30 e92 ɛ2 ø12 ə35 ɯ1 a55 æ37
    ɑ47 ɔ1 o48 u64 ʊ1
tr: p17 b64 m56 v6 t18 d11 s30 z4 ʃ24 ʒ1 tʃ26 dʒ4 k66 g5 h9 n67 ŋ1 l13 r55 ʁ1 j24 w1 i41 ɪ81 ɨ1 y33 e32 ɛ85 ø45 ə1
    a87 æ24 ɑ1 ɔ10 o1 u1 ʊ53
zh: p28 b1 m45 f21 v1 β1 t19 d1 s21 ʃ22 ʒ1 ts31 tʃ19 dʒ1 k3 g1 x28 h23 n84 ɲ3 ŋ44 l11 ʎ1 r2 ʁ1 j32 w24 ɥ1 i164 ɪ5 ɨ1
    y14 e24 ɛ21 ø2 ə36 ɯ1 a68 æ3 ɑ64 ɔ1 o54 u71 ʊ3
ja: p8 b8 m63 f1 v1 β15 t47 d10 ð1 s34 ʃ31 ts7 tʃ16 dʒ5 k56 g5 x1 h15 n56 ɲ1 ŋ2 l1 ʎ1 r23 ʁ1 j30 w10 ɥ1 i102 ɪ3 y1
    e59 ɛ1 ɯ141 a131 æ1 ɑ1 ɔ1 o86 u23 ʊ2
hi: p17 b34 m65 f10 v1 β1 t32 d15 θ1 ð1 s13 z8 ʃ15 ʒ1 ts1 tʃ1 dʒ4 k70 g16 x2 h50 n28 ɲ1 ŋ1 l16 ʎ1 r38 ɹ6 ʁ1 j1 w1 ɥ1
    i55 ɪ17 ɨ1 y1 e85 ɛ18 ø2 ə221 ɯ1 ɚ1 a82 æ2 ɑ2 ɔ14 o31 u5 ʊ12
"""
LEAST = 0.002
"""Every sound may be heard in every language: a name, a cry, a mishearing."""


@lru_cache(maxsize=1)
def shares() -> dict[str, np.ndarray]:
    """Language -> [P] float64, summing to 1 over all sounds but silence."""
    found = {}
    for language, text in re.findall(r"^(\w\w): ((?:.+\n(?:    )?)+?)(?=^\w\w: |\Z)", _TABLE.lstrip(), re.MULTILINE):
        share = np.full(len(PHONES), LEAST)
        for sound, thousandths in re.findall(r"(\D+?)(\d+)(?:\s|$)", text):
            share[PHONES.index(sound.strip())] += int(thousandths) / 1000
        share[0] = 0
        found[language] = share / share.sum()
    return found


def likeliest(mean: np.ndarray, language: str) -> tuple[str, float]:
    """Which language the sounds of a line fit best, and by how many nats a sound better than `language`'s.

    mean: [P], how often each sound was heard. Raises: KeyError for a language that is not in the table.
    """
    spoken = mean / max(float(mean[1:].sum()), 1e-9)
    fits = {name: float((spoken[1:] * np.log(share[1:])).sum()) for name, share in shares().items()}
    best = max(fits, key=lambda name: fits[name])
    return best, fits[best] - fits[language]
