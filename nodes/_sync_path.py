# SPDX-License-Identifier: Apache-2.0
"""Which offset a shot has at every moment: the best path through a map of scores, by dynamic programming.

An offset stays, drifts a step at a small price, or jumps anywhere at a large one: a splice does that, and nothing else.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

SETTLE_S = 3.0
"""A path is refined on scores averaged over about this long, within one stretch between jumps."""
SPEAKS = 0.5
"""Voice from which on somebody is heard."""
BESIDE = 3
"""Steps to either side of the path that the peak is read from."""


def averaged(scores: np.ndarray, weight: np.ndarray, steps: int) -> np.ndarray:
    """scores: [T, K], weight: [T] 0..1. Returns [T, K]: weighted means over `steps` steps round each moment; 0 where
    nothing in the window counts."""
    count = max(1, steps)
    before, after = count // 2, count - count // 2
    edges = np.arange(len(scores))
    first, last = np.maximum(edges - before, 0), np.minimum(edges + after, len(scores))
    total = np.concatenate([np.zeros((1, scores.shape[1])), np.cumsum(scores * weight[:, None], axis=0)])
    known = np.concatenate([[0.0], np.cumsum(weight)])
    mass = (known[last] - known[first])[:, None]
    return np.where(mass > 1e-3, (total[last] - total[first]) / np.maximum(mass, 1e-3), 0.0)


def best_path(scores: np.ndarray, jump_price: float, drift_price: float) -> np.ndarray:
    """scores: [T, K]. Returns [T] int64, the column of every moment: the path whose scores less its prices sum up
    highest. A move by one column costs drift_price, by more jump_price."""
    steps, columns = scores.shape
    if not steps:
        return np.zeros(0, np.int64)
    came = np.empty((steps, columns), np.int32)
    best, own = scores[0].astype(np.float64), np.arange(columns)
    for t in range(1, steps):
        top = int(best.argmax())
        ways = np.full((4, columns), -np.inf)
        ways[0], ways[1, 1:], ways[2, :-1] = best, best[:-1] - drift_price, best[1:] - drift_price
        ways[3] = best[top] - jump_price
        way = ways.argmax(axis=0)
        came[t] = np.choose(way, (own, own - 1, own + 1, np.full(columns, top)))
        best = ways[way, own] + scores[t]
    path = np.empty(steps, np.int64)
    path[-1] = int(best.argmax())
    for t in range(steps - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path


def in_pauses(path: np.ndarray, voice: np.ndarray) -> np.ndarray:
    """The path with each jump that falls into a pause in the middle of it: nothing tells where in a pause a splice is,
    and the middle is least wrong. voice: [T + K - 1]; row t + k is what moment t hears at column k."""
    path = path.copy()
    for jump in (np.flatnonzero(np.abs(np.diff(path)) > 1) + 1).tolist():
        before, after = int(path[jump - 1]), int(path[jump])
        first, last = jump, jump
        while first > 0 and path[first - 1] == before and voice[first - 1 + before] < SPEAKS:
            first -= 1
        while last < len(path) and path[last] == after and voice[last + after] < SPEAKS:
            last += 1
        middle = (first + last) // 2
        path[first:middle], path[middle:last] = before, after
    return path


def stretches(path: np.ndarray) -> list[slice]:
    """Where the path does not jump."""
    breaks = np.flatnonzero(np.abs(np.diff(path)) > 1) + 1
    edges = [0, *breaks.tolist(), len(path)]
    return [slice(a, b) for a, b in pairwise(edges) if b > a]


def refined(scores: np.ndarray, weight: np.ndarray, path: np.ndarray, settle: int) -> np.ndarray:
    """[T] float64: the path at sub-step resolution, by the parabola on the scores beside it. settle: steps that are
    averaged for it."""
    beside = np.arange(-BESIDE, BESIDE + 1)
    columns = np.clip(path[:, None] + beside, 0, scores.shape[1] - 1)
    along = np.take_along_axis(scores, columns, axis=1)
    fine = path.astype(np.float64)
    for part in stretches(path):
        # the path's own steps are taken out before the mean, so that a drift is not cut into stairs
        level = _mean_of(fine[part], settle)
        fine[part] = level + peak(averaged(along[part], weight[part], settle))
    return fine


def peak(near: np.ndarray) -> np.ndarray:
    """near: [T, 2 BESIDE + 1] scores round a column. Returns [T]: how far beside it the top of their parabola lies, by
    least squares; 0 where they have no top."""
    x = np.arange(-BESIDE, BESIDE + 1, dtype=np.float64)
    bend, slope, _ = np.linalg.lstsq(np.stack([x**2, x, np.ones_like(x)], axis=1), near.T, rcond=None)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        top = np.where(bend < -1e-6, -slope / (2 * bend), 0.0)
    return np.clip(top, -1.5, 1.5)


def _mean_of(values: np.ndarray, steps: int) -> np.ndarray:
    return averaged(values[:, None], np.ones(len(values)), steps)[:, 0]
