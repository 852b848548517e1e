# SPDX-License-Identifier: Apache-2.0
"""However a farm cuts, breaks and repeats it: the same bytes. Twelve frames here; a hundred in the slow test."""

from __future__ import annotations

from pathlib import Path

import pytest

from ofx_lipsync.bench.farm import cases
from ofx_lipsync.bench.farm_cases import Farm
from ofx_lipsync.bench.farm_plate import plate_of, speech_of

FAST = ("half already there", "kill -9, run again", "frames cut short", "two at once", "chunks that overlap")
"""Chunks through openjd are in test_openjd.py; single frames in the engine take a while."""


@pytest.mark.parametrize("name", FAST)
def test_the_bytes_are_those_of_one_run(farm: Farm, name: str) -> None:
    found = cases(farm)[name]()
    assert found["same"], found["note"]


def test_single_frames_last_first_in_the_engine(farm: Farm) -> None:
    found = farm.singles(farm.frames[::3])
    assert found["same"], found["note"]


@pytest.mark.slow
@pytest.mark.shared
def test_a_hundred_frames_in_every_way(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("openjd.cli")
    clips = sorted((shared_data / "grid" / "s1").glob("*.mkv"))
    farm = Farm(plate_of(clips, tmp_path / "plate", 100), speech_of(clips[20:22], tmp_path / "line.wav"), tmp_path)
    for name, case in cases(farm).items():
        found = case()
        assert found["same"], f"{name}: {found['note']}"
