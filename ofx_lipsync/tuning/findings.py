# SPDX-License-Identifier: Apache-2.0
"""Frames of a dub that deserve a look, the most doubtful first, each with the reason in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

import numpy as np

from ofx_lipsync.core.timing import FrameRange
from ofx_lipsync.tuning.gathered import Gathered

SHUT = 1.2
"""Lips nearer than this, in % of face height, are shut (nodes/mouth/actor.py CLOSED)."""
SPOKEN, CLOSED = 0.5, 0.5
SURE, UNSURE = 0.5, 0.45
"""A sync reading is told from this sureness up; a plan's confidence is doubted from this down."""
MADE_UP = 0.5
WHOLE = 0.98
APART, APART_SHARE = 1.8, 0.35
"""Lips this much nearer or further apart than planned, in % of face height and of what was planned, are seen."""
LATE_FRAMES = 1.5
TOGETHER = 3
"""Frames between two doubts of one kind that are still one."""


@dataclass(frozen=True)
class Finding:
    """frames: where. worst: the frame to look at. grave: 0..1. kind, why: for a person."""

    kind: str
    frames: FrameRange
    worst: int
    grave: float
    why: str


def findings(of: Gathered) -> list[Finding]:
    found = [*_lost(of), *_closures(of), *_unsure(of), *_made_up(of), *_held_back(of), *_apart(of), *_late(of)]
    return sorted(found, key=lambda one: (-one.grave, one.worst))


def closures(of: Gathered) -> list[tuple[int, int]]:
    """Half-open rows of the frames where the line wants lips shut while it speaks and a mouth is painted."""
    return list(_runs((of.closure > CLOSED) & (of.voice > SPOKEN) & (of.strength > WHOLE), join=0))


def missed(of: Gathered) -> list[tuple[int, int]]:
    """Those of them where the result's lips are never shut, one frame early or late."""
    return [run for run in closures(of) if _least(of.made[max(0, run[0] - 1) : run[1] + 1]) > SHUT]


def _lost(of: Gathered) -> Iterator[Finding]:
    for a, b in _runs(~of.seen):
        yield _finding(of, "face lost", a, b, (a + b) // 2, 1.0, "nobody is found: the plate stays as it was shot")


def _closures(of: Gathered) -> Iterator[Finding]:
    for a, b in missed(of):
        span = slice(max(0, a - 1), b + 1)
        least = _least(of.made[span])
        at = span.start + int(np.nanargmin(of.made[span]))
        why = f"p, b or m is heard, but the lips stay {least:.1f} % of face height apart (shut: under {SHUT:g})"
        yield _finding(of, "closure missed", a, b, at, 0.9, why)


def _unsure(of: Gathered) -> Iterator[Finding]:
    for a, b in _runs(of.confidence < UNSURE):
        at = a + int(np.nanargmin(of.confidence[a:b]))
        value = float(of.confidence[at])
        why = f"no filmed mouth is near what is wanted (confidence {value:.2f}): a reel of the actor would help"
        yield _finding(of, "low confidence", a, b, at, 0.8 * (1 - value), why)


def _made_up(of: Gathered) -> Iterator[Finding]:
    doubtful = (of.built > MADE_UP) & (of.wanted > 2 * SHUT) & (of.strength > 0)
    for a, b in _runs(doubtful, join=2 * TOGETHER):
        at = a + int(np.nanargmax(np.where(doubtful[a:b], of.wanted[a:b], -1)))
        why = "the library is poor: nearly one opening was filmed, so the inside of this mouth is painted"
        yield _finding(of, "poor library", a, b, at, 0.55, why)


def _held_back(of: Gathered) -> Iterator[Finding]:
    held = of.seen & (of.planned_strength < WHOLE) & (of.voice > SPOKEN)
    for a, b in _runs(held):
        at = a + int(np.argmin(of.planned_strength[a:b]))
        why = f"strength is held to {of.planned_strength[at]:.2f}: the head turns away, or a handle fades"
        yield _finding(of, "strength held", a, b, at, 0.5 * (1 - float(of.planned_strength[at])) + 0.1, why)


def _apart(of: Gathered) -> Iterator[Finding]:
    with np.errstate(invalid="ignore"):
        off = np.abs(of.made - of.wanted)
        far = (off > APART) & (off > APART_SHARE * of.wanted) & (of.strength > 0)
    for a, b in _runs(far):
        at = a + int(np.nanargmax(off[a:b]))
        why = f"the lips are {of.made[at]:.1f} % of face height apart, {of.wanted[at]:.1f} was wanted"
        yield _finding(of, "opening off", a, b, at, min(0.75, 0.1 * float(off[at])), why)


def _late(of: Gathered) -> Iterator[Finding]:
    frames = of.offset_s * of.rate
    for a, b in _runs((np.abs(np.nan_to_num(frames)) > LATE_FRAMES) & (of.sureness > SURE) & (of.voice > SPOKEN)):
        at = a + int(np.argmax(np.abs(frames[a:b])))
        side = "late" if frames[at] > 0 else "early"
        why = f"the sound seems {abs(frames[at]):.1f} frames {side} against these lips (sure by {of.sureness[at]:.2f})"
        yield _finding(of, "out of sync", a, b, at, 0.6, why)


def _finding(of: Gathered, kind: str, a: int, b: int, at: int, grave: float, why: str) -> Finding:
    return Finding(kind, FrameRange(of.frames[a:b].tolist()), int(of.frames[at]), grave, why)


def _runs(flags: np.ndarray, join: int = TOGETHER) -> Iterator[tuple[int, int]]:
    """Half-open stretches where flags [F] hold, those that nearly touch as one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))).reshape(-1, 2)
    begun: tuple[int, int] | None = None
    for a, b in edges.tolist():
        if begun is not None and a - begun[1] <= join:
            begun = begun[0], b
            continue
        if begun is not None:
            yield begun
        begun = a, b
    if begun is not None:
        yield begun


def _least(values: np.ndarray) -> float:
    return float(np.nanmin(values)) if np.isfinite(values).any() else 0.0
