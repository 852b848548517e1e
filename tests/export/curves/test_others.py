# SPDX-License-Identifier: Apache-2.0
"""Live2D, Nuke, OVR and plain JSON: read by a parser that knows only the published format, values as the curves."""

from __future__ import annotations

import csv
import io
import json
from typing import Callable

import nkparser
import numpy as np
import pytest

from ofx_lipsync.core.phones import OVR
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.take import Take, decimal

META = (
    *(
        "Duration",
        "Fps",
        "Loop",
        "AreBeziersRestricted",
        "FadeInTime",
        "FadeOutTime",
        "CurveCount",
        "TotalSegmentCount",
    ),
    *("TotalPointCount", "UserDataCount", "TotalUserDataSize"),
)
"""Of Live2D's published motion3.schema.json."""


def test_live2d_counts_its_segments_and_holds_the_curves(taken: Callable[..., Take]) -> None:
    take = taken("live2d", seed=2)
    motion = json.loads(FORMATS["live2d"].encoded(take))
    assert motion["Version"] == 3
    segments = points = 0
    for name, curve in zip(take.curves.names, motion["Curves"], strict=True):
        assert (curve["Target"], curve["Id"]) == ("Parameter", name)
        times, values, numbers = [curve["Segments"][0]], [curve["Segments"][1]], curve["Segments"][2:]
        assert len(numbers) % 3 == 0
        assert set(numbers[::3]) == {0}, "straight lines only"
        times, values = times + numbers[1::3], values + numbers[2::3]
        segments, points = segments + len(times) - 1, points + len(times)
        np.testing.assert_allclose(times, take.curves.times_s, atol=6e-7)
        np.testing.assert_allclose(values, take.curves[name], atol=6e-7)
    meta = motion["Meta"]
    assert set(meta) <= set(META), "Live2D's schema takes no other entry"
    assert (meta["CurveCount"], meta["TotalSegmentCount"], meta["TotalPointCount"]) == (9, segments, points)
    assert (meta["Fps"], meta["Duration"]) == (30, pytest.approx(take.curves.times_s[-1], abs=1e-6))


def test_a_models_own_blinking_is_left_alone_without_blinks(taken: Callable[..., Take]) -> None:
    assert "ParamEyeLOpen" not in taken("live2d").curves.names
    assert "blink" not in taken("json", rig="vrm").curves.names
    assert taken("live2d", seed=2).curves["ParamEyeLOpen"].min() < 0.2


def test_nukes_knobs_hold_the_curves_frame_by_frame(taken: Callable[..., Take]) -> None:
    take = taken("nuke", first_frame=1001)
    text = FORMATS["nuke"].encoded(take).decode()
    script = nkparser.Script.from_string(text)
    assert not [d for d in script.diagnostics if d.severity.value == "error"]
    (node,) = script.nodes
    assert node.name == "LipSync1"
    for name in take.curves.names:
        words = str(node.get(name)).strip("{} ").split()
        assert words[0] == "curve"
        keys = {int(at[1:]): float(value) for at, value in zip(words[1::2], words[2::2], strict=True)}
        assert list(keys) == list(range(1001, 1001 + len(take.curves)))
        np.testing.assert_allclose(list(keys.values()), take.curves[name], atol=6e-7)
        assert f"addUserKnob {{7 {name} R " in text


def test_ovrs_table_is_time_and_fifteen_weights(taken: Callable[..., Take]) -> None:
    take = taken("ovr")
    rows = list(csv.reader(io.StringIO(FORMATS["ovr"].encoded(take).decode())))
    assert rows[0] == ["Time", *OVR]
    table = np.array(rows[1:], float)
    np.testing.assert_allclose(table[:, 0], take.curves.times_s, atol=6e-7)
    np.testing.assert_allclose(table[:, 1:], take.curves.values, atol=6e-7)


def test_plain_json_is_as_documented(taken: Callable[..., Take]) -> None:
    take = taken("json", first_frame=1001)
    read = json.loads(FORMATS["json"].encoded(take))
    assert (read["format"], read["version"], read["rate"], read["frames"]) == ("ofx_lipsync.curves", 1, "60/1", 237)
    assert (read["rig"], read["mouths"], read["first_frame"], read["sound"]) == (
        "arkit",
        "rhubarb",
        1001,
        "english.flac",
    )
    assert list(read["curves"]) == list(take.curves.names)
    for name, values in read["curves"].items():
        np.testing.assert_allclose(values, take.curves[name], atol=6e-7)
    assert [cue["value"] for cue in read["cues"]] == [cue.shape for cue in take.cues]


def test_numbers_are_short_and_plain() -> None:
    assert [decimal(v) for v in (0.0, -1e-9, 1.0, 0.25, -0.5, 1e-5)] == ["0", "0", "1", "0.25", "-0.5", "0.00001"]
