# SPDX-License-Identifier: Apache-2.0
"""Which mouth to show when: the cheapest walk through the library over the whole line."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.plan import PLATE
from ofx_lipsync.core.steps import NO_STEPS, Steps
from ofx_lipsync.nodes.mouth.library import Library, follows
from ofx_lipsync.nodes.mouth.points import LIP_ROWS, LOWER_INNER, UPPER_INNER

LIPS_OFF = 0.006
"""Lips that differ by this much, in face heights (root mean square), cost 1; so does a gap that much wider."""
TURNED_OFF = np.array([6.0, 6.0, 12.0])
"""Yaw, pitch and roll that cost 1, in degrees."""
NEARER = 0.15
"""So does a head nearer by this (natural log of scale)."""
SLIT, TIMES_OFF = 0.008, 8.0
"""What a gap e times as wide as the wanted one costs: teeth stretch so much. Gaps below SLIT face heights are even."""
BLUR = 0.025
SMEARED, CALM = 0.02, 0.01
"""A head that went this much further in a frame, in face heights, than the one it is for, CALM aside, costs 1: blur can
be added to a sharp mouth and not taken from a smeared one."""
JUMP = 4.0
SAME_AGAIN, SKIP, BACK = 1.0, 0.5, 0.5
"""A mouth held still is worth less than one played backwards: its grain freezes."""
NEVER = 1e6


def fit_cost(
    library: Library, front: np.ndarray, angles: np.ndarray, scale: np.ndarray, travel: np.ndarray | None = None
) -> np.ndarray:
    """[N, K] float32: what it costs to show mouth k where lips [N, P, 3] to the front are wanted at a head pose.
    travel: [N] of the head in a frame, in face heights; where it is not given, motion blur costs nothing.
    """
    lips, known = front[:, LIP_ROWS, :2], library.front[:, LIP_ROWS, :2]
    apart = _square(lips, known) / LIPS_OFF**2
    there, here = np.maximum(gap(library.front), 0)[None], np.maximum(gap(front), 0)[:, None]
    parted = ((here - there) / LIPS_OFF) ** 2 + TIMES_OFF * np.log((here + SLIT) / (there + SLIT)) ** 2
    turn = (((angles[:, None] - library.angles[None]) / TURNED_OFF) ** 2).sum(axis=2)
    near = (np.log(scale[:, None] / library.scale[None]) / NEARER) ** 2
    faster = 0.0 if travel is None else np.maximum(library.travel[None] - travel[:, None] - CALM, 0) / SMEARED
    return (apart + parted + turn + near + (library.speed / BLUR)[None] + faster**2).astype(np.float32)


def keep_away(library: Library, frames: np.ndarray, within: float) -> np.ndarray:
    """[N, K] float32: NEVER where a mouth of the plate is from less than `within` frames away, else 0."""
    near = np.abs(frames[:, None] - library.frame[None]) < within
    return np.where(near & (library.clip == PLATE)[None], np.float32(NEVER), np.float32(0))


def step_cost(library: Library) -> np.ndarray:
    """[K, K] float32: nothing for the next frame of the same run, little for staying or skipping, more for a jump,
    and more again the less the mouth jumped to resembles the one that would have come next."""
    gap = follows(library)
    after = np.minimum(np.arange(len(gap)) + 1, len(gap) - 1)
    lips = library.front[:, LIP_ROWS, :2]
    turn = (((library.angles[after][:, None] - library.angles[None]) / TURNED_OFF) ** 2).sum(axis=2)
    jump = JUMP + _square(lips[after], lips) / LIPS_OFF**2 + turn
    known = [gap == 1, gap == 0, gap == 2, gap == -1]
    return np.select(known, [0.0, SAME_AGAIN, SKIP, BACK], jump).astype(np.float32)


def jumps(library: Library, walk: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """[N] bool: whether the mouth of a row does not follow from the one before it."""
    frame, clip = library.frame[walk], library.clip[walk]
    step = np.diff(frame, prepend=frame[:1])
    other = np.diff(clip.astype(np.int64), prepend=clip[:1].astype(np.int64)) != 0
    return (other | (step < -1) | (step > 2)) & ~starts


def cheapest_walk(fit: np.ndarray, step: np.ndarray, starts: np.ndarray, steps: Steps = NO_STEPS) -> np.ndarray:
    """[N] int64, the library rows whose fits and steps add up to the least; ties go to the lower row.

    fit: [N, K], what it costs to show mouth k at time n. step: [K, K], from one mouth to the next.
    starts: [N] bool, where a new walk begins (first frame, after a cut or a gap), so that no step is paid.
    Source: Viterbi, "Error bounds for convolutional codes" (1967), on costs.
    """
    count, mouths = fit.shape
    back = np.zeros((count, mouths), np.int32)
    total = fit[0].astype(np.float64)
    columns = np.ascontiguousarray(step.T)
    every = np.arange(mouths)
    for n in range(1, count):
        if n % 64 == 0:
            steps(n / count)
        if starts[n]:
            back[n] = total.argmin()
            total = total.min() + fit[n]
            continue
        ways = columns + total
        back[n] = ways.argmin(axis=1)
        total = ways[every, back[n]] + fit[n]
    walk = np.zeros(count, np.int64)
    walk[-1] = total.argmin()
    for n in range(count - 1, 0, -1):
        walk[n - 1] = back[n, walk[n]]
    return walk


def gap(points: np.ndarray) -> np.ndarray:
    """[N]: inner lips apart in the middle."""
    return (points[:, LOWER_INNER[4:7], 1] - points[:, UPPER_INNER[4:7], 1]).mean(axis=1)


def _square(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[N, K]: mean square distance between point sets [N, L, 2] and [K, L, 2]."""
    x, y = a.reshape(len(a), -1).astype(np.float64), b.reshape(len(b), -1).astype(np.float64)
    square = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1)[None] - 2 * x @ y.T
    return np.maximum(square, 0.0) / a.shape[1]
