# SPDX-License-Identifier: Apache-2.0
"""Where sound is cut at a jump: at the quietest moment near it, so that no word is torn."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ofx_lipsync.core.sound import Sound
from ofx_lipsync.nodes._resync_rows import Line

HOP_S, WINDOW_S = 0.005, 0.02
FAR = 0.35
"""What a cut at the far end of its reach costs: as much as sound at this share of the level of speech."""
KEPT_S = 0.1
"""At least so much stays of a stretch."""


def placed(found: Sequence[Line], sound: Sound, least_jump_s: float, reach_s: float) -> list[Line]:
    """The lines with every jump moved to a quiet moment. Where the sound falls behind less than before, some of it was
    lost: the next line then begins as much later, and the hole is for room tone."""
    loud = _Loudness(sound)
    done = list(found)
    for n in range(len(done) - 1):
        left, right = done[n], done[n + 1]
        jump_s = right.late_s[0] - left.late_s[1]
        if abs(jump_s) < least_jump_s:
            continue
        cut_s = _cut(left, right, loud, reach_s)
        hole_s = max(0.0, left.at(cut_s) - right.at(cut_s))
        # the hole ends where the sound goes on just after the last that was heard
        hole_s /= 1 + right.slope
        resumes_s = min(cut_s + hole_s, right.end_s - KEPT_S / 2)
        done[n], done[n + 1] = left.cut(left.begin_s, cut_s), right.cut(resumes_s, right.end_s)
    return done


def _cut(left: Line, right: Line, loud: _Loudness, reach_s: float) -> float:
    """Picture time of the last sound of the left line that is used."""
    seen_s = left.end_s
    jump_s = right.at(seen_s) - left.at(seen_s)
    centre_s = seen_s + min(jump_s, 0.0) / 2
    low = max(centre_s - reach_s, left.begin_s + KEPT_S)
    high = min(centre_s + reach_s, right.end_s - KEPT_S - max(-jump_s, 0.0))
    if high <= low:
        return min(max(centre_s, left.begin_s + KEPT_S / 4), right.end_s - KEPT_S / 4)
    at = np.arange(low, high, HOP_S)
    away = np.abs(at - centre_s) / max(reach_s, HOP_S)
    before = at + np.array([left.at(t) for t in at])
    after = at + np.array([right.at(t) for t in at])
    cost = loud.at(before) + loud.at(after) + FAR * away
    if jump_s > 0:  # what lies between is left out: let it be nothing that anybody said
        cost += 2 * np.array([loud.mean(a, b) for a, b in zip(before, after, strict=True)])
    return float(at[int(cost.argmin())])


class _Loudness:
    """Root mean square over 20 ms, as a share of the level of speech (the take's 90th percentile)."""

    def __init__(self, sound: Sound) -> None:
        hop = max(1, round(HOP_S * sound.rate_hz))
        window = max(1, round(WINDOW_S * sound.rate_hz))
        power = np.concatenate([[0.0], np.cumsum((sound.samples.astype(np.float64) ** 2).mean(axis=0))])
        middle = np.arange(0, sound.samples.shape[1], hop)
        first, last = np.maximum(middle - window // 2, 0), np.minimum(middle + window // 2 + 1, len(power) - 1)
        rms = np.sqrt(np.maximum(power[last] - power[first], 0) / np.maximum(last - first, 1))
        self.times_s = sound.start_s + middle / sound.rate_hz
        self.values = rms / max(float(np.quantile(rms, 0.9)) if len(rms) else 0.0, 1e-9)

    def at(self, times_s: np.ndarray) -> np.ndarray:
        return np.interp(times_s, self.times_s, self.values, left=0.0, right=0.0)

    def mean(self, from_s: float, to_s: float) -> float:
        return float(self.at(np.arange(from_s, to_s, HOP_S)).mean()) if to_s > from_s else 0.0
