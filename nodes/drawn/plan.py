# SPDX-License-Identifier: Apache-2.0
"""What a character shows on each frame: between which mouths it is, and what eyes and brows do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.cues import Cues
from ofx_lipsync.core.errors import UsageError

EASES = ("smooth", "linear", "in", "out")
HALF_S, SHUT_S = 0.042, 0.090
"""A blink: lids half way for the first, shut for the second, half way again."""
CLOSEST_BLINKS_S = 0.9
PAUSE_S = 0.25
"""A phrase begins after a pause of so long."""
RISE_S, STAY_S, FALL_S = 0.12, 0.25, 0.30
"""How brows go up with the beginning of a phrase, stay, and come down."""


@dataclass(frozen=True)
class CharacterPlan:
    """frames: [F] int64. start, end: [F] int8 indices into cues.names, phase: [F] float32 of the way between them;
    expression_start, expression_end: [F] int8 into `expressions`. eyes: [F] int8, 0 open, 1 half, 2 closed.
    lift: [F] float32 0..1, raised brows. cues: what was heard."""

    frames: np.ndarray
    start: np.ndarray
    end: np.ndarray
    phase: np.ndarray
    expressions: tuple[str, ...]
    expression_start: np.ndarray
    expression_end: np.ndarray
    eyes: np.ndarray
    lift: np.ndarray
    cues: Cues

    def row(self, frame: int) -> int:
        found = int(np.searchsorted(self.frames, frame))
        if found == len(self.frames) or self.frames[found] != frame:
            raise UsageError(f"Character: frame {frame} is not in the plan ({self.frames[0]}-{self.frames[-1]})")
        return found

    @property
    def shown(self) -> np.ndarray:
        """[F] int8: the mouth of each frame where it is one, -1 where it is between two."""
        return np.where(self.start == self.end, self.end, -1).astype(np.int8)


def with_transitions(
    mouths: np.ndarray, expressions: np.ndarray, count: int, ease: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(start, end, expression start, expression end, phase), each [F]: up to `count` frames before each change are on
    the way to it, so that the new mouth is there on its own first frame; one frame of the old mouth is always left."""
    changed = np.flatnonzero((np.diff(mouths) != 0) | (np.diff(expressions) != 0)) + 1
    end, expression_end = mouths.copy(), expressions.copy()
    phase = np.ones(len(mouths), np.float32)
    previous = 0
    for at in changed:
        steps = min(count, at - previous - 1)
        for step in range(1, steps + 1):
            frame = at - steps - 1 + step
            end[frame], expression_end[frame] = mouths[at], expressions[at]
            phase[frame] = eased(step / (steps + 1), ease)
        previous = at
    return mouths.copy(), end, expressions.copy(), expression_end, phase


def eased(t: float, ease: str) -> float:
    """0..1 of the way at 0..1 of the time.   `smooth` is 3 t^2 - 2 t^3; `in` begins slowly, `out` ends slowly."""
    return {"linear": t, "smooth": t * t * (3 - 2 * t), "in": t * t, "out": t * (2 - t)}[ease]


def blinks(times_s: np.ndarray, per_minute: float, seed: int) -> np.ndarray:
    """[F] int8: 0 open, 1 half, 2 closed. At irregular times, the same for a seed whatever the frame rate."""
    eyes = np.zeros(len(times_s), np.int8)
    if per_minute <= 0 or not len(times_s):
        return eyes
    generator = np.random.default_rng(seed)
    mean_s = max(60 / per_minute, CLOSEST_BLINKS_S)
    at = generator.uniform(0.3, 1.0) * mean_s
    while at < times_s[-1]:
        since = times_s - at
        eyes[(since >= 0) & (since < 2 * HALF_S + SHUT_S)] = 1
        eyes[(since >= HALF_S) & (since < HALF_S + SHUT_S)] = 2
        at += CLOSEST_BLINKS_S + generator.exponential(max(mean_s - CLOSEST_BLINKS_S, 1e-6))
    return eyes


def brow_lift(cues: Cues, times_s: np.ndarray) -> np.ndarray:
    """[F] float32 0..1: brows go up where a phrase begins."""
    lift = np.zeros(len(times_s))
    edges = cues.edges_s
    silent_until = -np.inf
    for start, end, mouth in zip(edges[:-1], edges[1:], cues.mouth, strict=True):
        if mouth == 0:
            silent_until = end if end - start >= PAUSE_S else silent_until
        elif abs(start - silent_until) < 1e-6:
            lift = np.maximum(lift, _bump(times_s - (start - RISE_S / 2)))
    return lift.astype(np.float32)


def _bump(since_s: np.ndarray) -> np.ndarray:
    up = np.clip(since_s / RISE_S, 0, 1)
    down = np.clip((since_s - RISE_S - STAY_S) / FALL_S, 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 + 0.5 * np.cos(np.pi * down))
