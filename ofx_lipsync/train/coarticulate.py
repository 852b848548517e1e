# SPDX-License-Identifier: Apache-2.0
"""From known phones to lips, learned where both are seen (GRID, FACEGOOD), so that voices without a face can teach too.

It is the coarticulation network itself, told the gestures of the true phones and how loud they are, and nothing of the
voice's colour: so what it says of a stranger's sentence in any language is as good as of a filmed one's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np
import torch
from torch.nn import functional

from ofx_lipsync.core.phones import CLOSURE, PHONES, SILENCE, UNKNOWN, members
from ofx_lipsync.models.coarticulation import Coarticulation, Dimensions
from ofx_lipsync.models.spoken import spoken, without_colour
from ofx_lipsync.train.corpus import LIPS_OF, Take
from ofx_lipsync.train.lesson import Lesson, crops, in_steps

BELIEVED = 0.35
"""Weight of a curve made from phones beside a filmed one."""
WIDTH, DROPOUT = 64, 0.2


def said(take: Take) -> np.ndarray:
    """[T, inputs]: the true phones as if they were heard without a doubt."""
    known = np.where(take.phones == UNKNOWN, SILENCE, take.phones)
    phones = np.eye(len(PHONES), dtype=np.float32)[known]
    return without_colour(spoken(phones, LIPS_OF[known], take.bands))


def learn(taught: Sequence[Sequence[Lesson]], people: int, steps: int = 700, seed: int = 5) -> Coarticulation:
    """taught: groups of lessons that count alike."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Coarticulation(Dimensions(width=WIDTH, people=people), DROPOUT)
    brought_to_one(network, [lesson for group in taught for lesson in group])
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1, step / 50) * (0.51 + 0.49 * float(np.cos(np.pi * step / steps)))
        rows = [crops(taught[k % len(taught)], rng, people) for k in range(24)]
        batch = {key: torch.from_numpy(np.stack([row[key] for row in rows])) for key in rows[0]}
        curves = network(batch["x"], batch["who"])[:, : network.dims.channels]
        error = functional.smooth_l1_loss(curves, batch["values"], reduction="none", beta=0.3)
        motion = (curves - batch["values"]).diff(dim=2).square()
        loss = (error * batch["weight"]).sum() + 2 * (motion * batch["weight"][:, :, 1:]).sum()
        optimiser.zero_grad()
        (loss / batch["weight"].sum().clamp(min=1)).backward()
        optimiser.step()
    return network.eval()


def brought_to_one(network: Coarticulation, lessons: Sequence[Lesson]) -> None:
    """Gives a network the mean and spread of what it will see."""
    rows = np.concatenate([lesson.x for lesson in lessons])
    network.mean.copy_(torch.from_numpy(rows.mean(axis=0)))
    network.scale.copy_(torch.from_numpy(1 / (rows.std(axis=0) + 0.05)))


def given_lips(network: Coarticulation, take: Take, who: int) -> Take:
    """A take without a face, with the lips that somebody filmed would have for its phones; p b m shut them."""
    with torch.no_grad():
        out = network(torch.from_numpy(said(take).T[None].copy()), torch.tensor([who]))[0].numpy().T
    steps = np.arange(len(take.phones)) // 2
    values = out[np.minimum(steps, len(out) - 1), : network.dims.channels]
    shut = members(CLOSURE)[take.phones] & (take.phones != UNKNOWN)
    values[shut, 0] = np.minimum(values[shut, 0], 0.0)
    known = (take.phones != UNKNOWN)[:, None].astype(np.float32)
    weight = np.repeat(known * BELIEVED, network.dims.channels, axis=1)
    return replace(take, values=values.astype(np.float32), weight=weight)


def true_lesson(take: Take, who: int, heard: np.ndarray | None = None) -> Lesson:
    """What the network above learns from: true phones where they are known, else the ones that were heard."""
    return in_steps(take, said(take) if heard is None else without_colour(heard), who)
