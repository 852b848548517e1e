# SPDX-License-Identifier: Apache-2.0
"""From phones to lips, learned where both are known (GRID), so that voices without a face can teach lips as well.

It hears only which phone is said and how loud, never the voice; so what it says of a stranger's sentence with known
phones is as good as of s1's. A phone that GRID's 51 words lack borrows the lips of its neighbour.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.core.mouth import ARTICULATION
from ofx_lipsync.train.align import CLOSED, LABELS_HZ, PHONES
from ofx_lipsync.train.corpus import Take

BORROWED = {"SH": "CH", "ZH": "JH", "OY": "AO", "UH": "UW", "HH": "AH", "NG": "G", "DH": "TH", "AW": "AO"}
PER_STEP = 4
"""Labels (100 Hz) to a step: 25 Hz, the rate of the tracked film."""
BELIEVED = 0.35
"""Weight of a curve made from phones beside a filmed one."""


class Coarticulation(nn.Module):
    """[B, phones + 1, T] at 25 Hz -> [B, 6, T]; each step sees 0.44 s to either side."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(len(PHONES) + 1, width, 9, padding=4), nn.ReLU(), nn.Dropout(0.1),
            nn.Conv1d(width, width, 9, padding=4), nn.ReLU(), nn.Dropout(0.1),
            nn.Conv1d(width, len(ARTICULATION), 7, padding=3),
        )  # fmt: skip

    def forward(self, said: Tensor) -> Tensor:
        return self.layers(said)


def said(take: Take) -> np.ndarray:
    """[phones + 1, T] at 25 Hz: share of each phone in the step, and loudness."""
    known = {PHONES.index(name): PHONES.index(like) for name, like in BORROWED.items()}
    phones = np.array([known.get(int(p), int(p)) for p in take.phones])
    steps = len(phones) // PER_STEP
    # a step is centred on its film frame: two labels before it, two from it on
    around = np.pad(phones, (PER_STEP // 2, PER_STEP), mode="edge")[: steps * PER_STEP].reshape(steps, PER_STEP)
    shares = (around[:, :, None] == np.arange(len(PHONES))).mean(axis=1)
    level = take.features.mean(axis=1)
    loud = np.interp(np.arange(steps) / (LABELS_HZ / PER_STEP), np.arange(len(level)) / 80, level)
    return np.concatenate([shares.T, loud[None]]).astype(np.float32)


def learn(takes: Sequence[Take], steps: int = 700, seed: int = 5) -> Coarticulation:
    """From filmed takes with known phones; everybody but s1 counts as much as s1 in sum."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    usable = [t for t in takes if not t.held_out and t.weight.any() and (t.phones >= 0).mean() > 0.9]
    inputs = [said(t) for t in usable]
    alone = [np.array([i for i, t in enumerate(usable) if (t.person == "s1") == first]) for first in (True, False)]
    alone = [members for members in alone if len(members)]
    network, length = Coarticulation(), min(x.shape[1] for x in inputs)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.05)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * (0.51 + 0.49 * float(np.cos(np.pi * step / steps)))
        chosen = [int(rng.choice(alone[k % len(alone)])) for k in range(24)]
        x = torch.from_numpy(np.stack([inputs[i][:, :length] for i in chosen]))
        wanted = torch.from_numpy(np.stack([usable[i].values[::PER_STEP][:length].T for i in chosen]))
        weight = torch.from_numpy(np.stack([usable[i].weight[::PER_STEP][:length].T for i in chosen]))
        error = functional.smooth_l1_loss(network(x), wanted, reduction="none", beta=0.3)
        loss = (error * weight).sum() / weight.sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network.eval()


def curves(network: Coarticulation, take: Take) -> np.ndarray:
    """[L, 6] on the take's 100 Hz clock."""
    from ofx_lipsync.train.corpus import resampled

    with torch.no_grad():
        steps = network(torch.from_numpy(said(take))[None])[0].numpy().T
    clock = np.arange(len(take.phones)) / PER_STEP
    return resampled(np.arange(len(steps)), steps, clock)


def given_lips(network: Coarticulation, take: Take) -> Take:
    """A take without a face, with the lips its phones ask for; open is held to 0 where p b m shut them."""
    values = curves(network, take)
    shut = np.isin(take.phones, list(CLOSED))
    values[shut, 0] = np.minimum(values[shut, 0], 0.0)
    known = (take.phones >= 0)[:, None].astype(np.float32)
    return replace(take, values=values, weight=np.repeat(known * BELIEVED, len(ARTICULATION), axis=1))
