# SPDX-License-Identifier: Apache-2.0
"""What animators call mouths, and which drawing stands in for one that was not drawn.

Families: Adobe Character Animator's twelve, Preston Blair's ten (Papagayo's and OpenToonz' too), Rhubarb's A-H and X,
Oculus' fifteen (OVR). Case, blanks, underscores, dashes and a beginning that all names share do not count. Which of a
family's drawings shows which sound follows what its own tools do, as far as they say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping, Sequence

from ofx_lipsync.core.phones import ADOBE, OVR

PARTS = {
    "head": ("head", "face", "background"),
    "eyes_open": ("eyesopen", "eyes", "open eyes"),
    "eyes_half": ("eyeshalf", "halfblink"),
    "eyes_closed": ("eyesclosed", "blink", "closedeyes"),
    "brows": ("brows", "eyebrows"),
    "front": ("front", "foreground"),
}
"""What may be drawn besides mouths, from back to front; the mouth lies between the brows and the front."""


@dataclass(frozen=True)
class Family:
    """drawn: mouth of `alphabet` -> names of the drawings that may show it, the best first."""

    name: str
    alphabet: tuple[str, ...]
    drawn: Mapping[str, tuple[str, ...]]

    @property
    def aliases(self) -> frozenset[str]:
        return frozenset(alias for aliases in self.drawn.values() for alias in aliases)


def plain(name: str) -> str:
    """A name as it is compared: `W-Oo`, `w_oo` and `woo` are one."""
    return re.sub(r"[\s_.\-]+", "", name).lower()


def _family(name: str, alphabet: tuple[str, ...], text: str) -> Family:
    rows = (row.split(":") for row in text.split(","))
    drawn = {mouth.strip(): tuple(plain(alias) for alias in names.split()) for mouth, names in rows}
    return Family(name, alphabet, drawn)


FAMILIES = (
    _family("Character Animator", ADOBE, "Neutral: neutral rest closed, Aa: aa ah, D: d, Ee: ee, F: f, L: l, M: m, "
            "Oh: oh, R: r, S: s, Uh: uh, W-Oo: w-oo"),
    _family("Preston Blair", ADOBE, "Neutral: rest x, Aa: ai a, D: etc cdgknrsthyz, Ee: e, F: fv, L: l, M: mbp, Oh: o, "
            "R: etc, S: etc, Uh: ai, W-Oo: wq u"),
    _family("Rhubarb", ADOBE, "Neutral: x a, Aa: d, D: b, Ee: c, F: g, L: h, M: a, Oh: e, R: e, S: b, Uh: c, W-Oo: f"),
    _family("OVR", OVR, ", ".join(f"{name}: {name}" for name in OVR)),
)  # fmt: skip
"""The first family that knows most of a set's names is taken."""

_STAND_IN = {
    ADOBE: "Neutral: M, M: Neutral, Aa: Uh Ee Oh, D: S L Ee Uh, Ee: S D Uh Aa, F: S D M, L: D Ee Uh, Oh: W-Oo Uh Aa, "
    "R: W-Oo Oh D, S: D Ee Uh, Uh: D Ee Aa, W-Oo: Oh R Uh",
    OVR: "sil: PP, PP: sil, FF: TH SS PP, TH: DD nn, DD: nn kk SS, kk: DD nn E, CH: SS ou, SS: CH DD, nn: DD kk, "
    "RR: CH ou nn, aa: oh E, E: ih aa, ih: E SS, oh: aa ou, ou: oh RR",
}  # fmt: skip


def family_of(names: Sequence[str]) -> Family | None:
    """The family that knows most of these names, as `plain` gives them; none where no name is known."""
    known = [len(set(names) & family.aliases) for family in FAMILIES]
    return FAMILIES[known.index(max(known))] if max(known) else None


def is_known(name: str) -> bool:
    """Whether a drawing of this name may be a mouth or a part of the head, in any family."""
    parts = {plain(alias) for aliases in PARTS.values() for alias in aliases}
    return plain(name) in parts.union(*(family.aliases for family in FAMILIES))


def named_family(name: str) -> Family | None:
    return next((family for family in FAMILIES if plain(family.name) == plain(name)), None)


def stand_ins(alphabet: tuple[str, ...], mouth: str) -> tuple[str, ...]:
    """Mouths that may be shown for one that is not there, the most like it first; at the end the one at rest."""
    rows = dict(row.split(":") for row in _STAND_IN[alphabet].split(", "))
    return (*rows[mouth].split(), alphabet[0])


def without_shared_beginning(names: Sequence[str]) -> list[str]:
    """`lisa-A lisa-B lisa-X` as `A B X`: a beginning that ends in a separator and that all names share is dropped."""
    first, last = (min(names), max(names)) if len(names) > 2 else ("", "")
    alike = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    cut = re.match(r".*[\s_.\-]", first[:alike])
    return [name[cut.end() :] if cut else name for name in names]
