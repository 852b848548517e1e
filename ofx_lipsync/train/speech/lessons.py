# SPDX-License-Identifier: Apache-2.0
"""The corpus as the network learns it: bands and labels of every sentence in memory, and batches drawn from them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ofx_lipsync.core.phones import UNKNOWN
from ofx_lipsync.models.bands import bands_db, frames_of
from ofx_lipsync.train.speech.music import known_music
from ofx_lipsync.train.speech.utterance import Utterance
from ofx_lipsync.train.speech.vary import Variation

WORTH = {"festvox-ru": 1.2, "speechocean": 3.5, "flite": 1.2, "festival": 0.6, "espeak": 0.35, "grid": 1.0,
         "asterisk": 1.5, "gcin": 1.5}  # fmt: skip
"""How often a minute of a source is drawn."""
FARTHEST_PACE = 1.25


class Lessons:
    """bands: [T, 48] float16 dB and phones: [T] int8 of all sentences, one after the other."""

    def __init__(self, utterances: Sequence[Utterance], folder: Path) -> None:
        self.utterances = list(utterances)
        self.music = known_music(folder)
        cache = folder / f"bands-{_key(self.utterances)}.npy"
        counts = [len(u.frames()) for u in self.utterances]
        self.starts = np.concatenate([[0], np.cumsum(counts)])
        self.phones = np.concatenate([u.frames() for u in self.utterances])
        if not cache.is_file():
            _write_bands(cache, self.utterances, counts, folder)
        self.bands = np.load(cache)
        minutes = np.array(counts) / 6000
        drawn = minutes * np.array([WORTH[u.source] for u in self.utterances])
        self.odds = np.cumsum(drawn / drawn.sum())

    def crop(self, rng: np.random.Generator, length: int) -> tuple[np.ndarray, np.ndarray]:
        """[L, 48] dB and [L] labels of one sentence, running on into the next where it is too short."""
        chosen = int(np.searchsorted(self.odds, rng.random()))
        first, last = self.starts[chosen], self.starts[chosen + 1]
        start = int(rng.integers(first, max(first + 1, last - length)))
        start = min(start, len(self.phones) - length)
        return self.bands[start : start + length], self.phones[start : start + length]


class Batches(Dataset[tuple[Tensor, Tensor]]):
    """Batch number `step` of a training: `size` crops of `length` frames. It follows from the seed and the step alone,
    so that a resumed training goes on as it would have, and any number of processes may make batches ahead of it."""

    def __init__(self, lessons: Lessons, size: int, length: int, seed: int) -> None:
        self.lessons, self.size, self.length, self.seed = lessons, size, length, seed
        self.rng = np.random.default_rng(seed)
        self.variation = Variation(self.rng, self._talker, lessons.music)

    def _talker(self, frames: int) -> np.ndarray:
        return self.lessons.crop(self.rng, frames)[0]

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        """x: [B, T, 48], phones: [B, T] int64, UNKNOWN where not told."""
        self.rng = self.variation.rng = np.random.default_rng([self.seed, step])
        crops = []
        for _ in range(self.size):
            bands, labels = self.lessons.crop(self.rng, int(self.length * FARTHEST_PACE) + 1)
            crops.append(self.variation(bands, labels, self.length))
        x = np.stack([bands for bands, _ in crops])
        return torch.from_numpy(x), torch.from_numpy(np.stack([labels for _, labels in crops]).astype(np.int64))


def shares(lessons: Lessons, phones: int) -> np.ndarray:
    """[P]: how much of the drawn time each phone takes."""
    weight = np.repeat([WORTH[u.source] for u in lessons.utterances], np.diff(lessons.starts))
    known = lessons.phones != UNKNOWN
    counted = np.bincount(lessons.phones[known], weight[known], minlength=phones)
    return counted / counted.sum()


def _write_bands(cache: Path, utterances: list[Utterance], counts: list[int], folder: Path) -> None:
    parts = []
    for utterance, count in zip(utterances, counts, strict=True):
        samples = utterance.samples(folder)
        padded = np.pad(samples, (0, max(0, count * 160 - len(samples))))
        parts.append(bands_db(frames_of(padded[: count * 160])).astype(np.float16))
    unfinished = cache.with_suffix(".part.npy")
    np.save(unfinished, np.concatenate(parts))
    unfinished.replace(cache)


def _key(utterances: list[Utterance]) -> str:
    return hashlib.sha256("\n".join(u.path for u in utterances).encode()).hexdigest()[:12]
