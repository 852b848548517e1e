# SPDX-License-Identifier: Apache-2.0
"""The layout of Wav2Lip's expert discriminator (Prajwal, Mukhopadhyay, Namboodiri and Jawahar, "A Lip Sync Expert Is
All You Need", 2020), for weights that a user brings. Text and code are ours; layer sizes are facts.

Five frames of the lower half of a 96 px face, blue first, and 200 ms of mel in; two vectors of length one out.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.models.layout import check, convolution, norm
from ofx_lipsync.models.loader import load as load_weights

LAYOUT = "syncnet_color"
FACE = (
    (32, 7, (1, 1), 3, False), (64, 5, (1, 2), 1, False), (64, 3, (1, 1), 1, True), (64, 3, (1, 1), 1, True),
    (128, 3, (2, 2), 1, False), (128, 3, (1, 1), 1, True), (128, 3, (1, 1), 1, True), (128, 3, (1, 1), 1, True),
    (256, 3, (2, 2), 1, False), (256, 3, (1, 1), 1, True), (256, 3, (1, 1), 1, True), (512, 3, (2, 2), 1, False),
    (512, 3, (1, 1), 1, True), (512, 3, (1, 1), 1, True), (512, 3, (2, 2), 1, False), (512, 3, (1, 1), 0, False),
    (512, 1, (1, 1), 0, False),
)  # fmt: skip
SOUND = (
    (32, 3, (1, 1), 1, False), (32, 3, (1, 1), 1, True), (32, 3, (1, 1), 1, True), (64, 3, (3, 1), 1, False),
    (64, 3, (1, 1), 1, True), (64, 3, (1, 1), 1, True), (128, 3, (3, 3), 1, False), (128, 3, (1, 1), 1, True),
    (128, 3, (1, 1), 1, True), (256, 3, (3, 2), 1, False), (256, 3, (1, 1), 1, True), (256, 3, (1, 1), 1, True),
    (512, 3, (1, 1), 0, False), (512, 1, (1, 1), 0, False),
)  # fmt: skip
"""Channels out, kernel, stride (down, across), padding, residual: one row a block."""
TOWERS = {"face_encoder": (15, FACE), "audio_encoder": (1, SOUND)}


class Block(nn.Module):
    """Convolution and norm; the input is added where the block keeps its shape and says so."""

    def __init__(
        self, inputs: int, out: int, kernel: int, stride: tuple[int, int], padding: int, residual: bool
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(inputs, out, kernel, stride, padding), nn.BatchNorm2d(out))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv_block(x)
        return torch.relu(out + x if self.residual else out)


class SyncNetColor(nn.Module):
    """Codes are not negative and of length one: their cosine is 0 .. 1."""

    def __init__(self) -> None:
        super().__init__()
        for name, (inputs, rows) in TOWERS.items():
            blocks = []
            for out, kernel, stride, padding, residual in rows:
                blocks.append(Block(inputs, out, kernel, stride, padding, residual))
                inputs = out
            self.add_module(name, nn.Sequential(*blocks))

    def seen(self, faces: Tensor) -> Tensor:
        """faces: [B, 15, 48, 96], five frames of blue, green, red, 0..1. Returns [B, 512]."""
        return functional.normalize(self.get_submodule("face_encoder")(faces).flatten(1), dim=1)

    def heard(self, mel: Tensor) -> Tensor:
        """mel: [B, 1, 80, 16] of models/mel.py. Returns [B, 512]."""
        return functional.normalize(self.get_submodule("audio_encoder")(mel).flatten(1), dim=1)


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the state as its makers keep it: 217 of them."""
    found: dict[str, tuple[int, ...]] = {}
    for name, (inputs, rows) in TOWERS.items():
        for number, (out, kernel, *_) in enumerate(rows):
            found |= convolution(f"{name}.{number}.conv_block.0", out, inputs, kernel, kernel)
            found |= norm(f"{name}.{number}.conv_block.1", out)
            inputs = out
    return found


def load(name: str) -> SyncNetColor:
    """With weights for use.  Raises: ModelError listing every key that is wrong."""
    weights = load_weights(name)
    check(weights, LAYOUT, shapes())
    network = SyncNetColor()
    network.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in weights.tensors.items()})
    return network.eval().requires_grad_(False)
