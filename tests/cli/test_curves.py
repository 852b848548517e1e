# SPDX-License-Identifier: Apache-2.0
"""lipsync curves, as it is called: many lines, some broken, stopped half-way and gone on with."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ofx_lipsync.cli.main import main
from ofx_lipsync.export.curves.formats import FORMATS
from ofx_lipsync.media.sound import read_sound

RATE_HZ = 16000


def summary(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "summary.csv").open(encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def call(*words: object) -> int:
    return main(["curves", *map(str, words), "--progress", "none"])


def test_every_format_of_a_line_and_the_same_bytes_again(sample_line: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        assert call(sample_line, "--to", ",".join(FORMATS), tmp_path / folder, "--blinks", "--seed", "3") == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir() if path.is_file()}
    assert set(written) == {f"english{kind.suffix}" for kind in FORMATS.values()} | {"summary.csv"}
    for name, content in written.items():
        assert (tmp_path / "b" / name).read_bytes() == content, name


def test_broken_inputs_are_right_or_told_and_stop_no_other(
    sample_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, voice = tmp_path / "lines", read_sound(str(sample_line)).mono()
    lines.mkdir()
    time_s = np.arange(2 * RATE_HZ) / RATE_HZ
    soundfile.write(lines / "good.wav", voice, RATE_HZ)
    soundfile.write(lines / "no_samples.wav", np.zeros(0), RATE_HZ)
    (lines / "empty.wav").touch()
    (lines / "text.wav").write_text("this is no sound")
    soundfile.write(lines / "nan.wav", np.full(900, np.nan, np.float32), RATE_HZ, subtype="FLOAT")
    soundfile.write(lines / "telephone.wav", voice[::2], 8000, subtype="ULAW")
    soundfile.write(lines / "clipped.wav", np.clip(voice * 20, -1, 1), RATE_HZ)
    soundfile.write(lines / "one_dead.wav", np.stack([np.zeros_like(voice), voice], 1), RATE_HZ)
    soundfile.write(lines / "music.wav", 0.2 * np.sin(2 * np.pi * 220 * time_s) + 0.2 * np.sin(1900 * time_s), RATE_HZ)
    assert call(lines, "--to", "rhubarb,arkit", tmp_path / "out", "--jobs", "2") == 3
    rows = summary(tmp_path / "out")
    status = {name: row["status"] for name, row in rows.items()}
    failed = {"no_samples", "empty", "text", "nan"}
    assert status == {
        **dict.fromkeys(failed, "failed"), "good": "done", "telephone": "done", "one_dead": "done",
        "clipped": "doubtful", "music": "doubtful",
    }  # fmt: skip
    assert "clipped" in rows["clipped"]["why"]
    assert "no speech is heard" in rows["music"]["why"]
    assert "channel 1 of 2 is silent" in rows["one_dead"]["notes"]
    assert "8 kHz" in rows["telephone"]["notes"]
    out = tmp_path / "out"
    assert not [name for name in failed if list(out.glob(f"{name}.*"))]
    assert (out / "one_dead.tsv").read_bytes() == (out / "good.tsv").read_bytes()
    assert (out / "music.tsv").read_text() == "0.00\tX\n2.00\tX\n"
    told = capsys.readouterr()
    assert "9 lines: 5 made, 0 done before, 4 failed" in told.out
    assert "doubtful: music: no speech" in told.out
    assert "failed: empty: " in told.err


def test_cues_in_and_curves_out(tmp_path: Path) -> None:
    (tmp_path / "hi.tsv").write_text("0.00\tX\n0.50\tD\n0.80\tA\n0.90\tF\n1.20\tX\n1.60\tX\n")
    assert call(tmp_path / "hi.tsv", "--to", "arkit,moho,rhubarb-json", tmp_path / "out") == 0
    with (tmp_path / "out" / "hi.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 96
    assert float(rows[39]["JawOpen"]) > 0.25
    assert "MBP" in (tmp_path / "out" / "hi.dat").read_text()
    assert call(tmp_path / "out" / "hi.rhubarb.json", "--to", "rhubarb", tmp_path / "back") == 0
    assert (tmp_path / "back" / "hi.rhubarb.tsv").read_text() == (tmp_path / "hi.tsv").read_text()


def test_a_users_rig_and_rate(sample_line: Path, tmp_path: Path) -> None:
    table = tmp_path / "my.toml"
    table.write_text('base = "ovr"\n[names]\nPP = "viseme_PP"\n')
    assert call(sample_line, "--to", "ovr,gltf", tmp_path / "out", "--rig", table, "--fps", "29.97") == 0
    rows = list(csv.reader((tmp_path / "out" / "english.ovr.csv").read_text().splitlines()))
    assert rows[0][:3] == ["Time", "sil", "viseme_PP"]
    assert float(rows[31][0]) == pytest.approx(30 * 1001 / 30000, abs=1e-6)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "fbx", "out"], "there is no format 'fbx'; there are arkit, gltf"),
        (["--to", "arkit", "out", "--rig", "none"], "there is no rig or file 'none'; give arkit, ovr"),
        (["--to", "arkit", "out", "--fps", "0"], "outside 0..1000"),
        (["--to", "arkit", "out", "--set", "Blend.feather=2"], "curves are made by AudioFeature alone, not Blend"),
        (["--to", "arkit", "out", "--style", "nobody"], "nobody"),
        (["--to", "arkit", "out", "--jobs=-1"], "expected 0 (one a core) or more"),
    ],
)
def test_what_is_wrong_for_all_lines_is_said_first(
    words: list[str], told: str, sample_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = [str(tmp_path / word) if word == "out" else word for word in words]
    assert call(sample_line, *out) in (2, 4)
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_killed_batch_goes_on_and_makes_no_line_twice(sample_line: Path, tmp_path: Path) -> None:
    """Killed, not asked: nothing is tidied up, and no worker is left."""
    lines, out = tmp_path / "lines", tmp_path / "out"
    lines.mkdir()
    for number in range(24):
        shutil.copy(sample_line, lines / f"{number:02d}.flac")
    command = [
        sys.executable,
        "-m",
        "ofx_lipsync.cli.main",
        "curves",
        lines,
        "--to",
        "arkit,rhubarb",
        out,
        "--jobs",
        "2",
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while len(list(out.glob("*.csv"))) < 5:
        assert running.poll() is None
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    for _ in range(250):
        if not group_of(running.pid):
            break
        time.sleep(0.02)
    assert not group_of(running.pid), "a worker outlived its batch"
    assert not (out / "summary.csv").exists()
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.tsv") if path.with_suffix(".csv").is_file()}
    assert 4 <= len(before) < 24
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    made = int(done.partition(" made")[0].rpartition(" ")[2])
    assert f"{24 - made} done before, 0 failed" in done
    assert 24 - made in (len(before), len(before) - 1), "what was half-put in place is made again, nothing else"
    kept = [path for path, at_ns in before.items() if path.stat().st_mtime_ns == at_ns]
    assert len(kept) == 24 - made
    assert len({path.read_bytes() for path in out.glob("*.tsv")}) == 1
    assert len(list(out.glob("*.tsv"))) == 24
    assert "0 made, 24 done before" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def group_of(leader: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def test_what_changed_is_made_again_and_nothing_else(
    sample_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, out = tmp_path / "lines", tmp_path / "out"
    lines.mkdir()
    for name in "abc":
        shutil.copy(sample_line, lines / f"{name}.flac")

    def made(*more: str) -> str:
        assert call(lines, "--to", "rhubarb", out, *more) == 0
        return capsys.readouterr().out.split(";")[0]

    assert made() == "3 lines: 3 made, 0 done before, 0 failed"
    assert made() == "3 lines: 0 made, 3 done before, 0 failed"
    (out / "a.tsv").write_text("0.00\tX\n")
    soundfile.write(lines / "b.flac", read_sound(str(sample_line)).mono()[: 2 * RATE_HZ], RATE_HZ)
    assert made() == "3 lines: 2 made, 1 done before, 0 failed"
    assert made("--mouths", "rhubarb_basic") == "3 lines: 3 made, 0 done before, 0 failed"
    assert made("--mouths", "rhubarb_basic", "--again") == "3 lines: 3 made, 0 done before, 0 failed"
