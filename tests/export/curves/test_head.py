# SPDX-License-Identifier: Apache-2.0
"""The mask's lips touch where curves say that they are shut, and each target moves what it is named for."""

from __future__ import annotations

import numpy as np

from ofx_lipsync.export.curves.head import ROUND, mesh, morphs
from ofx_lipsync.export.curves.rigs import rig

UP, DOWN = ROUND // 4, 3 * ROUND // 4
"""The middle of the upper and the lower lip's inner edge."""


def opening(**weights: float) -> float:
    moved = mesh()[0] + np.tensordot(list(weights.values()), morphs(tuple(weights)), 1)
    return float(moved[UP, 1] - moved[DOWN, 1])


def test_lips_touch_at_rest_and_where_mouth_close_undoes_the_jaw() -> None:
    assert opening(jawOpen=0) == 0
    assert opening(jawOpen=0.4) > 0.01
    assert abs(opening(jawOpen=0.4, mouthClose=0.4)) < 1e-6
    assert opening(mouthLowerDownLeft=1, mouthLowerDownRight=1) > 0.005


def test_left_is_the_characters_own() -> None:
    smile = morphs(("mouthSmileLeft",))[0]
    assert np.abs(smile[mesh()[0][:, 0] < -1e-6]).max() == 0
    assert smile[0, 1] > 0.005


def test_every_mouth_curve_of_every_rig_moves_something() -> None:
    still = (
        "eyeLook",
        "eyeSquint",
        "eyeWide",
        "brow",
        "cheekSquint",
        "noseSneer",
        "tongueOut",
        "sil",
        "voice",
        "ParamEye",
    )
    for name in ("arkit", "ovr", "vrm", "live2d", "lips"):
        for curve, moved in zip(rig(name).names, morphs(rig(name).names), strict=True):
            assert moved.any() != curve.startswith(still), (name, curve)
    assert not morphs(("my_own",)).any()


def test_faces_look_forward() -> None:
    points, triangles = mesh()
    a, b, c = (points[triangles[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] >= -1e-9).all()
