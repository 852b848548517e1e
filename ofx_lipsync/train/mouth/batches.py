# SPDX-License-Identifier: Apache-2.0
"""Batches of lessons, each seen a little differently every time."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import Tensor

SEEN, MAPS = slice(0, 6), slice(6, 9)
PART_PX = 48
TRUTH, WEIGHT = slice(9, 12), slice(12, 13)


class Batches:
    """files: arrays [N, 13, 64, 64] of lessons.write. A batch follows from its number and the seed alone, so that a
    training that was stopped goes on as if it had not been."""

    def __init__(self, files: Sequence[Path], size: int, seed: int, odds: Sequence[float] | None = None) -> None:
        self.files = [np.load(file, mmap_mode="r") for file in files]
        counts = np.array([len(file) for file in self.files], np.float64)
        weights = counts if odds is None else np.asarray(odds, np.float64)
        self.odds, self.size, self.seed = weights / weights.sum(), size, seed

    def batch(self, step: int) -> Tensor:
        """[size, 13, 48, 48] float32: a part of each, where the mouth is; the rest would only cost time."""
        rng = np.random.default_rng((self.seed, step))
        rows = []
        for file in rng.choice(len(self.files), self.size, p=self.odds):
            row = self.files[file][int(rng.integers(len(self.files[file])))]
            y, x = rng.integers(row.shape[1] - PART_PX + 1, size=2)
            rows.append(varied(row[:, y : y + PART_PX, x : x + PART_PX].astype(np.float32), rng))
        return torch.from_numpy(np.stack(rows)).contiguous(memory_format=torch.channels_last)


def varied(row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A lesson [13, H, W] mirrored half of the time, with other teeth, contrast and colour, in another light."""
    if rng.random() < 0.5:
        row = row[:, :, ::-1].copy()
    power = np.float32(np.exp(rng.normal(0, 0.12)))
    tint = np.exp(rng.normal(0, 0.04, (3, 1, 1))).astype(np.float32)
    # nobody's teeth are known beforehand: how light they are must be read from what is shown
    teeth = np.float32(np.exp(rng.normal(0, 0.3)) - 1)
    for part, inside in ((slice(0, 3), 6), (slice(3, 6), 8), (TRUTH, 6)):
        row[part] *= 1 + teeth * row[inside]
    colour = np.float32(rng.uniform(0.5, 1.15))  # other working spaces hold the same colours with less in the channels
    for part in (slice(0, 3), slice(3, 6), TRUTH):
        picture = row[part]
        grey = picture.mean(axis=0)
        row[part] = np.abs(grey + colour * (picture - grey)) ** power * tint
    return row
