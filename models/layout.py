# SPDX-License-Identifier: Apache-2.0
"""Public layouts of other people's networks: weights that a user brings are checked key by key before they run."""

from __future__ import annotations

from typing import Mapping

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models.loader import Weights

NORM = ("weight", "bias", "running_mean", "running_var")


def convolution(name: str, out: int, inputs: int, *kernel: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a convolution or a linear layer with a bias."""
    return {f"{name}.weight": (out, inputs, *kernel), f"{name}.bias": (out,)}


def norm(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a batch norm."""
    return {f"{name}.{part}": (channels,) for part in NORM} | {f"{name}.num_batches_tracked": ()}


def check(weights: Weights, layout: str, expected: Mapping[str, tuple[int, ...]]) -> None:
    """Raises: ModelError with everything that is missing, unexpected or of another shape, in one line."""
    said, have = weights.dims.get("layout"), weights.tensors
    if said != layout:
        raise ModelError(f"{weights.name}: layout is {said!r}, expected {layout!r}; convert it with that layout")
    missing = [name for name in expected if name not in have]
    unexpected = [name for name in have if name not in expected]
    misshapen = [
        f"{name} {have[name].shape} for {tuple(shape)}"
        for name, shape in expected.items()
        if name in have and have[name].shape != tuple(shape)
    ]
    kinds = {"missing": missing, "unexpected": unexpected, "of another shape": misshapen}
    wrong = [f"{len(names)} {kind}: {', '.join(names)}" for kind, names in kinds.items() if names]
    if wrong:
        raise ModelError(f"{weights.name}: is not a {layout} ({'; '.join(wrong)}); use the network's own checkpoint")
