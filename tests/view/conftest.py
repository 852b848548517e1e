# SPDX-License-Identifier: Apache-2.0
"""GL without a window, and a shot of known numbers: three frames, two people, a mouth with a plan."""

from __future__ import annotations

import numpy as np
import pytest

from ofx_lipsync.analysis import Analysis
from ofx_lipsync.core.face import LANDMARKS, FaceAnalysis, FaceTrack
from ofx_lipsync.core.mouth import AudioAnalysis, MouthCurve
from ofx_lipsync.core.plan import MouthPlan
from ofx_lipsync.nodes.mouth.points import COUNT, INDEX

FRAMES = np.array([1001, 1002, 1003])


def track(identity: int, centre: tuple[float, float]) -> FaceTrack:
    """A face as a round cloud of points, 60 px across, on the first two frames."""
    turn = np.arange(LANDMARKS) * 2.399963  # the golden angle: no two points lie together
    reach = 30 * np.sqrt(np.arange(LANDMARKS) / LANDMARKS)
    points = np.stack([np.cos(turn) * reach + centre[0], np.sin(turn) * reach + centre[1], turn * 0], axis=1)
    count = 2
    return FaceTrack(
        identity, FRAMES[:count], np.tile(points.astype(np.float32), (count, 1, 1)),
        np.ones(count, np.float32), np.zeros((count, 52), np.float32),
    )  # fmt: skip


@pytest.fixture
def analysis() -> Analysis:
    dubbed, other = track(0, (60.0, 50.0)), track(1, (150.0, 50.0))
    here = dubbed.landmarks[:, INDEX, :2]
    rows = len(here)
    sources = np.tile(dubbed.frames[:, None], (1, 2))
    plan = MouthPlan(
        dubbed.frames, here, here + np.float32(4), np.zeros((rows, 2), np.int8), sources,
        np.repeat(here[:, None], 2, axis=1), *(np.ones(rows, np.float32) for _ in range(5)),
    )  # fmt: skip
    assert plan.target.shape == (rows, COUNT, 2)
    silent = np.zeros(len(FRAMES), np.float32)
    curve = MouthCurve(np.arange(len(FRAMES)) / 24, np.zeros((len(FRAMES), 6), np.float32), silent, silent)
    audio = AudioAnalysis(np.zeros((80, 10), np.float32), silent, curve)
    return Analysis({}, FRAMES, FaceAnalysis((dubbed, other), (), 0), audio, plan)
