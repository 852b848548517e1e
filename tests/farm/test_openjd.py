# SPDX-License-Identifier: Apache-2.0
"""The job as Open Job Description: openjd itself checks it, and runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ofx_lipsync.bench.farm_cases import OUT, Farm, digests
from ofx_lipsync.cli.main import main
from ofx_lipsync.farm import openjd
from ofx_lipsync.shotfile import read_shot


@pytest.fixture
def command() -> str:
    pytest.importorskip("openjd.cli")
    return openjd.openjd()


def submit(farm: Farm, folder: Path, *more: str, out: str = OUT) -> Path:
    words = ["submit", farm.plate, farm.line, str(folder / out), "--out", str(folder / "job")]
    assert main([*words, *more, "--progress", "none"]) == 0
    return folder / "job"


@pytest.mark.parametrize("out", [OUT, "out.mov"])
def test_openjd_finds_nothing_wrong_with_it(farm, tmp_path, command, out):
    job = submit(farm, tmp_path, "--chunk", "5", "--shot", "1001-1010", out=out)
    done = subprocess.run([command, "check", str(job / openjd.TEMPLATE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "passes validation" in done.stdout


def test_it_says_what_travels_and_what_a_host_needs(farm, tmp_path, small_plate):
    holdout = small_plate
    job = submit(farm, tmp_path, "--reel", small_plate, "--holdout", holdout, "--threads", "2")
    template = json.loads((job / openjd.TEMPLATE).read_text())
    flows = {
        p["name"]: (p["objectType"], p["dataFlow"]) for p in template["parameterDefinitions"] if p["type"] == "PATH"
    }
    assert flows == {
        "Shot": ("FILE", "IN"),
        "Plate": ("DIRECTORY", "IN"),
        "Reel": ("DIRECTORY", "IN"),
        "Holdout": ("DIRECTORY", "IN"),
        "Line": ("FILE", "IN"),
        "Analysis": ("FILE", "INOUT"),
        "OutFolder": ("DIRECTORY", "OUT"),
    }
    analyse, render = template["steps"]
    assert render["dependencies"] == [{"dependsOn": "Analyse"}]
    assert {"name": "amount.worker.vcpu", "min": 2} in render["hostRequirements"]["amounts"]
    for step in (analyse, render):
        action = step["script"]["actions"]["onRun"]
        assert action["cancelation"]["mode"] == "NOTIFY_THEN_TERMINATE"
        assert action["timeout"] > 600
    actions = render["stepEnvironments"][0]["script"]["actions"]
    assert list(actions) == ["onEnter", "onExit"]
    assert "--torch" not in actions["onEnter"]["args"]


def test_an_engine_for_neural_mouths_holds_torch(farm, tmp_path):
    job = submit(farm, tmp_path, "--set", "MouthGenerate.engine=auto")
    render = json.loads((job / openjd.TEMPLATE).read_text())["steps"][1]
    assert "--torch" in render["stepEnvironments"][0]["script"]["actions"]["onEnter"]["args"]


def test_the_jobs_shot_is_a_copy_whose_paths_begin_at_the_job(farm, tmp_path):
    job = submit(farm, tmp_path, "--set", "Blend.feather=9")
    shot = read_shot(job / "shot.toml")
    assert not Path(shot.plate.path).is_absolute()
    assert Path(shot.at(shot.plate.path)).resolve() == Path(farm.plate).resolve()
    assert shot.settings()["Blend"].feather == 9.0
    assert len(shot.settings().params) > 4


def test_a_shot_file_is_a_job_and_its_movie_to_look_at_is_not(farm, tmp_path):
    source = tmp_path / "shot" / "ab.toml"
    source.parent.mkdir()
    source.write_text(
        f"""[shot]
name = "ab 0010"
[plate]
path = "{farm.plate}"
[[line]]
path = "{farm.line}"
offset = "1f"
[params.Blend]
feather = 9.0
[output]
comp = "../out.####.exr"
review = "look.mp4"
""",
        encoding="utf-8",
    )
    assert main(["submit", str(source), "--out", str(tmp_path / "job"), "--chunk", "4"]) == 0
    template = json.loads((tmp_path / "job" / openjd.TEMPLATE).read_text())
    values = json.loads((tmp_path / "job" / openjd.PARAMETERS).read_text())
    assert template["name"] == "lipsync ab 0010"
    assert Path(values["OutFolder"]).resolve() == tmp_path.resolve()
    shot = read_shot(tmp_path / "job" / "shot.toml")
    assert (shot.settings()["Blend"].feather, shot.lines[0].offset) == (9.0, "1f")
    assert shot.output.review == ""


def test_in_four_chunks_the_bytes_are_those_of_the_whole(farm, tmp_path, command):
    (tmp_path / "out").mkdir()
    words = ["submit", farm.plate, farm.line, str(tmp_path / "out" / OUT), "--out", str(tmp_path / "job")]
    log = farm.run([*words, "--chunk", "3", "--run"])
    assert log.count("Running Task") == 5
    assert "openjd_progress: 100.0" in log
    assert digests(tmp_path / "out") == digests(farm.folder / "whole")
    assert "stopped after 4 tasks, 0 failed" in log


def test_a_failed_chunk_fails_the_job_and_the_engine_is_stopped_all_the_same(farm, tmp_path, command):
    (tmp_path / OUT.replace("####", "1002")).mkdir()
    words = ["submit", farm.plate, farm.line, str(tmp_path / OUT), "--out", str(tmp_path / "job"), "-F", "1002-1003"]
    job = tmp_path / "job"
    shutil.copy(farm.analysis, tmp_path / "shot.lipsync")
    assert main([*words, "--analysis", str(tmp_path / "shot.lipsync"), "--progress", "none"]) == 0
    given = [f"LipSync={openjd.here()}", f"file://{job / openjd.PARAMETERS}"]
    run = [command, "run", str(job / openjd.TEMPLATE), *[word for p in reversed(given) for word in ("--job-param", p)]]
    done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode != 0
    assert "LIPSYNC_FAIL code=4 reason=output frame=1002" in done.stdout
    assert "skipped                  there already, and of this shot" in done.stdout
    assert "stopped after 1 tasks, 1 failed" in done.stdout


def test_openjds_colons_and_negative_frames_are_understood(farm, tmp_path):
    words = [*farm.dub(tmp_path), "--frames=1001-1005:2", "--frames-syntax", "openjd", "--progress", "none"]
    assert main(words) == 0
    assert [path.name[4:8] for path in sorted(tmp_path.glob("*.exr"))] == ["1001", "1003", "1005"]
