# SPDX-License-Identifier: Apache-2.0
"""From a measured offset curve to few straight stretches: constant, drifting, and jumps between them.

Stretches are the piecewise lines of least squares with a price a piece, found exactly by dynamic programming
(Bellman, "On the approximation of curves by line segments using dynamic programming", CACM 1961).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ofx_lipsync.core.offset import OffsetCurve

MOST_SAMPLES = 1200
"""A longer curve is thinned; the search costs their square."""
SHORTEST_S = 0.5
"""A stretch is at least so long: no meter sees a shorter one."""
STEEPEST = 0.12
"""Seconds of offset a second. What changes faster is a jump that the meter's window has smeared."""
LEAST_NOISE_S = 0.004
PRICE = 8.0
"""Squared noises that a further piece must save; a slope costs a third of it."""
PROOF_S = 0.03
"""Seconds of full confidence, or as many more of less, that a stretch must have."""
FLAT_S = 0.010
"""A stretch that drifts by less from end to end is held constant: its sound is then copied, not stretched."""


@dataclass(frozen=True)
class Line:
    """A stretch: picture time from begin_s to end_s, offset late_s at either end."""

    begin_s: float
    end_s: float
    late_s: tuple[float, float]

    @property
    def slope(self) -> float:
        return (self.late_s[1] - self.late_s[0]) / (self.end_s - self.begin_s)

    def at(self, time_s: float) -> float:
        part = (time_s - self.begin_s) / (self.end_s - self.begin_s)
        return self.late_s[0] + part * (self.late_s[1] - self.late_s[0])

    def cut(self, begin_s: float, end_s: float) -> Line:
        """The same line between other ends."""
        return Line(begin_s, end_s, (self.at(begin_s), self.at(end_s)))


