# SPDX-License-Identifier: Apache-2.0
"""Does this mouth say this sound? Two towers for the face and one for the sound, in the manner of SyncNet (Chung and
Zisserman, "Out of time", 2016), each convolutional in time: a shot costs one pass and windows slide for free.

Everything runs on its own clock of 50 steps a second. Frames are seen one by one and what was seen is laid on that
clock between them, so that 23.976 and 60 frames a second are what they are, and not 25.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models.articulation import Block, ChannelNorm
from ofx_lipsync.models.loader import load
from ofx_lipsync.models.sync_face import HEIGHT, SHAPE, WIDTH
from ofx_lipsync.models.sync_sound import INPUTS

LADDER = (16, 32, 64, 96)
"""Channels of the picture's encoder; each rung halves it: 48 x 64 to 3 x 4."""


@dataclass(frozen=True)
class Dimensions:
    """shape, heard: columns of models/sync_face.py and sync_sound.py. seen: numbers kept of one picture. width: of the
    towers. code: of what is compared. face, sound: dilations of the residual blocks, in steps of 20 ms."""

    shape: int = SHAPE
    heard: int = INPUTS
    seen: int = 64
    width: int = 96
    code: int = 64
    face: tuple[int, ...] = (1, 2)
    sound: tuple[int, ...] = (1, 2, 4)


class Tower(nn.Module):
    """[B, inputs, T] -> [B, code, T] of length one."""

    def __init__(self, inputs: int, width: int, code: int, dilations: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.stem = nn.Conv1d(inputs, width, 5, padding=2)
        self.blocks = nn.ModuleList(Block(width, d, dropout) for d in dilations)
        self.norm = ChannelNorm(width)
        self.head = nn.Conv1d(width, code, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return functional.normalize(self.head(self.dropout(self.norm(x))), dim=1)


class Eye(nn.Module):
    """[N, 1, 48, 64] grey lower faces -> [N, seen]."""

    def __init__(self, seen: int) -> None:
        super().__init__()
        channels = (1, *LADDER)
        self.rungs = nn.ModuleList(
            nn.Conv2d(a, b, 5 if a == 1 else 3, stride=2, padding=2 if a == 1 else 1) for a, b in pairwise(channels)
        )
        self.head = nn.Linear(LADDER[-1] * (HEIGHT // 16) * (WIDTH // 16), seen)

    def forward(self, x: Tensor) -> Tensor:
        x = x - x.mean((1, 2, 3), keepdim=True)
        x = x / (x.square().mean((1, 2, 3), keepdim=True).sqrt() + 0.02)
        for rung in self.rungs:
            x = torch.relu(rung(x))
        return torch.as_tensor(self.head(x.flatten(1)))


class Sync(nn.Module):
    """The three towers. What they compare are cosines, -1 .. 1."""

    def __init__(self, dims: Dimensions, dropout: float = 0.0) -> None:
        super().__init__()
        self.dims = dims
        self.register_buffer("heard_mean", torch.zeros(dims.heard))
        self.register_buffer("heard_scale", torch.ones(dims.heard))
        self.eye = Eye(dims.seen)
        self.by_picture = Tower(dims.seen, dims.width, dims.code, dims.face, dropout)
        self.by_shape = Tower(dims.shape, dims.width, dims.code, dims.face, dropout)
        self.by_sound = Tower(dims.heard, dims.width, dims.code, dims.sound, dropout)

    def see(self, pictures: Tensor) -> Tensor:
        """pictures: [N, 3 or 1, 48, 64] sRGB 0..1, lower faces. Returns [N, seen], one row a frame."""
        return torch.as_tensor(self.eye(pictures.mean(1, keepdim=True)))

    def pictured(self, seen: Tensor) -> Tensor:
        """seen: [B, T, seen] on the clock, less the person's mean. Returns codes [B, code, T]."""
        return torch.as_tensor(self.by_picture(seen.transpose(1, 2)))

    def shaped(self, shape: Tensor) -> Tensor:
        """shape: [B, T, SHAPE] on the clock, less the person's mean. Returns codes [B, code, T]."""
        return torch.as_tensor(self.by_shape(shape.transpose(1, 2)))

    def heard(self, rows: Tensor) -> Tensor:
        """rows: [B, T, INPUTS] of models/sync_sound.py. Returns codes [B, code, T]."""
        return torch.as_tensor(self.by_sound(((rows - self.heard_mean) * self.heard_scale).transpose(1, 2)))

    @classmethod
    def named(cls, name: str = "sync") -> Sync:
        """With trained weights, for use.  Raises: ModelError."""
        weights = load(name)
        network = cls(dimensions(weights.name, weights.dims))
        weights.fit({key: tuple(value.shape) for key, value in network.state_dict().items()})
        network.load_state_dict({key: torch.from_numpy(value.copy()) for key, value in weights.tensors.items()})
        return network.eval().requires_grad_(False)


def dimensions(name: str, dims: Mapping[str, Any]) -> Dimensions:
    """What a weight file says it is built from.  Raises: ModelError for other networks' weights."""
    known = {field.name for field in fields(Dimensions)}
    if set(dims) != known:
        raise ModelError(f"{name}: dims are {', '.join(sorted(dims)) or 'none'}; use weights of the sync network")
    return Dimensions(**{key: tuple(value) if isinstance(value, list) else int(value) for key, value in dims.items()})


def on_clock(rows: Tensor, position: Tensor) -> Tensor:
    """rows: [B, F, C], position: [B, T], frames counted from 0. Returns [B, T, C] straight between frames, held
    outside."""
    position = position.clamp(0, rows.shape[1] - 1)
    left = position.floor().long().clamp(max=max(rows.shape[1] - 2, 0))
    share = (position - left)[..., None]
    size = (-1, -1, rows.shape[2])
    before = rows.gather(1, left[..., None].expand(size))
    after = rows.gather(1, (left + 1).clamp(max=rows.shape[1] - 1)[..., None].expand(size))
    return before * (1 - share) + after * share
