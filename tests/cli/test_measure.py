# SPDX-License-Identifier: Apache-2.0
"""lipsync measure as a person and a farm call it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ofx_lipsync.cli.main import main
from ofx_lipsync.cli.measure import changes, in_words, spoken_by, told
from ofx_lipsync.cli.sync_files import known
from ofx_lipsync.cli.sync_picture import picture
from ofx_lipsync.core.offset import FaceSync, OffsetCurve, SyncReport
from ofx_lipsync.core.timing import Rate
from ofx_lipsync.measure import Summary, summed_up
from ofx_lipsync.media.sound import read_sound

CLIP = "grid/s31/bgiq6p.mkv"


def face(offset_s: np.ndarray, confidence: float, identity: int = 0) -> FaceSync:
    times = (np.arange(len(offset_s)) + 0.5) / 50
    curve = OffsetCurve(times, offset_s.astype(np.float32), np.full(len(times), confidence, np.float32))
    scores = np.tile(np.linspace(0, 0.6, 61, dtype=np.float32), (len(times), 1))
    return FaceSync(identity, curve, np.linspace(-0.6, 0.6, 61), scores, 1.0, 0.2, 0.12)


def report_of(*faces: FaceSync, speaking: int = 0) -> SyncReport:
    count = len(faces[0].curve.times_s)
    return SyncReport(faces[0].curve.times_s, faces, np.full(count, speaking, np.int64), np.ones(count, np.float32))


@pytest.mark.shared
def test_a_late_sound_is_told_in_frames_and_in_words(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = read_sound(str(shared_data / CLIP))
    late = np.concatenate([np.zeros(round(0.2 * sound.rate_hz), np.float32), sound.mono()])
    soundfile.write(tmp_path / "late.wav", late, sound.rate_hz)
    files = {name: str(tmp_path / f"sync.{name}") for name in ("csv", "json", "png")}
    options = [word for name, path in files.items() for word in (f"--{name}", path)]
    assert main(["measure", str(shared_data / CLIP), "--sound", str(tmp_path / "late.wav"), *options]) == 0
    said = capsys.readouterr().out
    assert "late" in said
    assert "LSE-D" in said
    kept = json.loads(Path(files["json"]).read_text())
    assert kept["faces"][0]["offset_s"] == pytest.approx(0.2, abs=0.045)
    rows = list(csv.DictReader(Path(files["csv"]).read_text().splitlines()))
    assert len(rows) == 75
    assert float(rows[30]["face0_offset_frames"]) == pytest.approx(5, abs=1.1)
    assert rows[30]["speaking"] == "0"
    assert Path(files["png"]).read_bytes()[:4] == b"\x89PNG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["late.wav", "sync.csv", "sync.json", "sync.png"]


@pytest.mark.shared
def test_a_part_of_the_plate_is_measured_with_its_own_part_of_the_sound(shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "part.json"
    assert main(["measure", str(shared_data / CLIP), "-F", "11-60", "--json", str(out)]) == 0
    kept = json.loads(out.read_text())
    assert kept["frames"]["frame"] == list(range(11, 61))
    assert kept["faces"][0]["lse_offset_s"] == pytest.approx(0, abs=0.041)


@pytest.mark.shared
def test_wrong_input_is_one_line_and_leaves_nothing(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = str(shared_data / CLIP), str(tmp_path / "a.csv")
    for words, code, text in (
        ([clip, "--weights", "nobody"], 4, "nobody"),
        ([clip, "-F", "70-99"], 2, "frame 76 is not in the plate"),
        ([clip, "--csv", str(tmp_path / "no" / "a.csv")], 4, "there is no folder"),
        ([clip, "--png", str(tmp_path / "a.jpg")], 4, "expected .png"),
        ([clip, "--sound", str(tmp_path / "none.wav")], 4, "there is no such file"),
        ([clip, "--csv", clip], 2, "would be lost"),
        ([clip, "--set", "SyncMeter.window=9"], 2, "SyncMeter.window"),
    ):
        assert main(["measure", *words, "--progress", "none", *([] if "--csv" in words else ["--csv", out])]) == code
        said = capsys.readouterr().err
        assert text in said
        assert len(said.strip().splitlines()) == 2  # one for people, one for farms
    assert list(tmp_path.iterdir()) == []


def test_offsets_in_words() -> None:
    rate = Rate(25)
    assert in_words(0.12, rate) == "sound 3.0 frames (120 ms) late"
    assert in_words(-0.05, rate) == "sound 1.2 frames (50 ms) early"
    assert in_words(0.0004, rate) == "in sync (0.0 frames)"


def test_jumps_and_drift_are_told() -> None:
    jumping = report_of(face(np.repeat([0.0, 0.2], 50), 0.9))
    one = summed_up(jumping, 0)
    assert [(round(a, 2), round(b, 2), round(c, 2)) for a, b, c in one.jumps] == [(1.01, 0.0, 0.2)]
    assert "1 jumps: +200 ms at 1.0 s" in changes(one)
    drifting = summed_up(report_of(face(np.arange(200) / 50 * 0.01, 0.9)), 0)
    assert drifting.drift == pytest.approx(0.01, abs=1e-4)
    assert "drifts +10.0 ms a second" in changes(drifting)
    assert changes(summed_up(report_of(face(np.zeros(50), 0.9)), 0)) == ", steady"


def test_what_is_not_known_is_said_and_is_null() -> None:
    report = report_of(face(np.zeros(50), 0.1), speaking=-1)
    one = summed_up(report, 0)
    assert np.isnan(one.offset_s)
    assert "nothing is sure" in told(report, 0, one, Rate(25))[0][1]
    assert spoken_by(report) == "nobody seen"
    assert known({"a": float("nan"), "b": [1.0, float("inf")]}) == {"a": None, "b": [1.0, None]}


def test_who_speaks_when() -> None:
    report = report_of(face(np.zeros(100), 0.9, 0), face(np.zeros(100), 0.9, 4))
    speaking = np.repeat([0, 1], 50)
    turns = SyncReport(report.times_s, report.faces, speaking, report.voice)
    assert spoken_by(turns) == "0.0-1.0 s face 0, 1.0-2.0 s face 4"


def test_the_picture_shows_every_face_and_its_line() -> None:
    faces = [face(np.full(200, 0.3), 0.9, n) for n in (0, 1)]
    drawn = picture(report_of(*faces), Rate(24))
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    one = picture(report_of(faces[0]), Rate(24))
    assert drawn.shape[2] == one.shape[2]
    assert drawn.shape[1] > 1.7 * one.shape[1]
    # 0.3 s late of 0.6: a quarter down from the top
    column = one[:, 23 : 23 + 150, 200]
    assert abs(int(np.argmax(column[2] - column[0])) - 37) <= 2


def test_summary_is_plain_numbers() -> None:
    one = summed_up(report_of(face(np.zeros(50), 0.9)), 0)
    assert isinstance(one, Summary)
    assert all(isinstance(v, (float, tuple)) for v in vars(one).values())
