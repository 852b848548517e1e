# SPDX-License-Identifier: Apache-2.0
"""Live Link Face's CSV, column by column."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Callable

import numpy as np
import pytest

from ofx_lipsync.core.errors import UsageError
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.livelink import timecode
from ofx_lipsync.export.curves.take import Take

HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,EyeLookUpLeft,EyeSquintLeft,"
    "EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,EyeLookOutRight,EyeLookUpRight,EyeSquintRight,EyeWideRight,"
    "JawForward,JawRight,JawLeft,JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,MouthSmileLeft,"
    "MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,MouthStretchLeft,MouthStretchRight,"
    "MouthRollLower,MouthRollUpper,MouthShrugLower,MouthShrugUpper,MouthPressLeft,MouthPressRight,MouthLowerDownLeft,"
    "MouthLowerDownRight,MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,BrowOuterUpLeft,"
    "BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,TongueOut,HeadYaw,HeadPitch,"
    "HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll"
)
"""As four other programs read it."""


def test_every_column_is_where_it_belongs(taken: Callable[..., Take]) -> None:
    take = taken("arkit", seed=4)
    text = FORMATS["arkit"].encoded(take).decode()
    assert text.split("\n", 1)[0] == HEADER
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(take.curves) == 237
    for name in take.curves.names:
        column = [float(row[name[0].upper() + name[1:]]) for row in rows]
        np.testing.assert_allclose(column, take.curves[name], atol=6e-9)
    assert {row["BlendShapeCount"] for row in rows} == {"61"}
    assert {float(row["HeadYaw"]) for row in rows} == {0}
    assert [rows[k]["Timecode"] for k in (0, 59, 60)] == ["00:00:00:00.000", "00:00:00:59.000", "00:00:01:00.000"]
    assert max(float(row["EyeBlinkLeft"]) for row in rows) > 0.8


def test_timecode_counts_whole_frames() -> None:
    assert timecode(30 * 3600 + 31, 30000 / 1001) == "01:00:01:01.000"


def test_another_rig_is_refused_by_name(taken: Callable[..., Take]) -> None:
    with pytest.raises(UsageError, match=r"rig ovr has curves that Live Link Face has no column for \(AA?"):
        FORMATS["arkit"].encoded(replace(taken("arkit", rig="ovr")))
