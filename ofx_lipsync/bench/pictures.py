# SPDX-License-Identifier: Apache-2.0
"""How near one picture is to another: PSNR and SSIM of a part of it."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.kernels.blur import blur

WINDOW_PX = 1.5
"""Sigma of SSIM's window, as its authors have it."""
C1, C2 = 0.01**2, 0.03**2


def psnr_db(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> float:
    """a, b: [3, H, W], 0..1. weight: [H, W]."""
    wrong = float((((a - b) ** 2).mean(axis=0) * weight).sum() / weight.sum())
    return float(-10 * np.log10(max(wrong, 1e-10)))


def ssim(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> float:
    """Mean over a weight [H, W] of the index of two pictures [3, H, W], 0..1, in grey.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity" (2004), eq. 13.
    """
    x, y = (part.mean(axis=0, keepdims=True).astype(np.float32) for part in (a, b))
    mx, my = blur(x, WINDOW_PX), blur(y, WINDOW_PX)
    vx, vy, both = blur(x * x, WINDOW_PX) - mx**2, blur(y * y, WINDOW_PX) - my**2, blur(x * y, WINDOW_PX) - mx * my
    index = (2 * mx * my + C1) * (2 * both + C2) / ((mx**2 + my**2 + C1) * (vx + vy + C2))
    return float((index[0] * weight).sum() / weight.sum())


def coded(light: np.ndarray) -> np.ndarray:
    """sRGB of linear light, 0..1."""
    held = np.clip(light, 0, 1)
    return np.where(held <= 0.0031308, held * 12.92, 1.055 * held ** (1 / 2.4) - 0.055).astype(np.float32)
