# SPDX-License-Identifier: Apache-2.0
"""`lipsync doctor` tells the truth about this machine, and how to mend it."""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
from pathlib import Path

import pytest

from ofx_lipsync.cli import doctor


def test_a_whole_installation_can_dub(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.run(argparse.Namespace()) == 0
    text = capsys.readouterr().out
    assert text.rstrip().endswith("A shot can be dubbed here: yes.")
    assert importlib.metadata.version("numpy") in text
    for name in ("processor", "memory", "kernels", "articulation", "colour", "codecs"):
        assert f"ok       {name}" in text


def test_missing_weights_are_named_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged file on the search path is found before the good one behind it."""
    (tmp_path / "articulation.safetensors").write_bytes(b"not weights")
    (tmp_path / "articulation.sha256").write_text("0" * 64)
    monkeypatch.setenv("OFX_LIPSYNC_MODEL_PATH", str(tmp_path))
    assert doctor.run(argparse.Namespace()) == 4
    text = capsys.readouterr().out
    assert "MISSING  articulation" in text
    assert "OFX_LIPSYNC_MODEL_PATH" in text
    assert "no, for want of articulation" in text


def test_a_broken_config_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", str(tmp_path / "config.ocio"))
    (finding,) = doctor.colour()
    assert not finding.good
    assert "config.ocio" in finding.text
    assert finding.remedy


def test_a_package_that_is_not_there_comes_with_its_command() -> None:
    finding = doctor._package("surely-no-such-package>=1", {})
    assert (finding.good, finding.remedy) == (False, 'pip install "surely-no-such-package>=1"')


def test_every_runtime_package_is_looked_at() -> None:
    required = [text for text in importlib.metadata.requires("ofx-lipsync") or [] if ";" not in text]
    found = list(doctor.packages())
    assert len(found) == len(required) > 5
    assert all(finding.good for finding in found), [f.text for f in found if not f.good]


def test_no_gpu_is_no_reason_to_fail() -> None:
    assert all(not finding.needed or finding.good for finding in doctor.gpu())


def test_without_a_window_library_a_shot_can_still_be_dubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "glfw", None)
    monkeypatch.setattr("ofx_lipsync.view.context.LIBRARIES", {"egl": "libNoSuchEGL.so"})
    window, offscreen = doctor.viewer()
    assert [(found.good, found.needed) for found in (window, offscreen)] == [(False, False), (False, False)]
    assert window.remedy == 'pip install "ofx-lipsync[view]"'
    assert "libegl1" in offscreen.remedy


def test_live_devices_are_told_of_and_no_shot_needs_them() -> None:
    findings = list(doctor.performer())
    assert [finding.name for finding in findings] == ["microphone", "webcam", "virtual camera"]
    assert not any(finding.needed for finding in findings)
    assert all(finding.good or finding.text for finding in findings)
