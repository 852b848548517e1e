# SPDX-License-Identifier: Apache-2.0
"""How near made mouths are to filmed ones, within the window that the network sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ofx_lipsync.train.mouth.batches import TRUTH, WEIGHT
from ofx_lipsync.train.mouth.finisher import finished, mistakes


@dataclass(frozen=True)
class Score:
    """psnr_db: of roots of light relative to the skin, over the lips' zone; mistakes: as training counts them. Of the
    network, and of the plate engine's guess that it is given."""

    psnr_db: float
    guess_db: float
    mistakes: float

    def text(self) -> str:
        if np.isnan(self.psnr_db):
            return "not scored, there is too little"
        return f"PSNR {self.psnr_db:.2f} dB (plate engine {self.guess_db:.2f})"


def score(network: torch.nn.Module, rows: np.ndarray) -> Score:
    """rows: [N, 13, 64, 64] lessons."""
    if not len(rows):
        return Score(float("nan"), float("nan"), float("nan"))
    x = torch.from_numpy(rows)
    with torch.no_grad():
        made = torch.cat([finished(p[:, :3], network(p[:, :9]), p[:, WEIGHT]) for p in x.split(16)])
    zone = x[:, WEIGHT].clamp(max=1.0)
    error = mistakes(made, x[:, TRUTH], x[:, WEIGHT]).item()
    return Score(_psnr(made, x[:, TRUTH], zone), _psnr(x[:, :3], x[:, TRUTH], zone), error)


def _psnr(made: torch.Tensor, truth: torch.Tensor, zone: torch.Tensor) -> float:
    """Mean over pictures; skin is 1."""
    square = (((made - truth) ** 2).mean(1, keepdim=True) * zone).sum((1, 2, 3)) / zone.sum((1, 2, 3))
    return float((-10 * torch.log10(square.clamp(min=1e-8))).mean())
