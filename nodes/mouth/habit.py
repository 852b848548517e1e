# SPDX-License-Identifier: Apache-2.0
"""An actor's habit: how wide and how far forward this mouth is when it talks, learned from the actor's own talking.

A voice tells when lips spread and round, hardly how wide this person's mouth is at it: some smile through every word.
So the curve's mean and spread over speech are moved to the actor's, as far as there is speech on both sides to say so.
Opening is left alone: its zero is shut lips, and no habit may lift it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ofx_lipsync.core.mouth import ARTICULATION, MouthCurve
from ofx_lipsync.core.timing import Rate

FOLLOWED = {"width": 0.7, "jaw": 0.85, "pucker": 0.7}
"""Channels that take on the habit, and how well a voice foretells each (r on people never trained on): a curve that is
right by r is nearest to the truth when it moves r times as much."""
TALK_S, TALK_GAP = 0.25, 0.012
"""An actor talks where the lips' gap changes by this much, in face heights, within so long to either side."""
HALF_TRUST_S = 0.25
"""Seconds of talking, of the actor and in the line, after which each is half believed: people differ in their mean by
about as much as a mouth moves, and a quarter of a second of speech tells a mean no better than that."""
LEAST, MOST = 0.4, 2.5


def spoken_as(curve: MouthCurve, channels: np.ndarray, gap: np.ndarray, rate: Rate) -> MouthCurve:
    """The curve as this actor would say it. channels: [N, 6] the actor's own, in time order; gap: [N] between the inner
    lips in face heights."""
    own, said = channels[talking(gap, rate)], curve.values[curve.voice > 0.5]
    trust = _trust(len(own), float(rate)) * _trust(len(said), float(rate))
    if trust == 0:
        return curve
    values = curve.values.copy()
    for name, foretold in FOLLOWED.items():
        c = ARTICULATION.index(name)
        spread = np.clip(foretold * own[:, c].std() / max(float(said[:, c].std()), 1e-6), LEAST, MOST) ** trust
        mean = said[:, c].mean() + trust * (own[:, c].mean() - said[:, c].mean())
        habitual = mean + spread * (values[:, c] - said[:, c].mean())
        values[:, c] += curve.voice * (habitual - values[:, c])
    return replace(curve, values=values.astype(np.float32))


def talking(gap: np.ndarray, rate: Rate) -> np.ndarray:
    """[N] bool: frames where lips part and meet."""
    reach = max(1, round(TALK_S * float(rate)))
    held = np.pad(gap, reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(held, 2 * reach + 1)
    return np.asarray(np.ptp(windows, axis=1) > TALK_GAP)


def _trust(frames: int, rate: float) -> float:
    """0..1 for so many frames of talking; two are the least that have a spread."""
    return 0.0 if frames < 2 else frames / (frames + HALF_TRUST_S * rate)
