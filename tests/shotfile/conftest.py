# SPDX-License-Identifier: Apache-2.0
"""Plates of the sample portrait, moving: of one person, and of the same one twice, side by side."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

FIRST, LAST = 1001, 1010


@pytest.fixture(scope="session")
def portrait(samples: Path):
    """A frame of the portrait: t in 0..1 of a push-in to [226, 400, 3] float32, ACEScg."""
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    still = module.scene_linear_still()
    return lambda t: module.view(still, t, 400, 226).astype(np.float32)


@pytest.fixture(scope="session")
def plate(tmp_path_factory, portrait) -> str:
    folder = tmp_path_factory.mktemp("plate")
    for frame in range(FIRST, LAST + 1):
        write_frame(folder / f"plate.{frame}.exr", portrait((frame - FIRST) / 40))
    return str(folder / "plate.####.exr")


@pytest.fixture(scope="session")
def two_people(tmp_path_factory, portrait) -> str:
    """Both halves move, not alike."""
    folder = tmp_path_factory.mktemp("two")
    for frame in range(FIRST, LAST + 1):
        done = (frame - FIRST) / 40
        write_frame(folder / f"two.{frame}.exr", np.hstack([portrait(done), portrait(0.4 - done)]))
    return str(folder / "two.####.exr")


def write_frame(path: Path, rgb: np.ndarray) -> None:
    spec = oiio.ImageSpec(rgb.shape[1], rgb.shape[0], 3, "half")
    spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
    out = oiio.ImageOutput.create("x.exr")
    out.open(str(path), spec)
    out.write_image(rgb)
    out.close()
