# SPDX-License-Identifier: Apache-2.0
"""All lessons of the coarticulation network: filmed people and an artist's curves, each heard clean and as recorded
elsewhere, voices without a face given lips by their phones, and sounds of nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ofx_lipsync.core.mouth import ARTICULATION
from ofx_lipsync.core.phones import UNKNOWN
from ofx_lipsync.models.bands import line_heard
from ofx_lipsync.models.coarticulation import Coarticulation
from ofx_lipsync.models.hearing_listener import Hearing
from ofx_lipsync.models.spoken import spoken
from ofx_lipsync.train.coarticulate import given_lips, learn, true_lesson
from ofx_lipsync.train.corpus import Take, believed
from ofx_lipsync.train.lesson import Lesson, in_steps
from ofx_lipsync.train.speech.vary import Variation

GROUPS = ("s1", "people", "artist", "voices", "nobody")
LOUDER_DB = 3.0
"""How far a line's speech level may be taken wrong."""
NOBODY, NOBODY_FRAMES = 60, 600


@dataclass(frozen=True)
class Lessons:
    """groups: lessons by where they come from. people: whose styles are learned, in order."""

    groups: dict[str, list[Lesson]]
    people: tuple[str, ...]


class Ear:
    """The hearing network, on bands of a take as they are or changed."""

    def __init__(self, hearing: Hearing, seed: int, takes: Sequence[Take], music: np.ndarray | None) -> None:
        self.hearing, self.rng = hearing, np.random.default_rng(seed)
        self.crowd = [take.bands for take in takes]
        self.variation = Variation(self.rng, self._talker, music)

    def hears(self, bands: np.ndarray, changed: bool) -> np.ndarray:
        """[T, 48] dB -> [T / 2, inputs] of models/spoken.py."""
        if changed:
            bands = self.variation.changed(bands.astype(np.float32)) + self.rng.uniform(-LOUDER_DB, LOUDER_DB)
        told = self.hearing.line_of(line_heard(bands))
        return spoken(told.phones, told.lips, bands)

    def nobody(self) -> Lesson:
        x = self.hears(self.variation.nobody(NOBODY_FRAMES), changed=False)
        rest, flat = np.zeros((len(x), len(ARTICULATION)), np.float32), np.zeros(len(x), np.float32)
        return Lesson(x, rest, rest + 0.5, flat + 1, flat, -1)

    def _talker(self, frames: int) -> np.ndarray:
        chosen = self.crowd[self.rng.integers(len(self.crowd))]
        start = self.rng.integers(max(1, len(chosen) - frames))
        return np.resize(chosen[start:], (frames, chosen.shape[1])).astype(np.float32)


def group_of(take: Take) -> str:
    if take.person == "s1":
        return "s1"
    return {"facegood": "artist", "voice": "voices"}.get(take.person, "people")


def lessons(takes: Sequence[Take], ear: Ear, versions: int, steps: int = 700) -> Lessons:
    """What may be learned from: nothing held out. versions: how often each filmed take is heard, first of all clean.

    steps: of the network that gives voices their lips."""
    taught = [take for take in takes if not take.held_out]
    filmed = [
        believed(take) if group_of(take) in ("s1", "people") else take for take in taught if take.person != "voice"
    ]
    people = tuple(sorted({take.person for take in filmed}))
    groups: dict[str, list[Lesson]] = {name: [] for name in GROUPS}
    true: dict[str, list[Lesson]] = {}
    for take in filmed:
        who, clean = people.index(take.person), ear.hears(take.bands, changed=False)
        told = [clean] + [ear.hears(take.bands, changed=True) for _ in range(versions - 1)]
        groups[group_of(take)] += [in_steps(take, x, who) for x in told]
        known = (take.phones != UNKNOWN).mean() > 0.9
        true.setdefault(group_of(take), []).append(true_lesson(take, who, None if known else clean))
    voices = [take for take in taught if take.person == "voice"]
    if voices and true:
        mouths = learn(list(true.values()), len(people), steps)
        groups["voices"] = [_voice(ear, mouths, take, number % len(people)) for number, take in enumerate(voices)]
    groups["nobody"] = [ear.nobody() for _ in range(NOBODY)]
    return Lessons({name: members for name, members in groups.items() if members}, people)


def _voice(ear: Ear, mouths: Coarticulation, take: Take, who: int) -> Lesson:
    heard = ear.hears(take.bands, changed=bool(ear.rng.random() < 0.5))
    return in_steps(given_lips(mouths, take, who), heard, who)
