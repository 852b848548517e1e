# SPDX-License-Identifier: Apache-2.0
"""Tables of offsets and plans: what is written is read, and a slip of an artist's hand is named with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ofx_lipsync.core.errors import InputError
from ofx_lipsync.core.resync import ResyncPlan
from ofx_lipsync.media.sync_file import read_curve, read_plan, write_plan

PLAN_HEAD = "from_s,to_s,late_from_ms,late_to_ms,fix\n"


def test_a_curve_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("seconds,offset_ms,confidence\n0.1,120,0.5\n0.3,-40,1\n")
    read = read_curve(str(tmp_path / "c.csv"))
    np.testing.assert_allclose(read.times_s, [0.1, 0.3])
    np.testing.assert_allclose(read.offset_s, [0.12, -0.04])
    np.testing.assert_allclose(read.confidence, [0.5, 1])


def test_what_measure_wrote_is_read(tmp_path: Path) -> None:
    head = "frame,time_s,face0_offset_ms,face0_confidence,face1_offset_ms,face1_confidence,speaking"
    (tmp_path / "m.csv").write_text(f"{head}\n1,0.0,10,0.1,80.0,0.9,1\n2,0.04,20,0.2,84.0,0.7,\n")
    read = read_curve(str(tmp_path / "m.csv"))
    np.testing.assert_allclose(read.offset_s, [0.08, 0.084])
    np.testing.assert_allclose(read.confidence, [0.9, 0.7])


def test_a_plan_comes_back(tmp_path: Path) -> None:
    plan = ResyncPlan(np.array([0, 2.5]), np.array([2.5, 4]), np.array([[0, 0.1], [-0.2, -0.2]]), ("sound", "mouth"))
    write_plan(str(tmp_path / "p.csv"), plan)
    read = read_plan(str(tmp_path / "p.csv"))
    np.testing.assert_allclose(read.late_s, plan.late_s)
    assert read.fix == plan.fix


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seconds,offset\n1,2\n", "expected the head line seconds,offset_ms,confidence"),
        ("seconds,offset_ms,confidence\n", "no rows"),
        ("seconds,offset_ms,confidence\n1,2,0.5\n1,x,0.5\n", "line 3: 'x' is no number"),
        ("seconds,offset_ms,confidence\n1,nan,0.5\n", "line 2: 'nan' is no number"),
        ("seconds,offset_ms,confidence\n1,2,0.5\n1,2,0.5\n", "do not ascend"),
        ("seconds,offset_ms,confidence\n1,2,7\n", "outside 0..1"),
        ("seconds,offset_ms,confidence\n1,2\n", "line 2 has 2 cells, expected 3"),
    ],
)
def test_a_wrong_curve_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(InputError, match=said.replace(".", "[.]")):
        read_curve(str(tmp_path / "c.csv"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("0,2,0,0,voice\n", "line 2: fix is 'voice'"),
        ("0,2,0,0,sound\n1,3,0,0,sound\n", "overlap"),
        ("0,2,0,0,picture\n2,3,0,0,sound\n", "as a whole, or not at all"),
        ("0,1,0,700,sound\n", "that is a jump"),
    ],
)
def test_a_wrong_plan_is_refused(tmp_path: Path, rows: str, said: str) -> None:
    (tmp_path / "p.csv").write_text(PLAN_HEAD + rows)
    with pytest.raises(InputError, match=said):
        read_plan(str(tmp_path / "p.csv"))


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x80" * 9)
    for name in ("b.csv", "none.csv"):
        with pytest.raises(InputError, match=name):
            read_curve(str(tmp_path / name))
