# SPDX-License-Identifier: Apache-2.0
"""Sets of drawn mouths that animators' files name: Rhubarb's letters and Preston Blair's, for every sound.

Rhubarb: A lips shut, B teeth together, C open, D wide open, E rounded and open, F puckered, G teeth on lip, H tongue
up, X rest. Six are basic; G, H and X are extras, and a set without them shows A, C and A.   Source: Rhubarb's README.
Preston Blair: rest, MBP, FV, L, WQ, U, O, E, AI, etc, as Moho, OpenToonz and Papagayo call them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.core.phones import PHONES, Visemes

_TABLE = """
sil X rest    p A MBP    b A MBP    m A MBP    f G FV    v G FV    β G FV
t B etc    d B etc    θ B etc    ð B etc    s B etc    z B etc    ʃ B etc    ʒ B etc
ts B etc    tʃ B etc    dʒ B etc    k B etc    g B etc    x B etc    h C etc    n B etc    ɲ B etc    ŋ B etc
l H L    ʎ H L    r B etc    ɹ E etc    ʁ B etc    j B E    w F WQ    ɥ F WQ
i B E    ɪ B E    ɨ B E    y F U    e C E    ɛ C E    ø E O    ə C E    ɯ B E    ɚ E E
a D AI    æ C AI    ɑ D AI    ɔ E O    o E O    u F U    ʊ F U
"""
_WORDS = _TABLE.split()
RHUBARB = ("X", "A", "B", "C", "D", "E", "F", "G", "H")
PRESTON_BLAIR = ("rest", "MBP", "FV", "L", "WQ", "U", "O", "E", "AI", "etc")
BASIC = {"G": "A", "H": "C", "X": "A"}
"""What Rhubarb's extra mouths become where only the six basic ones are drawn."""


@dataclass(frozen=True)
class MouthLetters:
    """names: the mouths, rest first. column: of each phone in the table above."""

    names: tuple[str, ...]
    column: int

    def visemes(self) -> Visemes:
        """Which mouth each of core.phones.PHONES shows."""
        return Visemes(self.names, np.array([self.names.index(_row(phone)[self.column]) for phone in PHONES]))

    def phones(self) -> np.ndarray:
        """[mouths, P] float32: which sounds a mouth may stand for, each row summing to 1."""
        belongs = np.eye(len(self.names), dtype=np.float32)[self.visemes().of_phone].T
        return belongs / belongs.sum(axis=1, keepdims=True)


SETS = {"rhubarb": MouthLetters(RHUBARB, 1), "preston_blair": MouthLetters(PRESTON_BLAIR, 2)}


def set_of(shapes: set[str]) -> tuple[str, dict[str, str]]:
    """The set that mouths of a file belong to, and how each is spelt there: OpenToonz and Papagayo differ in case.

    Raises: UsageError where no set holds them all.
    """
    for name, mouths in SETS.items():
        spelt = {known.lower(): known for known in mouths.names}
        if all(shape.lower() in spelt for shape in shapes):
            return name, {shape: spelt[shape.lower()] for shape in shapes}
    known = "; ".join(f"{name}: {' '.join(mouths.names)}" for name, mouths in SETS.items())
    raise UsageError(f"cues: no set of mouths holds {', '.join(sorted(shapes))}; there are {known}")


def _row(phone: str) -> list[str]:
    at = _WORDS[::3].index(phone) * 3
    return _WORDS[at : at + 3]
