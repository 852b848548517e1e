# SPDX-License-Identifier: Apache-2.0
"""A shot small enough to be rendered many times over, and what it looks like rendered once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ofx_lipsync.bench.farm_cases import Farm
from ofx_lipsync.cli.main import main

FRAMES = 12


@pytest.fixture(scope="session")
def make_plate(samples: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def small_plate(tmp_path_factory: pytest.TempPathFactory, make_plate: ModuleType) -> str:
    folder, still = tmp_path_factory.mktemp("plate"), make_plate.scene_linear_still()
    for frame in range(1001, 1001 + FRAMES):
        make_plate.write_frame(
            folder / f"plate.{frame}.exr", make_plate.view(still, (frame - 1001) / 40, 400, 226), frame
        )
    return str(folder / "plate.####.exr")


@pytest.fixture(scope="session")
def farm(tmp_path_factory: pytest.TempPathFactory, small_plate: str, sample_line: Path) -> Farm:
    """With its first case done: the shot analysed, and rendered in one go in the folder `whole`."""
    farm = Farm(small_plate, sample_line, tmp_path_factory.mktemp("farm"))
    assert main(["analyse", farm.plate, farm.line, farm.analysis, "--progress", "none"]) == 0
    (farm.folder / "whole").mkdir()
    assert main([*farm.dub(farm.folder / "whole"), "--progress", "none"]) == 0
    return farm
