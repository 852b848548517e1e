# SPDX-License-Identifier: Apache-2.0
"""Hosts that are not ours. LIPSYNC_HOSTDEMO: the ASWF HostSupport's hostDemo, changed to take the plug-in's id as its
first argument (it has one fixed)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ofx_lipsync.plugin.install import install
from ofx_lipsync.plugin.shot_params import LABELS

pytestmark = pytest.mark.host


@pytest.fixture
def host_demo(tmp_path: Path, worker, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = os.environ.get("LIPSYNC_HOSTDEMO") or pytest.skip("LIPSYNC_HOSTDEMO names no hostDemo")
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(install(tmp_path / "plugins").bundle.parent))
    monkeypatch.chdir(tmp_path)
    return Path(found)


def test_the_demo_host_lists_every_node_and_starts_nothing(host_demo: Path, worker) -> None:
    done = subprocess.run([host_demo, "no.such.node"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for label in LABELS:
        assert f"org.ofxlipsync.{label.lower()}" in done.stdout
    assert worker.pids == []


@pytest.mark.parametrize("label", ["FaceDetect", "MouthGenerate", "LipSync"])
def test_the_demo_host_renders(host_demo: Path, worker, tmp_path: Path, label: str) -> None:
    """Its frames go through the worker and back; the worker goes with the host."""
    done = subprocess.run([host_demo, f"org.ofxlipsync.{label.lower()}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    frames = sorted(tmp_path.glob("Output.*.ppm"))
    assert len(frames) > 1
    assert all(len(set(frame.read_bytes()[-4096:])) > 1 or len(set(frame.read_bytes())) > 8 for frame in frames)
    assert len(worker.pids) == 1
    worker.wait_for("end")
