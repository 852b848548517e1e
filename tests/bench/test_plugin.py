# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the plug-in measures what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ofx_lipsync.bench import plugin, plugin_echo
from ofx_lipsync.core.errors import DeviceError
from ofx_lipsync.plugin.host.picture import Layout


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin, "LAYOUT", Layout((0, 0, 32, 16)))
    monkeypatch.setenv("LIPSYNC_PYTHON", "")


def test_a_worker_that_does_nothing_is_enough_to_measure(tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{plugin_echo.__file__}"\n')
    script.chmod(0o755)
    figures = plugin.measure(str(script))
    assert list(figures) == ["a plain copy", "a frame the worker knows", "a frame that is new"]
    assert all(seconds > 0 for seconds in figures.values())


def test_a_frame_that_fails_is_no_figure() -> None:
    with pytest.raises(DeviceError, match=r"/no/such/python cannot be started.*doctor --host"):
        plugin.measure("/no/such/python")
