# SPDX-License-Identifier: Apache-2.0
"""The job for OpenCue: in the order its DTD wants, with commands that parse once the frames stand in them."""

from __future__ import annotations

import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ofx_lipsync.bench.farm_cases import OUT
from ofx_lipsync.cli.main import build_parser, main
from ofx_lipsync.farm.opencue import SPEC, plain

LAYER = ["cmd", "range", "chunk", "cores", "threadable", "memory", "services"]
"""A part of cjsl 1.13, whose parts have an order."""


@pytest.fixture
def spec(farm, tmp_path: Path) -> ElementTree.Element:
    words = ["submit", farm.plate, farm.line, str(tmp_path / OUT), "--engine", "opencue", "--chunk", "5"]
    assert main([*words, "--out", str(tmp_path / "job"), "-F", "1001-1011x2"]) == 0
    return ElementTree.fromstring((tmp_path / "job" / SPEC).read_text())


def test_its_parts_stand_in_the_order_of_the_dtd(spec):
    assert [part.tag for part in spec] == ["facility", "show", "shot", "user", "uid", "job", "depends"]
    assert [part.tag for part in spec.find("job")] == ["paused", "maxretries", "autoeat", "layers"]
    for layer in spec.iter("layer"):
        assert [part.tag for part in layer] == LAYER


def test_render_waits_for_analyse(spec):
    depend = spec.find("depends/depend")
    assert depend.get("type") == "LAYER_ON_LAYER"
    assert (depend.findtext("deplayer"), depend.findtext("onlayer")) == ("render", "analyse")
    assert depend.findtext("depjob") == spec.find("job").get("name")


def test_frames_are_every_one_that_was_asked_for_in_words_that_every_dialect_reads(spec):
    assert spec.find("job/layers/layer[@name='render']/range").text == "1001,1003,1005,1007,1009,1011"


def test_its_commands_parse_and_leave_the_token_to_opencue(spec):
    commands = {layer.get("name"): layer.findtext("cmd") for layer in spec.iter("layer")}
    assert "--frames=#FRAMESPEC#" in shlex.split(commands["render"])
    args = build_parser().parse_args(shlex.split(commands["render"].replace("#FRAMESPEC#", "1001,1003"))[1:])
    assert args.frames == "1001,1003"
    assert args.skip_existing
    assert build_parser().parse_args(shlex.split(commands["analyse"])[1:]).skip_existing


def test_names_are_what_opencue_takes():
    assert plain("ab 0010/v2 (final)") == "ab_0010_v2_final"
    assert plain("###") == "shot"


def test_run_is_for_openjd(farm, tmp_path, capsys):
    words = ["submit", farm.plate, farm.line, str(tmp_path / OUT), "--engine", "opencue", "--run"]
    assert main(words) == 2
    assert "--run is for --engine openjd" in capsys.readouterr().err
