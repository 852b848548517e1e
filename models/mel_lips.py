# SPDX-License-Identifier: Apache-2.0
"""The articulation network that hears the mel spectrogram itself, in NumPy."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.models.convolved import blocks_and_head, convolved, member, trunk_shapes
from ofx_lipsync.models.loader import Weights
from ofx_lipsync.models.mel import FRAMES_HZ, SILENCE

STEPS_HZ = FRAMES_HZ / 2


class MelLips:
    """Mel in, lips out, 40 steps a second."""

    def __init__(self, weights: Weights) -> None:
        dims = weights.dims
        try:
            self.members, width, self.dilations = int(dims["members"]), int(dims["width"]), list(dims["dilations"])
            shapes = expected_shapes(
                self.members, int(dims["bands"]), width, len(self.dilations), int(dims["channels"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{weights.name}: dims lack {error}; use weights of the articulation network") from None
        weights.fit(shapes)
        self.tensors = weights.tensors

    def outputs(self, mel: np.ndarray, steps: Steps = NO_STEPS) -> np.ndarray:
        """mel: [80, T], -4..4. Returns [ceil(T / 2), channels + 2], the members' mean, closure and voice as logits;
        step k is at k * 25 ms."""
        x = np.ascontiguousarray((mel.T - SILENCE) / -SILENCE, np.float32)
        heard = np.stack([self._member(m, x, part) for m, part in enumerate(steps.parts(self.members))])
        return np.asarray(heard.mean(axis=0, dtype=np.float32))

    def _member(self, number: int, mel: np.ndarray, steps: Steps) -> np.ndarray:
        w = member(self.tensors, number)
        x = np.maximum(convolved(mel, w["stem.weight"], w["stem.bias"], stride=2), 0)  # [T / 2, width]
        return blocks_and_head(x, w, self.dilations, steps)


def expected_shapes(members: int, bands: int, width: int, blocks: int, channels: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes as the trained network has them."""
    one: dict[str, tuple[int, ...]] = {"stem.weight": (width, bands, 5), "stem.bias": (width,)}
    one |= trunk_shapes(width, blocks, channels)
    return {f"{m}.{key}": shape for m in range(members) for key, shape in one.items()}
