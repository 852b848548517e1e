# SPDX-License-Identifier: Apache-2.0
"""What a line asks of an actor, after the artist's params."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.core.mouth import MouthCurve
from ofx_lipsync.nodes.mouth.target import OPEN, wanted_channels
from ofx_lipsync.nodes.mouth_generate import Params

FRAMES = list(range(1001, 1041))
TIMES_S = np.arange(40) / 25


def opened(**params: float) -> np.ndarray:
    """[40] the opening of lips that stand open but for a p on frames 20..22."""
    values = np.full((40, 6), 0.8, np.float32)
    closure = np.zeros(40, np.float32)
    closure[20:23] = 1
    curve = MouthCurve(TIMES_S, values, closure, np.ones(40, np.float32))
    return wanted_channels(curve, FRAMES, TIMES_S, Params(**params))[:, OPEN]


def test_closures_shut_lips() -> None:
    shut = opened() < 0.01
    assert np.flatnonzero(shut).tolist() == [20, 21, 22]


def test_closures_may_come_early_and_are_held_until_the_sound() -> None:
    assert np.flatnonzero(opened(closure_lead=80.0) < 0.01).tolist() == [18, 19, 20, 21, 22]
    assert np.flatnonzero(opened(closure_lead=-40.0) < 0.01).tolist() == [20, 21, 22, 23]
    assert np.flatnonzero(opened(closure_lead=80.0, sync_offset=40.0) < 0.01).tolist() == [19, 20, 21, 22, 23]
