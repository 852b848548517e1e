# SPDX-License-Identifier: Apache-2.0
"""Rhubarb Lip Sync as a peer: its nine shapes read as ours, and the program itself where there is one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ofx_lipsync.bench.hearing_peers import RHUBARB, rhubarb, rhubarb_mouths
from ofx_lipsync.core.errors import MediaError
from ofx_lipsync.core.phones import ADOBE

TOLD = """{
  "metadata": { "soundFile": "line.wav", "duration": 0.60 },
  "mouthCues": [
    { "start": 0.00, "end": 0.07, "value": "X" },
    { "start": 0.07, "end": 0.14, "value": "A" },
    { "start": 0.14, "end": 0.29, "value": "D" },
    { "start": 0.29, "end": 0.57, "value": "G" },
    { "start": 0.57, "end": 0.60, "value": "X" }
  ]
}"""


def names(mouths: np.ndarray) -> list[str]:
    return [ADOBE[mouth] for mouth in mouths]


def test_cues_become_labels_of_10_ms() -> None:
    expected = ["Neutral"] * 7 + ["M"] * 7 + ["Aa"] * 15 + ["F"] * 28 + ["Neutral"] * 3
    assert names(rhubarb_mouths(TOLD, 60)) == expected


def test_the_length_is_the_sentence_s_whatever_is_told() -> None:
    assert names(rhubarb_mouths(TOLD, 65))[57:] == ["Neutral"] * 8
    assert names(rhubarb_mouths(TOLD, 50))[29:] == ["F"] * 21
    nothing = json.dumps({"mouthCues": [{"start": 0.0, "end": 0.0, "value": "X"}]})
    assert names(rhubarb_mouths(nothing, 4)) == ["Neutral"] * 4


def test_every_shape_has_a_mouth_of_its_own() -> None:
    assert sorted(RHUBARB) == list("ABCDEFGHX")
    assert len(set(RHUBARB.values())) == 9
    assert set(RHUBARB.values()) <= set(ADOBE)


def test_none_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert rhubarb() is None


def test_what_it_complains_of_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "rhubarb"
    broken.write_text("#!/bin/sh\necho 'no acoustic model' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = rhubarb()
    assert shown is not None
    with pytest.raises(
        MediaError, match=r"rhubarb: gave no mouths \(said no acoustic model\); mend it, or take it off"
    ):
        shown(np.zeros(1600, np.float32))


@pytest.mark.skipif(
    shutil.which("rhubarb") is None, reason="no rhubarb on the PATH (build DanielSWolf/rhubarb-lip-sync)"
)
def test_the_program_closes_lips_in_a_line_full_of_them(sample_line: Path) -> None:
    shown = rhubarb()
    assert shown is not None
    samples, rate_hz = soundfile.read(sample_line, dtype="float32")
    assert rate_hz == 16000
    mouths = names(shown(samples))
    assert len(mouths) == len(samples) // 160
    assert set(mouths[:10]) == {"Neutral"}
    assert mouths.count("M") > 20
    assert "F" in mouths
