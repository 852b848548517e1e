# SPDX-License-Identifier: Apache-2.0
"""Talking clips whose sound was put out of sync in a known way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from ofx_lipsync.core.offset import OffsetCurve
from ofx_lipsync.core.sound import Sound
from ofx_lipsync.media.sound import read_sound, resample
from ofx_lipsync.models.mel import RATE_HZ

FPS = 25
JOIN_S = 0.02
Offset = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Case:
    """clean: the sound as it belongs to the picture. bad: [N] what is given. late: seconds of lag at picture times."""

    name: str
    group: str
    clean: np.ndarray
    bad: np.ndarray
    late: Offset

    @property
    def duration_s(self) -> float:
        return len(self.clean) / RATE_HZ

    @property
    def take(self) -> Sound:
        return Sound(self.bad[None].astype(np.float32), RATE_HZ)


def take_of(paths: Sequence[Path], seconds: float) -> np.ndarray:
    """[N] float32 at 16 kHz: clips one after the other, cut to a length, joined softly so that no click is ours."""
    whole = np.zeros(0, np.float32)
    for path in paths:
        clip = resample(read_sound(str(path)), RATE_HZ).mono()[: 3 * RATE_HZ]
        clip = np.pad(clip - clip.mean(), (0, 3 * RATE_HZ - len(clip)), mode="reflect")
        whole = _joined(whole, clip)
    return whole[: round(seconds * RATE_HZ)]


def shifted(name: str, clean: np.ndarray, frames: int) -> Case:
    """A constant lag of so many frames; the room goes on where the take has ended."""
    lag = round(frames / FPS * RATE_HZ)
    bad = np.concatenate([_room(clean, lag), clean]) if lag > 0 else clean[-lag:]
    return Case(name, "constant", clean, bad, lambda t: np.full_like(t, frames / FPS))


def drifting(name: str, clean: np.ndarray, per_s: float) -> Case:
    """A clock that runs off: the sound falls behind by per_s seconds a second, pitch included, as clocks do."""
    at = np.arange(round(len(clean) * (1 + per_s))) / (1 + per_s)
    bad = np.interp(at, np.arange(len(clean)), clean).astype(np.float32)
    return Case(name, "drift", clean, bad, lambda t: per_s * t)


def jumping(name: str, clean: np.ndarray, jumps: Sequence[tuple[float, float]]) -> Case:
    """jumps: (picture second, how much later the sound comes from there on): room put in, or sound lost."""
    edges = [0.0, *(at for at, _ in jumps), len(clean) / RATE_HZ]
    bad, late = clean[: round(edges[1] * RATE_HZ)], 0.0
    for (_, more), begin, end in zip(jumps, edges[1:-1], edges[2:], strict=True):
        part = clean[round(begin * RATE_HZ) : round(end * RATE_HZ)]
        lag = round(more * RATE_HZ)
        bad = _joined(_joined(bad, _room(clean, lag)), part) if lag > 0 else _joined(bad, part[-lag:])
        late += more
    totals = np.concatenate([[0.0], np.cumsum([more for _, more in jumps])])
    return Case(name, "two jumps", clean, bad, lambda t: totals[np.searchsorted(edges[1:-1], t, side="right")])


def noisy_curve(case: Case, seed: int) -> OffsetCurve:
    """What a fair meter would read: every 0.2 s the middle of a second, 15 ms off as a rule, one in twelve wild."""
    draw = np.random.default_rng(seed)
    at = np.arange(0.1, case.duration_s, 0.2)
    window = np.linspace(-0.5, 0.5, 21)
    read = np.array([np.median(case.late(np.clip(t + window, 0, case.duration_s))) for t in at])
    read += draw.normal(0, 0.015, len(at))
    sure = np.clip(draw.normal(0.7, 0.15, len(at)), 0.05, 1)
    wild = draw.random(len(at)) < 1 / 12
    read[wild] += draw.normal(0, 0.3, int(wild.sum()))
    sure[wild] *= 0.7
    return OffsetCurve(at, read.astype(np.float32), sure.astype(np.float32))


def _joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """One after the other; 20 ms of each, beside the cut, fade to nothing, so that no cut of ours is a click."""
    if not len(left):
        return right
    fade = round(JOIN_S * RATE_HZ) // 2
    left, right = left.copy(), right.copy()
    count = min(fade, len(left), len(right))
    ramp = ((np.arange(count) + 0.5) / count).astype(np.float32)
    left[len(left) - count :] *= ramp[::-1]
    right[:count] *= ramp
    return np.concatenate([left, right])


def _room(clean: np.ndarray, count: int) -> np.ndarray:
    """[count]: the quietest part of a take, there and back."""
    window = RATE_HZ // 5
    power = np.convolve(clean**2, np.ones(window), "valid")[:: window // 4]
    first = int(power.argmin()) * (window // 4)
    quiet = clean[first : first + window]
    return np.resize(np.concatenate([quiet, quiet[::-1]]), count)
