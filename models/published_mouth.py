# SPDX-License-Identifier: Apache-2.0
"""A public checkpoint of the published layout (models/wav2lip.py) for use: one face at a time, on one thread."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from ofx_lipsync.core.errors import ModelError
from ofx_lipsync.models import wav2lip
from ofx_lipsync.models.loader import Weights, load_given


class PublishedMouth:
    """In float32, so that every machine of a farm paints the same mouth to far below what is seen.

    Raises: ModelError where the weights are of another layout or do not fit it."""

    def __init__(self, weights: Weights) -> None:
        if weights.dims.get("layout") != wav2lip.LAYOUT:
            raise ModelError(
                f"{weights.name}: is of another network (got layout {weights.dims.get('layout')!r}, "
                f"expected {wav2lip.LAYOUT!r}); name weights of the published generator"
            )
        weights.fit(wav2lip.shapes())
        torch.set_num_threads(1)  # two threads wait for each other on a busy machine, and a farm has its own
        self.name, self.sha256 = weights.name, weights.sha256
        self.network = wav2lip.for_use(weights.tensors)

    def make(self, heard: np.ndarray, face: np.ndarray) -> np.ndarray:
        """heard: [80, 16] of the mel. face: [6, 96, 96] float32, BGR 0..1. Returns [3, 96, 96] float32, BGR 0..1."""
        with torch.inference_mode():
            seen = torch.from_numpy(np.ascontiguousarray(face[None])).contiguous(memory_format=torch.channels_last)
            made = self.network(torch.from_numpy(np.ascontiguousarray(heard[None, None])), seen)
            return np.ascontiguousarray(made[0].numpy())


def published_mouth(given: str) -> PublishedMouth:
    """The network of some weights, by name or path, made once.  Raises: ModelError."""
    return _made(load_given(given).sha256, given)


@lru_cache(maxsize=2)
def _made(sha256: str, given: str) -> PublishedMouth:
    return PublishedMouth(load_given(given))
