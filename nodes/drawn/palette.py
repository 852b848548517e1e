# SPDX-License-Identifier: Apache-2.0
"""The colours of a set of drawings, and which of them each pixel shows.

Flat cartoons have a handful of colours; painted drawings are cut into as many as fit. Soft edges hold a mixture of two
colours that may look like a third (white on dark red is pink), so a pixel is given a colour only where its neighbours
agree, and the edges between take the likelier of the colours beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

import numpy as np

from ofx_lipsync.kernels.morph import MOST_REGIONS
from ofx_lipsync.media.drawing import Drawing

NEAR = 0.05
"""Colours this close (of 0..1, coded as the eye sees them) are one."""
FINE = 32
"""Steps of a colour channel that are told apart while counting."""
LEAST_SHARE = 0.001
AGREE = 5
"""Of eight neighbours, so many must show the same colour for it to count."""
MOST_STEPS = 24


@dataclass(frozen=True)
class Palette:
    """coded: [R, 4] as they are compared. means: [R, 4] float32 premultiplied scene-linear; region 0 is nothing."""

    coded: np.ndarray
    means: np.ndarray

    @classmethod
    def of(cls, drawings: Iterable[Drawing]) -> Palette:
        flat = np.concatenate([np.zeros((0, 4)), *(_flat_pixels(drawing.pixels) for drawing in drawings)])
        codes = coded(flat.T).T
        steps = np.rint(codes * FINE).astype(np.int64).clip(0, 1000) @ np.array([10**9, 10**6, 10**3, 1])
        order = np.argsort(steps, kind="stable")
        starts = np.flatnonzero(np.diff(steps[order], prepend=-1)) if len(order) else np.zeros(0, int)
        counts = np.diff(np.append(starts, len(order)))
        found, means = [np.zeros(4)], [np.zeros(4)]
        for at in np.argsort(-counts, kind="stable"):
            members = order[starts[at] : starts[at] + counts[at]]
            centre = codes[members].mean(axis=0)
            if len(found) >= MOST_REGIONS or counts[at] < LEAST_SHARE * len(codes):
                break
            if min(float(np.abs(centre - other).max()) for other in found) > NEAR:
                found.append(centre)
                means.append(flat[members].mean(axis=0))
        return cls(np.array(found), np.array(means, np.float32))


def labelled(pixels: np.ndarray, palette: Palette) -> np.ndarray:
    """[H, W] int: which colour of the palette each pixel shows."""
    seen = coded(pixels)
    away = np.stack([np.abs(seen - colour[:, None, None]).max(axis=0) for colour in palette.coded])
    nearest = away.argmin(axis=0)
    agree = sum(shifted(nearest, -1, dy, dx) == nearest for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx)
    labels = np.where((away.min(axis=0) < NEAR) & (agree >= AGREE), nearest, -1)
    labels[pixels[3] == 0] = 0
    for _ in range(MOST_STEPS):
        unknown = labels < 0
        if not unknown.any():
            break
        beside = np.stack([_beside(labels == k) for k in range(len(away))])
        likely = np.where(beside, away, np.inf).argmin(axis=0)
        labels = np.where(unknown & beside.any(axis=0), likely, labels)
    return np.where(labels < 0, nearest, labels)


def coverage(pixels: np.ndarray, labels: np.ndarray, palette: Palette) -> np.ndarray:
    """[R, H, W] float32: how much of each pixel each colour covers; a soft edge is shared by the two beside it."""
    seen = coded(pixels)
    cover = (labels == np.arange(len(palette.coded))[:, None, None]).astype(np.float32)
    own_share, other = np.ones(labels.shape), labels.copy()
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        beside = shifted(labels, -1, dy, dx)
        edge = np.nonzero((beside >= 0) & (beside != labels))
        here, there = palette.coded[labels[edge]], palette.coded[beside[edge]]
        way = here - there
        share = ((seen[:, *edge].T - there) * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1e-9)
        share = np.clip(share, 0.5, 1)
        lower = share < own_share[edge]
        at = tuple(axis[lower] for axis in edge)
        own_share[at], other[at] = share[lower], beside[edge][lower]
    mixed = np.nonzero(own_share < 1)
    cover[labels[mixed], *mixed] = own_share[mixed]
    cover[other[mixed], *mixed] = np.float32(0.999) - own_share[mixed]
    return np.maximum(cover, 0)


def coded(pixels: np.ndarray) -> np.ndarray:
    """[4, ...]: near to how different colours look; values beyond 0..1 keep their order."""
    finite = np.nan_to_num(pixels, nan=0.0, posinf=1e4, neginf=0.0)
    return np.concatenate([np.maximum(finite[:3], 0) ** (1 / 2.2), finite[3:]])


def shifted(array: np.ndarray, fill: float, dy: int, dx: int) -> np.ndarray:
    """The array moved down by dy and right by dx, `fill` where nothing came."""
    out = np.full_like(array, fill)
    height, width = array.shape[-2:]
    to_y, from_y = slice(max(dy, 0), height + min(dy, 0)), slice(max(-dy, 0), height - max(dy, 0))
    to_x, from_x = slice(max(dx, 0), width + min(dx, 0)), slice(max(-dx, 0), width - max(dx, 0))
    out[..., to_y, to_x] = array[..., from_y, from_x]
    return out


def _flat_pixels(pixels: np.ndarray) -> np.ndarray:
    """[N, 4] of those that look like their neighbours, or of all that are drawn where hardly any do."""
    seen, drawn = coded(pixels), pixels[3] > 0.02
    steps = [np.abs(shifted(seen, 9.0, dy, dx) - seen).max(axis=0) for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))]
    flat = drawn & (np.maximum.reduce(steps) < 0.02)
    return pixels[:, flat if flat.sum() > 0.2 * drawn.sum() else drawn].T


def _beside(mask: np.ndarray) -> np.ndarray:
    out = mask.copy()
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        out |= shifted(mask, False, dy, dx)
    return out
