# SPDX-License-Identifier: Apache-2.0
"""Rhubarb's and Moho's files as another project reads them, and as we read them back."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from ofx_lipsync.core.timing import Rate
from ofx_lipsync.export.cue_files import read_cues
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.export.curves.take import Take

KINDS = {"rhubarb": "tsv", "rhubarb-xml": "xml", "rhubarb-json": "json", "moho": "dat"}


@pytest.mark.parametrize("name", KINDS)
def test_another_project_reads_the_same_mouths(name: str, taken: Callable[..., Take]) -> None:
    importers = pytest.importorskip("openfacefx.importers", reason="pip install ofx-lipsync[interchange]")
    take = taken(name)
    text = FORMATS[name].encoded(take).decode()
    if name == "moho":
        read, end_s = importers.parse_moho_dat(text, 24.0)
        slack_s = 1 / 24
    else:
        read, end_s = getattr(importers, f"parse_rhubarb_{KINDS[name]}")(text)
        slack_s = 0.0051
    assert end_s == pytest.approx(take.duration_s, abs=slack_s)
    if name != "moho":
        assert [shape for *_, shape in read] == [cue.shape for cue in take.cues]
    for start_s, read_end_s, shape in read:
        assert any(
            cue.shape == shape and abs(cue.start_s - start_s) <= slack_s + 1e-6 and read_end_s >= start_s
            for cue in take.cues
        ), (start_s, shape)


@pytest.mark.parametrize("name", [*KINDS, "synfig"])
def test_what_was_written_is_read_back(name: str, taken: Callable[..., Take], tmp_path: Path) -> None:
    take = taken(name)
    path = tmp_path / f"a{FORMATS[name].suffix}"
    path.write_bytes(FORMATS[name].encoded(take))
    read = read_cues(path, Rate(24))
    assert read.mouths == take.mouths
    if name.startswith("rhubarb"):
        assert [cue.shape for cue in read.cues] == [cue.shape for cue in take.cues]
        assert [cue.end_s for cue in read.cues] == pytest.approx([cue.end_s for cue in take.cues], abs=0.0051)
        assert read.sound == ("" if name == "rhubarb" else "english.flac")


def test_every_closure_is_on_a_frame_of_moho(taken: Callable[..., Take]) -> None:
    take = taken("moho")
    rows = [row.split() for row in FORMATS["moho"].encoded(take).decode().splitlines()]
    assert rows[0] == ["MohoSwitch1"]
    assert rows[1][0] == "1"
    assert rows[-1] == [str(1 + int(take.duration_s * 24)), "rest"]
    frames = [int(row[0]) for row in rows[1:]]
    assert frames == sorted(set(frames))
    shut = [int(frame) for frame, shape in rows[1:] if shape == "MBP"]
    for cue in take.cues:
        if cue.shape == "MBP":
            assert any(abs(1 + cue.start_s * 24 - frame) <= 1 for frame in shut), cue


def test_only_the_basic_six_where_only_they_are_drawn(taken: Callable[..., Take]) -> None:
    text = FORMATS["rhubarb"].encoded(taken("rhubarb", mouths="rhubarb_basic")).decode()
    assert {row.split("\t")[1] for row in text.splitlines()} <= set("ABCDEF")
    assert text.splitlines()[-1].endswith("\tA")


def test_xml_and_json_are_text_that_any_name_survives(taken: Callable[..., Take], tmp_path: Path) -> None:
    from dataclasses import replace

    for name in ("rhubarb-xml", "rhubarb-json"):
        path = tmp_path / f"x{FORMATS[name].suffix}"
        path.write_bytes(FORMATS[name].encoded(replace(taken(name), sound='a & b < "ü".wav')))
        assert read_cues(path, Rate(24)).sound == 'a & b < "ü".wav'
