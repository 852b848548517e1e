# SPDX-License-Identifier: Apache-2.0
"""Nuke scripts of elements: wired as Nuke reads them, and knobs that hold what was given."""

from __future__ import annotations

import re

import nkparser
import numpy as np
import pytest

from ofx_lipsync.core.region import Region
from ofx_lipsync.elements import Curves
from ofx_lipsync.export.elements_nk import Taken, animated, script, toolset

FRAMES = np.arange(1001, 1004)


@pytest.fixture
def text() -> str:
    box = np.array([[10.0, 90.0], [40.0, 90.0], [40.0, 60.0], [10.0, 60.0]])
    corners = np.stack([box, box + [2, -3], box + [4, -6]])
    curves = Curves(FRAMES, np.array([0.0, 0.5, 1.0]), np.ones(3), np.array([0.2, 0.4, 0.8]))
    display = Region(-4, 10, 196, 110)
    return script(Taken("/shots/a b/plate.####.exr", "/shots/el.####.exr", display, FRAMES, 1002, corners), curves)


def test_elements_go_over_the_plate_and_the_map_moves_it(text: str, run_script) -> None:
    for said in (text, toolset()):
        inputs = {node.name: node.inputs for node in run_script(said)}
        assert inputs["Comp"] == ["Plate", "Elements"], "B is the first input, A the second"
        assert inputs["Warped"] == ["Plate", "Elements"]
    nodes = {node.name: node for node in run_script(text)}
    assert nodes["Stabilise"].inputs == ["Plate"]
    assert nodes["Plate"].knobs["file"] == "/shots/a b/plate.####.exr"
    assert nodes["Elements"].knobs["on_error"] == "black", "frames without a new mouth have no file"
    assert (nodes["Comp"].knobs["operation"], nodes["Comp"].knobs["output"]) == ("over", "rgb")


def test_the_mouth_is_pinned_in_nukes_coordinates(text: str, run_script) -> None:
    """From the lower left corner of the format, y up."""
    knobs = {node.name: node for node in run_script(text)}["Stabilise"].knobs
    numbers = [float(n) for n in re.findall(r"[-\d.]+", knobs["to1"])]
    assert numbers == [10 + 2 + 4, 110 - 90 + 3]
    assert "x1001 14 x1002 16 x1003 18" in knobs["from1"]
    assert "x1001 20 x1002 23 x1003 26" in knobs["from1"]
    assert "x1001 50 x1002 53 x1003 56" in knobs["from4"]


def test_an_independent_parser_reads_them(text: str) -> None:
    for said in (text, toolset()):
        assert {found.code for found in nkparser.Script.from_string(said).diagnostics} <= {"missing-root"}
    assert "strength {{curve x1001 0 x1002 0.5 x1003 1}}" in text


def test_a_shot_without_a_mouth_has_no_stabiliser() -> None:
    none = Curves(FRAMES, np.zeros(3), np.ones(3), np.zeros(3))
    text = script(Taken("p.####.exr", "e.####.exr", Region(0, 0, 9, 9), FRAMES[:0], 1001, None), none)
    assert "CornerPin2D" not in text
    assert animated([], []) == "{0}"
