# SPDX-License-Identifier: Apache-2.0
"""Which offset a shot has at every moment: the best path through a map of scores, by dynamic programming.

An offset stays, drifts a step at a small price, or jumps anywhere at a large one: a splice does that, and nothing else.
Every sound is said once: one that comes earlier covers the end of what was before it, a later one leaves a hole.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

SETTLE_S = 3.0
"""A path is refined on scores averaged over about this long, within one stretch between jumps."""
SPEAKS = 0.5
"""Voice from which on somebody is heard."""
UNHEARD = 0.15
"""What a moment counts whose sound a splice has covered: as much as lips and sound of different moments are alike."""
LIKELIER = 0.25
"""How much less a jump costs where an edit has left something behind."""
CUT = 0.5
"""A cut in the picture speaks for a splice in the sound there half as much as a hole in the sound does: many edits cut
the picture alone."""
LEFT, BESIDE_MIDDLE = 0.3, 0.2
"""How much must be left behind to be believed, and what lying at the end of a pause, not in its middle, takes off."""
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


def best_path(
    scores: np.ndarray, jump_price: float, drift_price: float, likelier: np.ndarray | None = None
) -> np.ndarray:
    """scores: [T, K]. Returns [T] int64, the column of every moment: the path whose scores less its prices sum up
    highest. A move by one column costs drift_price, by more jump_price, less where a splice is likelier: [T, K], 0..1
    at the first moment after a jump and the column it leads to.

    A splice that brings the sound earlier covers the end of what came before it: the mouth still moves, and its sound
    is gone. Such moments go with what came before, and count UNHEARD.
    """
    steps, columns = scores.shape
    if not steps:
        return np.zeros(0, np.int64)
    came, gaps = np.zeros((steps, columns), np.int32), np.zeros((steps, columns), np.int32)
    best, own = scores[0].astype(np.float64), np.arange(columns)
    covered, gap = np.full(columns, -np.inf), np.zeros(columns, np.int32)
    for t in range(1, steps):
        price = jump_price if likelier is None else jump_price * (1 - LIKELIER * likelier[t])
        from_below, below = _best_below(best)
        ways = np.full((5, columns), -np.inf)
        ways[0], ways[1, 1:], ways[2, :-1] = best, best[:-1] - drift_price, best[1:] - drift_price
        ways[3], ways[4] = from_below - price, covered - price
        way = ways.argmax(axis=0)
        came[t] = np.choose(way, (own, own - 1, own + 1, below, own + gap))
        gaps[t] = np.where(way == 4, gap, 0)
        covered, gap = _covered(best, covered, gap)
        best = ways[way, own] + scores[t]
    return _traced(came, gaps, int(best.argmax()))


def _best_below(best: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every column the highest of those at least two below it, and which that is."""
    value, which = np.full(len(best), -np.inf), np.zeros(len(best), np.int64)
    highest = np.maximum.accumulate(best)
    value[2:] = highest[:-2]
    which[2:] = np.maximum.accumulate(np.where(best >= highest, np.arange(len(best)), 0))[:-2]
    return value, which


def _covered(best: np.ndarray, covered: np.ndarray, gap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A moment on: a path that came from n columns above, n moments ago, whose sounds since are covered; and n."""
    now = np.append(best[1:], -np.inf)
    since, longer = np.append(covered[1:], -np.inf), np.append(gap[1:] + 1, 1)
    return np.maximum(now, since) + UNHEARD, np.where(now >= since, 1, longer).astype(np.int32)


def _traced(came: np.ndarray, gaps: np.ndarray, last: int) -> np.ndarray:
    path = np.empty(len(came), np.int64)
    path[-1], t = last, len(came) - 1
    while t > 0:
        before, gap = came[t, path[t]], int(gaps[t, path[t]])
        path[t - 1 - gap : t] = before
        t -= 1 + gap
    return path


def in_pauses(path: np.ndarray, voice: np.ndarray, seams: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """The path with each jump that falls into a pause where an edit left something, else in the middle of the pause,
    which is least wrong. voice, seams: [T + K - 1]; row t + k is what moment t hears at column k. cuts: [T]."""
    path = path.copy()
    for jump in (np.flatnonzero(np.abs(np.diff(path)) > 1) + 1).tolist():
        before, after = int(path[jump - 1]), int(path[jump])
        first, last = _pause(path, jump, voice)
        at = np.arange(first, min(last + 1, len(path)))
        if last == first:
            continue
        middle = (first + last) // 2
        left = seams[at + after] + CUT * cuts[at]
        if after > before:
            left = left + seams[at + before]  # where the old sound ends; the new one begins at the hole's other end
        left = left - BESIDE_MIDDLE * np.abs(at - middle) / max(1, (last - first) / 2)
        here = int(at[left.argmax()]) if left.max() >= LEFT else middle
        path[first:here], path[here:last] = before, after
    return path


def _pause(path: np.ndarray, jump: int, voice: np.ndarray) -> tuple[int, int]:
    """From where to where a jump may be, and nothing that is heard would have another offset for it. The new sound
    begins at the column that comes first to hear it, and covers what was there."""
    before, after = int(path[jump - 1]), int(path[jump])
    first, last = jump, jump
    while first > 0 and path[first - 1] == before and voice[first - 1 + min(before, after)] < SPEAKS:
        first -= 1
    while last < len(path) and path[last] == after and voice[last + after] < SPEAKS:
        last += 1
    return first, last


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
