# SPDX-License-Identifier: Apache-2.0
"""The published judge of lower faces, which tells filmed from made; for training the published generator.

Source: as models/wav2lip.py, its quality discriminator. 14.1 million weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LAYOUT = "wav2lip_disc"
STEPS = (
    ((3, 32, 7, 1, 3),),
    ((32, 64, 5, (1, 2), 2), (64, 64, 5, 1, 2)),
    ((64, 128, 5, 2, 2), (128, 128, 5, 1, 2)),
    ((128, 256, 5, 2, 2), (256, 256, 5, 1, 2)),
    ((256, 512, 3, 2, 1), (512, 512, 3, 1, 1)),
    ((512, 512, 3, 2, 1), (512, 512, 3, 1, 1)),
    ((512, 512, 3, 1, 0), (512, 512, 1, 1, 0)),
)
"""Inputs, outputs, kernel, stride, padding of every convolution."""


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int | tuple[int, int], pad: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, pad))

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.conv_block(x), 0.01)


class Wav2LipDiscriminator(nn.Module):
    """x: [B, 3, 48, 96], lower halves of faces, BGR, 0..1 -> logits [B, 1], above 0 for filmed.

    The published one ends in a sigmoid; it is left to the loss, which is steadier with logits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(nn.Sequential(*(Block(*conv) for conv in step)) for step in STEPS)
        self.binary_pred = nn.Sequential(nn.Conv2d(512, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        for step in self.face_encoder_blocks:
            x = step(x)
        return torch.as_tensor(self.binary_pred(x)).flatten(1)


def shapes() -> dict[str, tuple[int, ...]]:
    """Every key of a checkpoint, and its shape."""
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in Wav2LipDiscriminator().state_dict().items()}
