# SPDX-License-Identifier: Apache-2.0
"""lipsync nk-check: what a script needs, and an exit code that says whether it renders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ofx_lipsync.cli.main import main


def check(capsys, *words: str) -> tuple[int, dict]:
    code = main(["nk-check", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_script_that_renders(here, capsys):
    code, found = check(capsys, "06_saved_with_ocio.nk")
    assert code == 0
    assert found["renders"]
    assert found["nuke"] == "14.0 v5"
    assert found["config"].endswith("cg-config-v1.0.0_aces-v1.3_ocio-v2.1")
    origins = {c["name"]: c["origin"] for c in found["classes"]}
    assert origins["OFXorg.ofxlipsync.blend_v1"] == "ours"
    assert origins["Dot"] == "rendered here"
    files = {f["node"]: f for f in found["files"]}
    assert files["Read1"]["frames"] == "1001-1006"
    assert not files["Read1"]["missing"]
    assert files["AudioFeature1.line"]["exists"]
    assert found["writes"] == ["Write1 out/06.%04d.exr"] or found["writes"][0].endswith("out/06.%04d.exr")


def test_other_classes_count_only_on_the_way_to_a_write(here, capsys):
    code, found = check(capsys, "20_big_comp.nk", "-F", "1001-1002")
    assert code == 0
    origins = {c["name"]: (c["origin"], c["needed"]) for c in found["classes"]}
    assert origins["OFXcom.genarts.sapphire.lighting.s_glow_v10"] == ("another OFX plug-in", False)
    assert origins["MyStudioGizmo"] == ("gizmo or plug-in", False)
    assert origins["RotoPaint"] == ("Nuke's own", False)
    code, found = check(capsys, "20_big_comp.nk", "--set", "WriteComp.disable=false", "-X", "WriteComp")
    assert code == 4
    assert "MyStudioGizmo1 (MyStudioGizmo)" in found["problems"][0]
    assert {"MyStudioGizmo", "ScanlineRender"} <= {c["name"] for c in found["classes"] if c["needed"]}


def test_gaps_and_lost_files(here, tmp_path, capsys, monkeypatch):
    for name in ("plate", "sound"):
        shutil.copytree(here / name, tmp_path / name)
    shutil.copy("06_saved_with_ocio.nk", tmp_path)
    (tmp_path / "plate/plate.1003.exr").unlink()
    (tmp_path / "sound/line.flac").unlink()
    monkeypatch.chdir(tmp_path)
    code, found = check(capsys, "06_saved_with_ocio.nk")
    assert code == 4
    assert any("frames 1003 are missing" in p for p in found["problems"])
    assert any("line.flac" in p for p in found["problems"])
    assert main(["render", "06_saved_with_ocio.nk", "--progress", "none"]) == 4
    assert "frame 1003 is missing" in capsys.readouterr().err
    assert not Path("out").exists() or not list(Path("out").iterdir())


@pytest.mark.parametrize("script", ["21_grade_on_path", "22_python_in_a_knob"])
def test_what_does_not_render(here, capsys, script):
    code, found = check(capsys, f"{script}.nk")
    assert code == 4
    assert not found["renders"]
    assert main(["nk-check", f"{script}.nk"]) == 4
    said = capsys.readouterr().out
    assert said.endswith("it does not render here\n")


def test_a_missing_config_is_named(here, capsys):
    text = Path("06_saved_with_ocio.nk").read_text()
    name = "OCIO_config fn-nuke_cg-config-v1.0.0_aces-v1.3_ocio-v2.1"
    Path("lost.nk").write_text(text.replace(name, "OCIO_config custom\n customOCIOConfigPath /shows/ab/config.ocio"))
    assert main(["nk-check", "lost.nk"]) == 4
    assert "/shows/ab/config.ocio" in capsys.readouterr().err
