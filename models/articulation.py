# SPDX-License-Identifier: Apache-2.0
"""From sound to lips and jaw: a dilated convolutional network that sees the whole line, on its own 40 Hz clock.

This file holds the network as it is trained (torch); mel_lips.py is the same arithmetic in NumPy, for use.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Dimensions:
    """bands: mel bands at 80 Hz. width: channels. dilations: one residual block each, at 40 Hz, so that their
    reach is sum(dilations) * 25 ms to either side. channels: articulation. members: networks averaged."""

    bands: int = 80
    width: int = 192
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 8)
    channels: int = 6
    members: int = 1


class ChannelNorm(nn.Module):
    """Each step to zero mean and unit variance over its channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        x = x - x.mean(1, keepdim=True)
        x = x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-5)
        return x * self.gain[:, None] + self.bias[:, None]


class Block(nn.Module):
    """Residual: what a neighbourhood in time adds to a step."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = ChannelNorm(width)
        self.spread = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mix(self.dropout(torch.relu(self.spread(self.norm(x)))))


class Articulation(nn.Module):
    """mel: [B, 80, T] as 0 (silence) .. 2 -> [B, channels + 2, ceil(T / 2)]: articulation, closure and voice (logits).

    `trunk` gives what the heads see, for heads that only training needs.
    """

    def __init__(self, dims: Dimensions, dropout: float = 0.0) -> None:
        super().__init__()
        self.dims = dims
        self.stem = nn.Conv1d(dims.bands, dims.width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(Block(dims.width, d, dropout) for d in dims.dilations)
        self.norm = ChannelNorm(dims.width)
        self.head = nn.Conv1d(dims.width, dims.channels + 2, 1)

    def trunk(self, mel: Tensor) -> Tensor:
        x = torch.relu(self.stem(mel))  # [B, width, ceil(T / 2)]
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def forward(self, mel: Tensor) -> Tensor:
        return self.head(self.trunk(mel))
