# SPDX-License-Identifier: Apache-2.0
"""The layout of the original SyncNet (Chung and Zisserman, "Out of time: automated lip sync in the wild", 2016), for
weights that a user brings. Text and code are ours; layer sizes are facts.

Five frames of 224 px, blue first, 0..255, and 200 ms of MFCC in; two vectors of 1024 out, compared by distance.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ofx_lipsync.models.layout import check, convolution, norm
from ofx_lipsync.models.loader import load as load_weights

LAYOUT = "syncnet_original"
SOUND = ((0, 64, (3, 3)), (4, 192, (3, 3)), (8, 384, (3, 3)), (11, 256, (3, 3)), (14, 256, (3, 3)), (18, 512, (5, 4)))
LIPS = (
    (0, 96, (5, 7, 7)), (4, 256, (1, 5, 5)), (8, 256, (1, 3, 3)), (11, 256, (1, 3, 3)), (14, 256, (1, 3, 3)),
    (18, 512, (1, 6, 6)),
)  # fmt: skip
"""Place in its chain, channels out and kernel of every convolution; a norm follows each."""
CODE = 1024


class SyncNetOriginal(nn.Module):
    """Two chains of layers and the two that end them, named as the public weights are."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_flat(1, 64, 3, padding=1), nn.MaxPool2d(1, 1),
            *_flat(64, 192, 3, padding=1), nn.MaxPool2d(3, (1, 2)),
            *_flat(192, 384, 3, padding=1), *_flat(384, 256, 3, padding=1), *_flat(256, 256, 3, padding=1),
            nn.MaxPool2d(3, 2), *_flat(256, 512, (5, 4)),
        )  # fmt: skip
        self.netfcaud = _end()
        across = (1, 2, 2)
        self.netcnnlip = nn.Sequential(
            *_deep(3, 96, (5, 7, 7), across, 0), nn.MaxPool3d((1, 3, 3), across),
            *_deep(96, 256, (1, 5, 5), across), nn.MaxPool3d((1, 3, 3), across, (0, 1, 1)),
            *_deep(256, 256, (1, 3, 3)), *_deep(256, 256, (1, 3, 3)), *_deep(256, 256, (1, 3, 3)),
            nn.MaxPool3d((1, 3, 3), across), *_deep(256, 512, (1, 6, 6), padding=0),
        )  # fmt: skip
        self.netfclip = _end()

    def seen(self, faces: Tensor) -> Tensor:
        """faces: [B, 3, F, 224, 224]. Returns [B, F - 4, 1024], one of every five frames."""
        maps = self.netcnnlip(faces)[..., 0, 0].transpose(1, 2)
        return torch.as_tensor(self.netfclip(maps.flatten(0, 1))).unflatten(0, maps.shape[:2])

    def heard(self, mfcc: Tensor) -> Tensor:
        """mfcc: [B, 1, 13, 20]. Returns [B, 1024]."""
        return torch.as_tensor(self.netfcaud(self.netcnnaud(mfcc).flatten(1)))


def _flat(inputs: int, out: int, kernel: int | tuple[int, int], padding: int = 0) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, out, kernel, padding=padding), nn.BatchNorm2d(out), nn.ReLU()


def _deep(
    inputs: int, out: int, kernel: tuple[int, int, int], stride: tuple[int, int, int] = (1, 1, 1), padding: int = 1
) -> tuple[nn.Module, ...]:
    sides = (0, padding, padding)
    return nn.Conv3d(inputs, out, kernel, stride, sides), nn.BatchNorm3d(out), nn.ReLU()


def _end() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, CODE))


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the state as its makers keep it: 102 of them."""
    found: dict[str, tuple[int, ...]] = {}
    for part, inputs, rows in (("aud", 1, SOUND), ("lip", 3, LIPS)):
        for place, out, kernel in rows:
            found |= convolution(f"netcnn{part}.{place}", out, inputs, *kernel)
            found |= norm(f"netcnn{part}.{place + 1}", out)
            inputs = out
        found |= convolution(f"netfc{part}.0", 512, 512) | norm(f"netfc{part}.1", 512)
        found |= convolution(f"netfc{part}.3", CODE, 512)
    return found


def load(name: str) -> SyncNetOriginal:
    """With weights for use.  Raises: ModelError listing every key that is wrong."""
    weights = load_weights(name)
    check(weights, LAYOUT, shapes())
    network = SyncNetOriginal()
    network.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in weights.tensors.items()})
    return network.eval().requires_grad_(False)
