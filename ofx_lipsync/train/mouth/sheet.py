# SPDX-License-Identifier: Apache-2.0
"""A sheet to look at: most open mouth known, the plate engine's guess, what the network makes of it, the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image as Picture

from ofx_lipsync.train.mouth.batches import TRUTH, WEIGHT
from ofx_lipsync.train.mouth.finisher import finished

LARGER = 3
SKIN = 0.45
"""How bright the skin is drawn, of white."""


def sheet(network: torch.nn.Module, rows: np.ndarray, path: Path) -> None:
    """rows: [N, 13, 64, 64] lessons. Writes a picture of N columns."""
    x = torch.from_numpy(rows.astype(np.float32))
    with torch.no_grad():
        correction = network(x[:, :9].to(next(network.parameters()).device)).cpu()
        made = finished(x[:, :3], correction, x[:, WEIGHT])
    strips = [x[:, 3:6], x[:, :3], made, x[:, TRUTH]]
    picture = np.concatenate([_row(strip.numpy()) for strip in strips])
    path.parent.mkdir(parents=True, exist_ok=True)
    high, wide = picture.shape[:2]
    Picture.fromarray(picture).resize((wide * LARGER, high * LARGER), Picture.Resampling.BICUBIC).save(path)


def _row(pictures: np.ndarray) -> np.ndarray:
    """[64, N * 64, 3] uint8 of roots of light [N, 3, 64, 64]."""
    light = np.clip(pictures * np.abs(pictures) * SKIN, 0, 1)
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.concatenate(np.rint(coded * 255).astype(np.uint8).transpose(0, 2, 3, 1), axis=1)
