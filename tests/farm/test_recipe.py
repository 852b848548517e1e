# SPDX-License-Identifier: Apache-2.0
"""The key of a frame changes with everything that a pixel hangs on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ofx_lipsync.analysis import read_analysis
from ofx_lipsync.cli.main import build_parser
from ofx_lipsync.cli.shot import open_shot
from ofx_lipsync.farm.recipe import Recipe


def recipe(farm, *more: str) -> Recipe:
    words = [*farm.dub(farm.folder / "whole"), *more]
    with open_shot(build_parser().parse_args(words)) as opened:
        return Recipe.of(opened, read_analysis(farm.analysis))


@pytest.mark.parametrize(
    "more",
    [
        ("--set", "Blend.feather=9"),
        ("--set", "MouthGenerate.strength=1001:0,1005:1"),
        ("--space", "ACES2065-1"),
        ("--audio-offset", "2f"),
        ("--shot", "1001-1010"),
    ],
)
def test_it_changes_with_what_the_picture_hangs_on(farm, more):
    assert recipe(farm, *more) != recipe(farm)


def test_it_stays_where_only_the_way_of_working_differs(farm):
    ways = ("-F", "1003", "--threads", "2", "--progress", "none", "--set", "Blend.feather=4.0")
    assert recipe(farm, *ways).digest == recipe(farm, "--set", "Blend.feather=4").digest


def test_each_frame_has_its_own(farm):
    made = recipe(farm)
    keys = {made.key(frame) for frame in farm.frames}
    assert len(keys) == len(farm.frames)


def test_another_analysis_is_another_picture(farm):
    analysis = read_analysis(farm.analysis)
    other = replace(analysis, plan=replace(analysis.plan, strength=analysis.plan.strength * 0.5))
    with open_shot(build_parser().parse_args(farm.dub(farm.folder / "whole"))) as opened:
        assert Recipe.of(opened, other) != Recipe.of(opened, analysis)
