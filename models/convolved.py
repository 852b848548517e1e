# SPDX-License-Identifier: Apache-2.0
"""Layers of the articulation networks in NumPy, over a line as a whole."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ofx_lipsync.core.steps import NO_STEPS, Steps


def convolved(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int = 1, dilation: int = 1) -> np.ndarray:
    """x: [T, in], nothing outside; weight: [out, in, taps], centred. Returns [ceil(T / stride), out]."""
    taps = weight.shape[2]
    reach = dilation * (taps // 2)
    padded = np.pad(x, ((reach, reach), (0, 0)))
    out = np.tile(bias, (-(-len(x) // stride), 1))
    for tap in range(taps):
        out += padded[tap * dilation : tap * dilation + len(x) : stride] @ weight[:, :, tap].T
    return out


def normed(x: np.ndarray, gain: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """x: [T, C]: each step to zero mean and unit variance over its channels."""
    x = x - x.mean(axis=1, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axis=1, keepdims=True) + np.float32(1e-5)) * gain + bias


def blocks_and_head(
    x: np.ndarray, w: dict[str, np.ndarray], dilations: Sequence[int], steps: Steps = NO_STEPS
) -> np.ndarray:
    """x: [T, width] after the stem -> [T, channels + 2]: residual blocks, one a dilation, and the head."""
    for i, dilation in enumerate(steps.over(dilations, len(dilations))):
        inner = normed(x, w[f"blocks.{i}.norm.gain"], w[f"blocks.{i}.norm.bias"])
        inner = convolved(inner, w[f"blocks.{i}.spread.weight"], w[f"blocks.{i}.spread.bias"], dilation=dilation)
        x = x + convolved(np.maximum(inner, 0), w[f"blocks.{i}.mix.weight"], w[f"blocks.{i}.mix.bias"])
    return convolved(normed(x, w["norm.gain"], w["norm.bias"]), w["head.weight"], w["head.bias"])


def trunk_shapes(width: int, blocks: int, channels: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the blocks and the head, as the trained networks have them."""
    shapes: dict[str, tuple[int, ...]] = {}
    for i in range(blocks):
        shapes |= {f"blocks.{i}.norm.gain": (width,), f"blocks.{i}.norm.bias": (width,)}
        shapes |= {f"blocks.{i}.spread.weight": (width, width, 3), f"blocks.{i}.spread.bias": (width,)}
        shapes |= {f"blocks.{i}.mix.weight": (width, width, 1), f"blocks.{i}.mix.bias": (width,)}
    shapes |= {"norm.gain": (width,), "norm.bias": (width,)}
    return shapes | {"head.weight": (channels + 2, width, 1), "head.bias": (channels + 2,)}


def member(tensors: dict[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    """The tensors of one of several networks in a file."""
    prefix = f"{number}."
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
