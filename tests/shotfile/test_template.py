# SPDX-License-Identifier: Apache-2.0
"""The file that `lipsync new` writes: whole, explained, and never out of step with what may stand in it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings

from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import ShotError
from ofx_lipsync.graph import NODES, node
from ofx_lipsync.shotfile import Line, PlateEntry, ShotFile, read_shot
from ofx_lipsync.shotfile.entries import entries
from ofx_lipsync.shotfile.read import TABLES, parse_shot
from ofx_lipsync.shotfile.template import template

from .test_write import SHOTS


@settings(max_examples=30)
@given(SHOTS)
def test_it_says_what_was_asked_for(shot):
    assert parse_shot(template(shot).encode()) == shot


def test_every_entry_and_every_param_is_in_it():
    text = template(ShotFile())
    for kind in (*TABLES.values(), Line):
        for name, known in entries(kind).items():
            assert f"#{name} = {known.example}" in text
    for name in NODES:
        for param in node(name).Params.declarations():
            assert f"#{param} = " in text.partition(f"[params.{name}]")[2]
    assert max(map(len, text.splitlines())) <= 120


def test_every_example_may_be_taken_as_it_is():
    text = re.sub("^#(?! )", "", template(ShotFile()), flags=re.M)
    with pytest.raises(ShotError, match=r"^ab.toml: \[\[line\]\] 1: has face and face_at; keep one of them$"):
        parse_shot(text.encode(), "ab.toml")
    shot = parse_shot(text.replace("face = 0\n", "").encode())
    for part in (shot.plate, shot.lines[0], shot.colour, shot.policy, shot.consent, shot.output):
        for field in fields(part):
            if field.name in entries(type(part)) and field.name != "face":
                assert getattr(part, field.name) != field.default, f"the example of {field.name} is its default"
    assert shot.settings()["AudioFeature"].language == "en"


def run(*words: object) -> int:
    return main([*map(str, words)])


def test_new(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("shots").mkdir()
    words = ("--plate", "p/a.####.exr", "--line", "anna fr.wav", "--line", "ben.wav", "--comp", "out/c.####.exr",
             "--frames", "1001-1100", "--handles", "8", "--set", "MouthGenerate.strength=1001:0,1010:1")  # fmt: skip
    assert run("new", "shots/ab.toml", *words) == 0
    assert "to fill in  nothing" in capsys.readouterr().out
    shot = read_shot("shots/ab.toml")
    assert (shot.name, shot.output.analysis, shot.output.comp) == ("ab", "ab.lipsync", "../out/c.####.exr")
    assert shot.plate == PlateEntry("../p/a.####.exr", frames="1001-1100", handles=8)
    assert [(line.name, line.path) for line in shot.lines] == [("anna_fr", "../anna fr.wav"), ("ben", "../ben.wav")]
    assert shot.params == {"MouthGenerate": {"strength": {1001: 0.0, 1010: 1.0}}}


def test_new_overwrites_nothing_and_says_what_is_wrong(tmp_path, capsys):
    path = tmp_path / "ab.toml"
    path.write_text("mine")
    assert run("new", path) == 2
    assert "exists already; give --overwrite" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert run("new", path, "--overwrite", "--frames", "all") == 4
    assert "[plate] frames: cannot read 'all'" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert run("new", path, "--overwrite") == 0
    assert "to fill in  plate, line, comp" in capsys.readouterr().out
    assert run("new", tmp_path / "ab.txt") == 2
    assert run("new", tmp_path / "none" / "ab.toml") == 4
    assert [p.name for p in tmp_path.iterdir()] == ["ab.toml"]