def lines(curve: OffsetCurve, least_confidence: float, least_jump_s: float, duration_s: float) -> list[Line]:
    """Lines from 0 to duration_s that touch each other; a step of least_jump_s or more between two is a jump, what is
    less is made to meet. No sample sure enough gives none."""
    sure = (curve.confidence >= least_confidence) & np.isfinite(curve.offset_s)
    sure &= (curve.times_s >= 0) & (curve.times_s <= duration_s)
    rows = np.flatnonzero(sure)
    if not len(rows):
        return []
    rows = rows[:: -(-len(rows) // MOST_SAMPLES)]
    at, late = curve.times_s[rows], curve.offset_s[rows].astype(np.float64)
    sure = np.sqrt(curve.confidence[rows].astype(np.float64))  # a half-sure reading is seldom half as good
    pieces = _proven(_fit(at, _steady(late), sure, _noise(late)), at, sure)
    if not pieces:
        return []
    edges = [0.0, *((at[end - 1] + at[end]) / 2 for _, end, _, _ in pieces[:-1]), duration_s]
    found = [
        Line(a, b, (mean + slope * a, mean + slope * b))
        for a, b, (_, _, mean, slope) in zip(edges[:-1], edges[1:], pieces, strict=True)
        if b > a
    ]
    return [_flat(line) for line in _met(found, least_jump_s)]


def _proven(
    pieces: list[tuple[int, int, float, float]], at: np.ndarray, sure: np.ndarray
) -> list[tuple[int, int, float, float]]:
    """The pieces that enough speaks for; what little speaks for is bridged by those beside it."""
    lasts = float(np.median(np.diff(at))) if len(at) > 1 else 1.0
    return [piece for piece in pieces if (sure[piece[0] : piece[1]] ** 2).sum() * lasts >= PROOF_S]


def _steady(late: np.ndarray) -> np.ndarray:
    """The median of five neighbours: a single wild reading is no jump."""
    if len(late) < 5:
        return np.full(len(late), np.median(late))
    padded = np.pad(late, 2, mode="reflect")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)


def _noise(late: np.ndarray) -> float:
    """How far a reading is off as a rule: from neighbours' differences, of which few are jumps."""
    apart = float(np.median(np.abs(np.diff(late)))) if len(late) > 1 else 0.0
    return max(1.4826 / np.sqrt(2) * apart, LEAST_NOISE_S)


def _fit(at: np.ndarray, late: np.ndarray, weight: np.ndarray, noise: float) -> list[tuple[int, int, float, float]]:
    """(first, end, offset at 0 s, slope) of each piece, in order."""
    weight = weight / weight.mean()
    sums = [np.concatenate([[0.0], np.cumsum(weight * v)]) for v in (at**0, at, at**2, late, at * late, late**2)]
    best = np.zeros(len(at) + 1)
    came, flat = np.zeros(len(at) + 1, np.int64), np.zeros(len(at) + 1, bool)
    for end in range(1, len(at) + 1):
        first = np.arange(end)
        level, line = _misfit(sums, first, end, at)
        price = PRICE * np.log(len(at) + 2)
        whole = (first == 0) & (end == len(at))
        short = np.where((at[end - 1] - at[first] < SHORTEST_S) & ~whole, 1e9, 0.0)
        options = np.stack([level, line + noise**2 * price / 3]) + noise**2 * price + best[first] + short
        kind, start = np.unravel_index(int(options.argmin()), options.shape)
        best[end], came[end], flat[end] = options[kind, start], start, kind == 0
    pieces, end = [], len(at)
    while end > 0:
        first = int(came[end])
        pieces.append((first, end, *_line(at[first:end], late[first:end], weight[first:end], bool(flat[end]))))
        end = first
    return pieces[::-1]


def _misfit(sums: list[np.ndarray], first: np.ndarray, end: int, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[end] each: squares left by the best level, and by the best line, from each first sample to `end`."""
    w, x, xx, y, xy, yy = (s[end] - s[first] for s in sums)
    w = np.maximum(w, 1e-9)
    spread, both = xx - x * x / w, xy - x * y / w
    level = np.maximum(yy - y * y / w, 0.0)
    slope = np.divide(both, spread, out=np.zeros_like(both), where=spread > 1e-9)
    line = np.maximum(level - slope * both, 0.0)
    long = at[end - 1] - at[first] >= 2 * SHORTEST_S
    return level, np.where((np.abs(slope) <= STEEPEST) & long, line, np.inf)


def _line(at: np.ndarray, late: np.ndarray, weight: np.ndarray, flat: bool) -> tuple[float, float]:
    """Offset at 0 s and slope, by least squares in which far readings count less and less (Huber's weights)."""
    own = weight.copy()
    level, slope = 0.0, 0.0
    for _ in range(8):
        mean, centre = np.average(late, weights=own), np.average(at, weights=own)
        if not flat:
            slope = float((own * (at - centre) * (late - mean)).sum() / max((own * (at - centre) ** 2).sum(), 1e-9))
        level = float(mean - slope * centre)
        off = np.abs(late - level - slope * at)
        near = max(1.5 * float(np.median(off)), LEAST_NOISE_S)
        own = weight * np.minimum(1.0, near / np.maximum(off, 1e-9))
    return level, slope


def _met(found: list[Line], least_jump_s: float) -> list[Line]:
    """Lines whose small steps are closed, each going half of the way; large steps stay."""
    ends = [list(line.late_s) for line in found]
    for left, right in zip(range(len(found) - 1), range(1, len(found)), strict=True):
        if abs(ends[right][0] - ends[left][1]) < least_jump_s:
            ends[left][1] = ends[right][0] = (ends[left][1] + ends[right][0]) / 2
    return [Line(line.begin_s, line.end_s, (e[0], e[1])) for line, e in zip(found, ends, strict=True)]


def _flat(line: Line) -> Line:
    if abs(line.late_s[1] - line.late_s[0]) >= FLAT_S:
        return line
    mean = sum(line.late_s) / 2
    return Line(line.begin_s, line.end_s, (mean, mean))
