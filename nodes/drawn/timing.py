# SPDX-License-Identifier: Apache-2.0
"""Which mouth each frame shows, as an animator would time it: held, never flickering, never losing a closure.

Over a whole line the best way through all frames is found: each frame costs what is heard in it and not shown, each
change a little, a mouth stays for its hold, and every heard closure has its frame. So what is dropped is what a viewer
misses least. Live has a timing of its own (ofx_lipsync/live/timing.py): it cannot look ahead.
   Source: Viterbi (1967), with a state for each mouth and how long it has been shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ofx_lipsync.core.cues import Cues
from ofx_lipsync.core.phones import CLOSURE, LIP_TEETH, ROUNDED, Visemes, index

CHANGE = {"snap": 0.25, "smooth": 0.7}
"""What a change costs, in frames of a wrong mouth: snappy mouths follow every sound, smooth ones leave some out."""
SEEN = ((CLOSURE, 1.2), (LIP_TEETH, 1.8), (ROUNDED, 1.4))
"""How much more than others a viewer misses lips that should be shut, on the teeth, or round."""
SHORTEST_S = 0.015
"""A closure heard for less is not one: it is the edge between two other sounds."""


@dataclass(frozen=True)
class Rules:
    """hold_frames: how long a mouth stays, at the least; closures may be shorter. lead_frames: how far mouths run ahead
    of the sound. style: snap or smooth. closures: indices of mouths with shut lips. weights: [V] what each is worth."""

    hold_frames: int = 2
    lead_frames: float = 1.0
    style: str = "snap"
    closures: frozenset[int] = frozenset()
    weights: tuple[float, ...] = ()

    @classmethod
    def of(cls, visemes: Visemes, hold_frames: int = 2, lead_frames: float = 1.0, style: str = "snap") -> Rules:
        weights = np.ones(len(visemes.names))
        for phones, weight in SEEN:
            weights[visemes.of_phone[[index(phone) for phone in sorted(phones)]]] = weight
        return cls(hold_frames, lead_frames, style, closures_of(visemes), tuple(weights.tolist()))


def closures_of(visemes: Visemes) -> frozenset[int]:
    return frozenset(int(visemes.of_phone[index(phone)]) for phone in CLOSURE)


def timed(cues: Cues, times_s: np.ndarray, rate: Fraction, rules: Rules) -> np.ndarray:
    """[F] int8: the mouth of each frame. times_s: [F] float64, when each frame is shown, ascending."""
    if not len(times_s):
        return np.zeros(0, np.int8)
    frame_s = float(1 / rate)
    ahead_s = np.asarray(times_s, np.float64) + rules.lead_frames * frame_s
    missed = _missed(cues, ahead_s, frame_s, rules)
    return _best_way(missed, _must_close(cues, ahead_s, frame_s, rules), rules)


def _missed(cues: Cues, ahead_s: np.ndarray, frame_s: float, rules: Rules) -> np.ndarray:
    """[F, V]: what showing each mouth leaves out of what is heard in a frame."""
    heard = cues.shares(ahead_s, frame_s) * np.array(rules.weights)
    return heard.sum(axis=1, keepdims=True) - heard


def _must_close(cues: Cues, ahead_s: np.ndarray, frame_s: float, rules: Rules) -> dict[int, int]:
    """Frame -> the closed mouth it must show: for each heard closure the frame it fills most.

    Two closures a vowel apart are moved apart by a frame, each within what is heard of it, if that is what it takes
    for the vowel to be seen: `mama` shows its first a."""
    edges, must = cues.edges_s, dict[int, int]()
    before, before_start = -(10**6), 0.0
    for start, end, mouth in zip(edges[:-1], edges[1:], cues.mouth, strict=True):
        if int(mouth) not in rules.closures or end - start < SHORTEST_S or not _touches(start, end, ahead_s, frame_s):
            continue
        first, last = _frame(start, ahead_s), _frame(np.nextafter(end, start), ahead_s)
        covered = np.minimum(ahead_s[first : last + 1] + frame_s, end) - np.maximum(ahead_s[first : last + 1], start)
        frame = first + int(np.argmax(covered > covered.max() - 1e-9))
        room = rules.hold_frames - (frame - before - 1)
        if 0 < room <= 1 and must.get(before) == mouth and before > 0 and before - 1 not in must:
            if covered[-1] > 0 and frame < last:
                frame += 1
            elif before_start < ahead_s[before]:
                must[before - 1] = must.pop(before)
        must[frame] = int(mouth)
        before, before_start = frame, start
    return must


def _touches(start: float, end: float, ahead_s: np.ndarray, frame_s: float) -> bool:
    return bool(end > ahead_s[0] and start < ahead_s[-1] + frame_s)


def _frame(time_s: float, ahead_s: np.ndarray) -> int:
    return int(np.clip(np.searchsorted(ahead_s, time_s, side="right") - 1, 0, len(ahead_s) - 1))


def _best_way(missed: np.ndarray, must: dict[int, int], rules: Rules) -> np.ndarray:
    """The cheapest mouths: state (mouth, how long it has been shown, up to the hold)."""
    frames, mouths = missed.shape
    hold = max(1, rules.hold_frames)
    price = CHANGE[rules.style]
    free = np.array([mouth in rules.closures for mouth in range(mouths)])
    cost = np.full((mouths, hold), np.inf)
    cost[0, hold - 1] = 0.0  # the mouth has been at rest
    came = np.zeros((frames, mouths, hold), np.int16)
    states = np.arange(mouths * hold).reshape(mouths, hold)
    for frame in range(frames):
        leaves = cost[:, hold - 1].copy()
        leaves[free] = cost[free].min(axis=1)
        left = states[:, hold - 1].copy()
        left[free] = states[free, np.argmin(cost[free], axis=1)]
        best = np.argsort(leaves, kind="stable")[:2]
        new, origin = np.full((mouths, hold), np.inf), states.copy()
        # a mouth just begun comes from the cheapest other one
        other = np.where(np.arange(mouths) == best[0], best[1], best[0])
        stays, stays_from = cost[:, hold - 1], states[:, hold - 1]
        if hold > 1:
            new[:, 1:] = cost[:, :-1]
            origin[:, 1:] = states[:, :-1]
            longer = cost[:, hold - 1] < new[:, hold - 1]
            new[longer, hold - 1], origin[longer, hold - 1] = stays[longer], stays_from[longer]
            new[:, 0], origin[:, 0] = leaves[other] + price, left[other]
        else:
            starts = leaves[other] + price
            begins = starts < stays
            new[:, 0] = np.where(begins, starts, stays)
            origin[:, 0] = np.where(begins, left[other], stays_from)
        new += missed[frame][:, None]
        if frame in must:
            new[np.arange(mouths) != must[frame]] = np.inf
        came[frame], cost = origin, new
    ends = cost.copy()
    ends[~free, : hold - 1] = np.inf  # the last mouth has its hold too
    ends[0] = cost[0]  # but for rest, which goes on
    return _walked_back(came, ends if np.isfinite(ends).any() else cost, hold)


def _walked_back(came: np.ndarray, cost: np.ndarray, hold: int) -> np.ndarray:
    shown = np.empty(len(came), np.int8)
    at = int(np.argmin(cost))
    for frame in range(len(came) - 1, -1, -1):
        shown[frame] = at // hold
        at = int(came[frame, at // hold, at % hold])
    return shown
