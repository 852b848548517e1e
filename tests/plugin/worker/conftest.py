# SPDX-License-Identifier: Apache-2.0
"""The demo's plate as a host has it: float pictures bottom to top, and the same frames on disk for the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main

sys.path.insert(0, str(Path(__file__).parent))

from host_shot import FRAMES, SIZE, make_plate, pixels
from shim_client import Shim, picture


@pytest.fixture(scope="session")
def plate(tmp_path_factory, samples) -> str:
    """Ten frames of float EXR."""
    made, folder = make_plate(samples), tmp_path_factory.mktemp("host-plate")
    still = made.scene_linear_still()
    for frame in FRAMES:
        rgb = made.view(still, (frame - FRAMES[0]) / 40, *SIZE).astype(np.float32)
        spec = oiio.ImageSpec(*SIZE, 3, "float")
        spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
        spec.attribute("FramesPerSecond", oiio.TypeDesc("rational"), np.array([24, 1], np.int32))
        out = oiio.ImageOutput.create("x.exr")
        out.open(str(folder / f"plate.{frame}.exr"), spec)
        out.write_image(rgb)
        out.close()
    return str(folder / "plate.####.exr")


@pytest.fixture(scope="session")
def rgba(plate) -> dict:
    """{("Source", frame): Picture}: RGBA float, an alpha that must come through untouched."""
    found = {}
    for frame in FRAMES:
        rgb = pixels(plate, frame)
        alpha = np.linspace(0, 1, rgb.shape[0] * rgb.shape[1], dtype=np.float32).reshape(*rgb.shape[:2], 1)
        found["Source", frame] = picture(np.concatenate([rgb, alpha], axis=2)[::-1])
    return found


@pytest.fixture(scope="session")
def analysis(plate, sample_line, tmp_path_factory) -> str:
    """The shot's file, as the command line makes it."""
    path = str(tmp_path_factory.mktemp("analysis") / "shot.lipsync")
    assert main(["analyse", plate, str(sample_line), path, "--progress", "none"]) == 0
    return path


@pytest.fixture(scope="session")
def dubbed(plate, sample_line, analysis, tmp_path_factory) -> dict:
    """{frame: [H, W, 3] float32, top down}: what lipsync dub makes of it."""
    out = str(tmp_path_factory.mktemp("dub") / "out.####.exr")
    arguments = ["dub", plate, str(sample_line), out, "--analysis", analysis, "--progress", "none"]
    assert main(arguments) == 0
    return {frame: pixels(out, frame) for frame in FRAMES}


@pytest.fixture(scope="session")
def host():
    """A worker that tests share; those that count, or that do harm, take a `shim` of their own."""
    with Shim() as running:
        yield running


@pytest.fixture
def shim():
    with Shim() as running:
        yield running
