# SPDX-License-Identifier: Apache-2.0
"""From the sounds of a line to lips and jaw: coarticulation learned by a small dilated network at fifty steps a second.

It sees what models/spoken.py tells, two thirds of a second to either side. People move differently for the same sound,
so each filmed person has a style, and a stranger the style of nobody in particular. This file holds the network as it
is trained (torch); sound_lips.py is the same arithmetic in NumPy, for use.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ofx_lipsync.models.articulation import Block, ChannelNorm
from ofx_lipsync.models.spoken import INPUTS


@dataclass(frozen=True)
class Dimensions:
    """inputs: of models/spoken.py. width: channels. dilations: one residual block each, so that their reach is
    sum(dilations) * 20 ms to either side. channels: articulation. style: numbers of one. people: styles learned,
    besides a stranger's, which is the last. members: networks averaged."""

    inputs: int = INPUTS
    width: int = 80
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    channels: int = 6
    style: int = 4
    people: int = 0
    members: int = 1


class Coarticulation(nn.Module):
    """x: [B, inputs, T], who: [B] 0..people -> [B, channels + 2, T]: articulation, closure and voice (logits).

    mean, scale: [inputs], what inputs are brought to.
    """

    def __init__(self, dims: Dimensions, dropout: float = 0.0) -> None:
        super().__init__()
        self.dims = dims
        self.register_buffer("mean", torch.zeros(dims.inputs))
        self.register_buffer("scale", torch.ones(dims.inputs))
        self.stem = nn.Conv1d(dims.inputs, dims.width, 5, padding=2)
        self.style = nn.Embedding(dims.people + 1, dims.style)
        self.styled = nn.Linear(dims.style, dims.width, bias=False)
        self.reach = nn.Embedding(dims.people + 1, dims.channels)
        self.habit = nn.Embedding(dims.people + 1, dims.channels)
        self.blocks = nn.ModuleList(Block(dims.width, d, dropout) for d in dims.dilations)
        self.norm = ChannelNorm(dims.width)
        self.head = nn.Conv1d(dims.width, dims.channels + 2, 1)
        nn.init.normal_(self.style.weight, 0, 0.1)
        nn.init.ones_(self.reach.weight)
        nn.init.zeros_(self.habit.weight)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        x = (x - self.mean[:, None]) * self.scale[:, None]
        x = torch.relu(self.stem(x) + self.styled(self.style(who))[:, :, None])
        for block in self.blocks:
            x = block(x)
        out = self.head(self.norm(x))
        curves = out[:, : self.dims.channels] * self.reach(who)[:, :, None] + self.habit(who)[:, :, None]
        return torch.cat([curves, out[:, self.dims.channels :]], dim=1)
