# SPDX-License-Identifier: Apache-2.0
"""Crops of talking clips for the sync network, changed in every way but one: what is seen and heard stays together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ofx_lipsync.models.sync_face import HEIGHT, WIDTH
from ofx_lipsync.models.sync_sound import COLOUR, STEPS_HZ
from ofx_lipsync.train.sync_clips import Seen

STEPS = 136
"""Of a crop: 2.7 s."""
FRAMES = 76
FRAME_HZ = 25.0
RATES = (23.976, 24.0, 25.0, 29.97, 50.0)


@dataclass(frozen=True)
class Batch:
    """pictures: [B, F, 1, 48, 64]. shape: [B, F, SHAPE]. position: [B, T], in frames, of every step. heard:
    [B, T, INPUTS]. voice: [B, T] 0..1."""

    pictures: Tensor
    shape: Tensor
    position: Tensor
    heard: Tensor
    voice: Tensor


class Batches:
    """Endless batches; draws come from one generator, whose state may be kept."""

    def __init__(self, clips: Sequence[Seen], size: int, seed: int) -> None:
        self.rng, self.size = np.random.default_rng(seed), size
        self.people: dict[str, list[Seen]] = {}
        for clip in clips:
            self.people.setdefault(clip.who, []).append(clip)
        # people should count alike, but who has one clip only would be learned by heart
        counts = np.sqrt([len(clips) for clips in self.people.values()])
        self.odds = counts / counts.sum()

    def __next__(self) -> Batch:
        names = list(self.people)
        rows = [self.crop(self._one(names[i])) for i in self.rng.choice(len(names), self.size, p=self.odds)]
        pictures, shape, position, heard, voice = (torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True))
        return Batch(self._looked_at(pictures), shape, position, heard, voice)

    def _one(self, name: str) -> Seen:
        return self.people[name][self.rng.integers(len(self.people[name]))]

    def crop(self, clip: Seen) -> tuple[np.ndarray, ...]:
        """One crop at a pace of its own."""
        pace = self.rng.uniform(0.87, 1.15) if self.rng.random() < 0.5 else 1.0
        latest_s = len(clip.times_s) / FRAME_HZ - STEPS * pace / STEPS_HZ
        at_s = self.rng.uniform(min(0.0, latest_s), max(0.0, latest_s)) + pace * np.arange(STEPS) / STEPS_HZ
        first = int(np.clip(np.floor(at_s[0] * FRAME_HZ), 0, max(0, len(clip.times_s) - FRAMES)))
        frames = np.minimum(first + np.arange(FRAMES), len(clip.times_s) - 1)
        position = at_s * FRAME_HZ - first
        version = self.rng.integers(len(clip.heard)) if self.rng.random() < 0.8 else 0
        rows = _between(clip.heard[version].astype(np.float32), at_s * STEPS_HZ - 0.5)
        return (clip.pictures[frames], self._shape(clip.shape[frames]), position.astype(np.float32),
                self._heard(rows), rows[:, -1].clip(0, 1))  # fmt: skip

    def _heard(self, rows: np.ndarray) -> np.ndarray:
        rows = rows.copy()
        if self.rng.random() < 0.6:
            rows[:, COLOUR] = 0
        if self.rng.random() < 0.3:  # lips as foretold are not always to be trusted
            rows[:, -8:] *= self.rng.uniform(0, 1)
        gain, shift = (self.rng.normal(size=rows.shape[1]) * 0.12 for _ in range(2))
        return (rows * (1 + gain) + shift).astype(np.float32)

    def _shape(self, rows: np.ndarray) -> np.ndarray:
        rows = (rows - rows.mean(axis=0)) * self.rng.uniform(0.65, 1.5)
        rows = rows * (1 + 0.15 * self.rng.normal(size=rows.shape[1]))
        if self.rng.random() < 0.5:
            rows = rows + 0.06 * self.rng.random() * self.rng.normal(size=rows.shape)
        if self.rng.random() < 0.5:  # another frame rate, from any moment on
            step = FRAME_HZ / self.rng.choice(RATES)
            at = np.arange(0, len(rows) + step, step) + self.rng.uniform(-step, 0)
            rows = _between(_between(rows, at), (np.arange(len(rows)) - at[0]) / step)
        return rows.astype(np.float32)

    def _looked_at(self, pictures: Tensor) -> Tensor:
        """[B, F, 48, 64, 3] uint8 -> [B, F, 1, 48, 64] as other cameras, lights and framings give it."""
        size = len(pictures)
        mix = torch.from_numpy(self.rng.dirichlet(np.full(3, 2.0), size).astype(np.float32))
        grey = torch.einsum("bfhwc,bc->bfhw", pictures.float() / 255, mix).clamp(1e-3, 1)
        grey = grey ** self._drawn(size, 0.6, 1.6)
        grey = functional.grid_sample(grey, self._framings(size), padding_mode="border", align_corners=False)
        if self.rng.random() < 0.4:
            grey = functional.avg_pool2d(grey, 3, 1, 1, count_include_pad=False)
        noise = torch.from_numpy(self.rng.normal(size=grey.shape).astype(np.float32))
        grey = grey + noise * self._drawn(size, 0.0, 0.04)
        light = torch.linspace(-1, 1, WIDTH)[None, None, None] * self._drawn(size, -0.15, 0.15)
        return (grey + light)[:, :, None]

    def _framings(self, size: int) -> Tensor:
        """[B, 48, 64, 2]: mirrored half of the time, a little off, larger or smaller, tilted."""
        tilt = self.rng.normal(size=size) * 0.05
        scale, mirror = np.exp(self.rng.normal(size=size) * 0.06), np.where(self.rng.random(size) < 0.5, -1.0, 1.0)
        matrix = np.zeros((size, 2, 3), np.float32)
        matrix[:, 0, 0], matrix[:, 0, 1] = scale * np.cos(tilt) * mirror, -scale * np.sin(tilt) * HEIGHT / WIDTH
        matrix[:, 1, 0], matrix[:, 1, 1] = scale * np.sin(tilt) * mirror * WIDTH / HEIGHT, scale * np.cos(tilt)
        matrix[:, :, 2] = self.rng.normal(size=(size, 2)) * 0.05
        return functional.affine_grid(torch.from_numpy(matrix), [size, 1, HEIGHT, WIDTH], align_corners=False)

    def _drawn(self, size: int, low: float, high: float) -> Tensor:
        return torch.from_numpy(self.rng.uniform(low, high, (size, 1, 1, 1)).astype(np.float32))


def _between(rows: np.ndarray, position: np.ndarray) -> np.ndarray:
    """rows: [N, C] read between its rows, the first and last held outside."""
    at = np.clip(position, 0, len(rows) - 1)
    left = np.minimum(at.astype(int), max(len(rows) - 2, 0))
    share = (at - left)[:, None]
    return np.asarray(rows[left] * (1 - share) + rows[np.minimum(left + 1, len(rows) - 1)] * share)
