# SPDX-License-Identifier: Apache-2.0
"""Something to render: a picture of noise, and a node with its source connected."""

from __future__ import annotations

from typing import Any

import numpy as np

from ofx_lipsync.plugin.host.effect import Effect
from ofx_lipsync.plugin.host.host import Host, Plugin
from ofx_lipsync.plugin.host.picture import Layout, Picture


def noise(layout: Layout, seed: int = 0) -> Picture:
    """Any bits, NaNs too: pixels are passed on, not looked at."""
    picture = Picture(layout)
    size = picture.pixels.size * picture.pixels.itemsize
    content = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()
    picture.pixels[...] = np.frombuffer(content, picture.pixels.dtype).reshape(picture.pixels.shape)
    return picture


def bits(pixels: np.ndarray) -> np.ndarray:
    """pixels [H, W, C] as [H, row bytes] uint8, so that NaNs compare."""
    return np.ascontiguousarray(pixels).view(np.uint8).reshape(len(pixels), -1)


def ready(host: Host, label: str = "FaceDetect", source: Picture | None = None, **params: Any) -> tuple[Plugin, Effect]:
    """An instance of a node, its Source connected, its params set."""
    plugin = host.plugins[label]
    effect = plugin.create()
    if source is not None:
        effect.clips["Source"].connect(lambda time: source, source.layout)
    effect.set(**params)
    return plugin, effect
