# SPDX-License-Identifier: Apache-2.0
"""The mouth finisher: a small U-Net that mends lips and fills an open mouth, 64 px of a 160 px face at a time.

It is told where lips and inner mouth should be and sees a first guess at that shape, made of real pixels, and the most
open mouth known of the same person. It gives a correction, so that what is right already passes through untouched.
Colours are square roots of light relative to the skin round the lips (nodes/mouth/neural.py), unbounded.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models.loader import Weights, load_given

SIDE_PX = 64
LAYOUT = "mouth_finisher"


@dataclass(frozen=True)
class Dimensions:
    """pictures: colour channels seen (guess, most open mouth). maps: shapes seen (inner mouth and lips as they should
    be, inner mouth of the most open one). widths: channels at 64, 32, 16 and 8 px."""

    pictures: int = 6
    maps: int = 3
    widths: tuple[int, ...] = (32, 48, 96, 128)

    def as_dict(self) -> dict[str, Any]:
        return {"layout": LAYOUT, **asdict(self), "widths": list(self.widths)}

    @classmethod
    def of(cls, dims: Mapping[str, Any]) -> Dimensions:
        return cls(int(dims["pictures"]), int(dims["maps"]), tuple(int(width) for width in dims["widths"]))


class Pair(nn.Module):
    """Two 3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.leaky_relu(self.first(x), 0.1)
        return functional.leaky_relu(self.second(x), 0.1)


class MouthFinisher(nn.Module):
    """x: [B, pictures + maps, 64, 64] -> correction [B, 3, 64, 64], to be added to the guess within the lips' zone."""

    def __init__(self, dims: Dimensions) -> None:
        super().__init__()
        self.dims = dims
        widths = dims.widths
        inputs = (dims.pictures + dims.maps, *widths[:-1])
        self.down = nn.ModuleList(Pair(a, b) for a, b in zip(inputs, widths, strict=True))
        self.up = nn.ModuleList(Pair(a + b, a) for a, b in pairwise(widths))
        self.out = nn.Conv2d(widths[0], 3, 3, padding=1)
        nn.init.zeros_(self.out.weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        seen = []
        for depth, pair in enumerate(self.down):
            x = pair(functional.avg_pool2d(x, 2) if depth else x)
            seen.append(x)
        for pair, skip in zip(reversed(self.up), reversed(seen[:-1]), strict=True):
            grown = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = pair(torch.cat([skip, grown], dim=1))
        return self.out(x)


class MouthGenerator:
    """Weights for use: one frame at a time, on one thread, so that no batch or chunk changes a bit."""

    def __init__(self, weights: Weights) -> None:
        if weights.dims.get("layout") != LAYOUT:
            raise ModelError(
                f"{weights.name}: is of another network (got layout {weights.dims.get('layout')!r}, "
                f"expected {LAYOUT!r}); name weights of the mouth generator"
            )
        try:
            dims = Dimensions.of(weights.dims)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{weights.name}: dims lack {error}; use weights of the mouth generator") from None
        weights.fit(expected_shapes(dims))
        torch.set_num_threads(1)  # two threads wait for each other on a busy machine, and a farm has its own
        self.name, self.sha256 = weights.name, weights.sha256
        network = MouthFinisher(dims).eval()
        network.load_state_dict({key: torch.from_numpy(value.copy()) for key, value in weights.tensors.items()})
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def correct(self, x: np.ndarray) -> np.ndarray:
        """x: [9, 64, 64] float32. Returns the correction [3, 64, 64] float32."""
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(x[None])).contiguous(memory_format=torch.channels_last)
            return np.ascontiguousarray(self.network(batch)[0].numpy())


def expected_shapes(dims: Dimensions) -> dict[str, tuple[int, ...]]:
    """Names and shapes as the trained network has them."""
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in MouthFinisher(dims).state_dict().items()}


def generator(given: str) -> MouthGenerator:
    """The network of some weights, by name or path, made once.  Raises: ModelError."""
    weights = load_given(given)
    return _made(weights.sha256, given)


@lru_cache(maxsize=4)
def _made(sha256: str, given: str) -> MouthGenerator:
    return MouthGenerator(load_given(given))
