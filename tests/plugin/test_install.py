# SPDX-License-Identifier: Apache-2.0
"""`lipsync install` and `lipsync doctor --host`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

from ofx_lipsync.cli import doctor
from ofx_lipsync.cli.main import main
from ofx_lipsync.core.errors import InputError, OutputError
from ofx_lipsync.plugin import check, install
from ofx_lipsync.plugin.host.abi import OK
from ofx_lipsync.plugin.host.host import Host
from ofx_lipsync.plugin.host.picture import Layout, Picture
from ofx_lipsync.plugin.host.scene import noise, ready

FULL = Layout((0, 0, 24, 16))


def test_it_says_where_the_bundle_is_and_what_to_set(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.delenv("OFX_PLUGIN_PATH", raising=False)
    assert main(["install", "--dir", str(tmp_path / "plugins")]) == 0
    told = capsys.readouterr().out
    bundle = tmp_path / "plugins" / "LipSync.ofx.bundle"
    assert f"Installed {bundle}" in told
    assert f'export OFX_PLUGIN_PATH="{bundle.parent}${{OFX_PLUGIN_PATH:+:$OFX_PLUGIN_PATH}}"' in told
    assert (bundle / "Contents" / "Linux-x86-64" / "LipSync.ofx").is_file()
    assert (bundle / "Contents" / "Resources" / "python.txt").read_text() == f"{sys.executable}\n"


def test_a_folder_that_hosts_look_in_needs_no_word(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(tmp_path))
    assert main(["install"]) == 0
    assert "OFX_PLUGIN_PATH" not in capsys.readouterr().out
    assert install.found() == [tmp_path / "LipSync.ofx.bundle"]


def test_again_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    first = install.install(tmp_path, python="first").bundle
    (first / "old").touch()
    second = install.install(tmp_path, python="second").bundle
    assert (second / install.NOTE).read_text() == "second\n"
    assert os.listdir(tmp_path) == ["LipSync.ofx.bundle"]
    assert not (second / "old").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/LipSync.ofx.bundle: cannot be written .*--dir"):
        install.install(tmp_path / "file")


def test_a_bundle_that_was_never_built_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "BUNDLE", tmp_path)
    with pytest.raises(InputError, match="is not built; with a C compiler"):
        install.install(tmp_path / "to")


def test_the_installed_bundle_finds_its_python_by_its_own_place(tmp_path: Path, worker, monkeypatch) -> None:
    """No variable is set: the note beside the binary is read."""
    bundle = install.install(tmp_path, python=os.environ["LIPSYNC_PYTHON"]).bundle
    monkeypatch.delenv("LIPSYNC_PYTHON")
    host = Host(bundle / install.BINARY)
    plugin, effect = ready(host, source=noise(FULL))
    assert plugin.render(effect, Picture(FULL)) == OK, effect.message
    for each in host.plugins.values():
        each.unload()
    assert len(worker.pids) == 1


def test_doctor_tries_the_plug_in(worker, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(tmp_path))
    install.install(tmp_path)
    monkeypatch.setattr(doctor, "LOOKS", ())
    assert doctor.run(argparse.Namespace(host=True)) == 0
    told = capsys.readouterr().out
    for name in ("FaceDetect", "AudioFeature", "MouthGenerate", "Blend", "LipSync", "worker", "bundle"):
        assert f"ok       {name}" in told, told


def test_doctor_says_what_the_worker_says(fake, monkeypatch, capsys) -> None:
    fake("dies")
    monkeypatch.setattr(doctor, "LOOKS", ())
    assert doctor.run(argparse.Namespace(host=True)) == 4
    told = capsys.readouterr().out
    assert "MISSING  worker" in told
    assert "exit code 3" in told


def test_doctor_sees_an_installation_gone_wrong(worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(tmp_path))
    bundle = install.install(tmp_path, python="/no/such/python").bundle
    found = {one.name: one for one in check.check()}
    assert "names no Python that runs (got '/no/such/python')" in found["bundle"].text
    install.install(tmp_path)
    with (bundle / install.BINARY).open("ab") as file:
        file.write(b"older")
    found = {one.name: one for one in check.check()}
    assert "another version" in found["bundle"].text
