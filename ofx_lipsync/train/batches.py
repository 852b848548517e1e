# SPDX-License-Identifier: Apache-2.0
"""Random crops of takes, augmented, with their labels on the network's clock."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import torch
from torch import Tensor

from ofx_lipsync.core.mouth import ARTICULATION
from ofx_lipsync.train.align import LABELS_HZ
from ofx_lipsync.train.augment import Augmenter
from ofx_lipsync.train.corpus import Take

STEPS_HZ, FEATURES_HZ = 40, 80
CROP_STEPS = 120
"""Three seconds, a GRID sentence."""
NOBODY = 0.05
"""Share of crops in which nobody speaks."""


class Batches:
    """Random crops of random takes; groups by their shares, takes of a group by their length."""

    def __init__(self, takes: Sequence[Take], shares: dict[str, float], size: int, seed: int, strength: float) -> None:
        self.rng = np.random.default_rng(seed)
        groups = {name: [t for t in takes if group_of(t) == name and not t.held_out] for name in shares}
        groups = {name: members for name, members in groups.items() if members}
        self.groups = list(groups.values())
        total = sum(shares[name] for name in groups)
        self.shares = [shares[name] / total for name in groups]
        lengths = [np.array([len(t.phones) for t in members], np.float64) for members in self.groups]
        self.odds = [length / length.sum() for length in lengths]
        self.size = size
        babble = [t.features for t in takes if group_of(t) == "speech"]
        self.augment = Augmenter(self.rng, babble, strength)

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> dict[str, Tensor]:
        rows = [self._row() for _ in range(self.size)]
        return {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}

    def _row(self) -> dict[str, np.ndarray]:
        if self.rng.random() < NOBODY:
            return self.nobody()
        group = self.rng.choice(len(self.groups), p=self.shares)
        take = self.groups[group][self.rng.choice(len(self.groups[group]), p=self.odds[group])]
        speed = self.rng.uniform(0.85, 1.2) if self.rng.random() < 0.5 * self.augment.strength else 1.0
        duration_s, wanted_s = len(take.phones) / LABELS_HZ, CROP_STEPS / STEPS_HZ * speed
        start_s = self.rng.uniform(min(0.0, duration_s - wanted_s), max(0.0, duration_s - wanted_s))
        return self.augmented(take, start_s, speed)

    def nobody(self) -> dict[str, np.ndarray]:
        """A crop without speech: lips at rest and shut."""
        rest = np.zeros((len(ARTICULATION), CROP_STEPS), np.float32)
        flat = np.zeros(CROP_STEPS, np.float32)
        return {
            "mel": np.ascontiguousarray(self.augment.nobody(2 * CROP_STEPS).T),
            "values": rest,
            "weight": rest + 0.5,
            "closure": flat + 1,
            "voice": flat,
            "phones": np.zeros(CROP_STEPS, np.int64),
        }

    def augmented(self, take: Take, start_s: float, speed: float) -> dict[str, np.ndarray]:
        """A crop with its labels at 40 Hz; outside of the take there is silence and nothing is known."""
        heard_s = start_s + speed * np.arange(2 * CROP_STEPS) / FEATURES_HZ
        heard = between(take.features, heard_s * FEATURES_HZ)
        steps = (start_s + speed * np.arange(CROP_STEPS) / STEPS_HZ) * LABELS_HZ
        nearest = np.rint(steps).astype(np.int64)
        inside = (nearest >= 0) & (nearest < len(take.phones))
        nearest = np.clip(nearest, 0, len(take.phones) - 1)
        return {
            "mel": np.ascontiguousarray(self.augment(heard).T),
            "values": between(take.values, np.clip(steps, 0, len(take.values) - 1)).T.copy(),
            "weight": (take.weight[nearest] * inside[:, None]).T.astype(np.float32),
            "closure": np.where(inside, take.closure[nearest], -1).astype(np.float32),
            "voice": np.where(inside, take.voice[nearest], 0).astype(np.float32),
            "phones": np.where(inside, take.phones[nearest], -1).astype(np.int64),
        }


def group_of(take: Take) -> str:
    if take.person in ("s1", "facegood"):
        return take.person
    return "speech" if take.person.startswith("so") else "people"


def between(rows: np.ndarray, position: np.ndarray) -> np.ndarray:
    """rows: [N, C] read between its rows; zero outside."""
    left = np.floor(position).astype(np.int64)
    share = (position - left)[:, None].astype(np.float32)

    def known(i: np.ndarray) -> np.ndarray:
        return np.where(((i >= 0) & (i < len(rows)))[:, None], rows[np.clip(i, 0, len(rows) - 1)], 0)

    return (known(left) * (1 - share) + known(left + 1) * share).astype(np.float32)
