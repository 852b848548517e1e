# SPDX-License-Identifier: Apache-2.0
"""`lipsync bench` finds every suite, and `quality` runs its parts in order, each with figures of its own."""

from __future__ import annotations

import importlib
import inspect

import pytest

from ofx_lipsync.cli.bench import PARTS, SUITES
from ofx_lipsync.cli.main import main


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_takes_the_arguments(suite: str) -> None:
    module = importlib.import_module(f"ofx_lipsync.bench.{suite}")
    assert list(inspect.signature(module.main).parameters) == ["args"]


def test_quality_runs_its_parts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The suites themselves take minutes: here each only says that it was called, and with what."""
    called = []
    for part, module in PARTS.items():
        loaded = importlib.import_module(f"ofx_lipsync.bench.{module}")
        monkeypatch.setattr(loaded, "main", lambda args, part=part: called.append((part, args.json)))
    assert main(["bench", "quality", "--json", "figures.json"]) == 0
    assert called == [(part, f"figures-{part}.json") for part in PARTS]
    called.clear()
    assert main(["bench", "quality", "--part", "fill", "--part", "dub"]) == 0
    assert called == [("fill", None), ("dub", None)]
    assert "== fill" in capsys.readouterr().out
