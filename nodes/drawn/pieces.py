# SPDX-License-Identifier: Apache-2.0
"""What hangs together in a drawing: runs of drawn pixels, joined where rows touch."""

from __future__ import annotations

import numpy as np

DRAWN = 0.02
FEWEST_PX = 12
"""Smaller specks belong to the first piece."""


def pieces_of(alpha: np.ndarray) -> list[np.ndarray]:
    """Masks [H, W] float32 of the pieces of what is drawn, the largest first; together they hold every pixel once.

    Pixels that touch at a corner hang together.   Source: Rosenfeld & Pfaltz (1966), on runs instead of pixels.
    """
    drawn = alpha > DRAWN
    numbers = _numbered(drawn)
    sizes = np.bincount(numbers[drawn]) if drawn.any() else np.zeros(0, int)
    order = [int(n) for n in np.argsort(-sizes, kind="stable") if sizes[n] >= FEWEST_PX]
    masks = [(numbers == n).astype(np.float32) for n in order]
    if masks:
        masks[0] += 1 - np.sum(masks, axis=0)
    return masks or [np.ones(alpha.shape, np.float32)]


def _numbered(drawn: np.ndarray) -> np.ndarray:
    """[H, W] int: which piece each drawn pixel is of; -1 elsewhere."""
    numbers = np.full(drawn.shape, -1)
    parent: list[int] = []

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = n = parent[parent[n]]
        return n

    above: list[tuple[int, int, int]] = []
    for y, row in enumerate(drawn):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.view(np.int8), [0]]))).reshape(-1, 2)
        here = []
        for start, end in edges.tolist():
            touching = [root(n) for s, e, n in above if s <= end and e >= start]
            number = min(touching, default=len(parent))
            if not touching:
                parent.append(number)
            for other in touching:
                parent[other] = number
            numbers[y, start:end] = number
            here.append((start, end, number))
        above = here
    roots = np.array([root(n) for n in range(len(parent))] or [0])
    return np.where(numbers >= 0, roots[numbers], -1)
