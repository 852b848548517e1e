# SPDX-License-Identifier: Apache-2.0
"""From sound to phones and lips: a causal LSTM 50 ms behind the sound, and a backward one for lines heard as a whole.

This file holds the network as it is trained (torch); hearing_listener.py is the same arithmetic in NumPy, for use.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.models.bands import SILENCE


@dataclass(frozen=True)
class Dimensions:
    """bands: of the input, 100 frames a second. taps: frames the stem sees. behind: frames heard before one is told.
    stem, width, back: channels of the stem, of the forward and of the backward LSTM. phones, lips: outputs."""

    bands: int = 48
    taps: int = 5
    behind: int = 5
    stem: int = 128
    width: int = 256
    back: int = 96
    phones: int = 50
    lips: int = 3


class Hearing(nn.Module):
    """x: [B, T, bands] -> streaming and offline logits, each [B, T, phones + lips]."""

    def __init__(self, dims: Dimensions, dropout: float = 0.0) -> None:
        super().__init__()
        self.dims = dims
        self.stem = nn.Conv1d(dims.bands, dims.stem, dims.taps)
        self.ahead = nn.LSTM(dims.stem, dims.width, batch_first=True)
        self.told = nn.Linear(dims.width, dims.phones + dims.lips)
        self.back = nn.LSTM(dims.width, dims.back, batch_first=True)
        self.told_whole = nn.Linear(dims.width + dims.back, dims.phones + dims.lips)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        dims = self.dims
        x = functional.pad(x.transpose(1, 2), (dims.taps - 1, dims.behind), value=float(SILENCE))
        stemmed = torch.relu(self.stem(x)).transpose(1, 2)  # [B, T + behind, stem]
        forward = self.dropout(self.ahead(self.dropout(stemmed))[0])[:, dims.behind :]  # [B, T, width]
        backward = self.dropout(self.back(forward.flip(1))[0]).flip(1)  # [B, T, back]
        return self.told(forward), self.told_whole(torch.cat([forward, backward], dim=2))
