# SPDX-License-Identifier: Apache-2.0
"""A shot on disk as the scripts name it: plate, line, mattes, a logo; and the scripts beside it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Sequence

import numpy as np
import OpenImageIO as oiio
import pytest

SCRIPTS = Path(__file__).parent / "scripts"
FIRST, LAST = 1001, 1006
WIDTH, HEIGHT = 384, 234


def write_exr(path: Path, pixels: np.ndarray, channels: Sequence[str], window: tuple[int, int] = (0, 0)) -> None:
    """pixels: [H, W, C], written as half. window: x and y of its first pixel."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], "half")
    spec.channelnames = tuple(channels)
    spec.x, spec.y = window
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = 0, 0, WIDTH, HEIGHT
    spec.attribute("compression", "zips")
    spec.attribute("oiio:ColorSpace", "lin_ap1_scene")
    path.parent.mkdir(exist_ok=True)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec)
    out.write_image(pixels.astype(np.float16))
    out.close()


def read_exr(path: Path) -> tuple[np.ndarray, oiio.ImageSpec]:
    image = oiio.ImageBuf(str(path))
    assert not image.has_error, image.geterror()
    return image.get_pixels(oiio.FLOAT), image.spec()


@pytest.fixture(scope="session")
def show(tmp_path_factory, samples: Path) -> Path:
    """The folder that scripts lie in."""
    folder = tmp_path_factory.mktemp("show")
    spec = importlib.util.spec_from_file_location("make_plate", samples / "make_plate.py")
    make_plate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_plate)
    still = make_plate.scene_linear_still()
    for frame in range(FIRST, LAST + 1):
        rgb = make_plate.view(still, (frame - FIRST) / 40, 400, 226).astype(np.float32)
        rgb[:4, :4], rgb[-3:, -3:] = 60.0, [[[-0.25, 60.0, 1e-7]]]
        depth = np.full((226, 400, 1), frame, np.float32)
        write_exr(
            folder / f"plate/plate.{frame}.exr", np.concatenate([rgb, depth], 2), ["R", "G", "B", "depth.Z"], (-8, 4)
        )
        matte = np.zeros((HEIGHT, WIDTH, 4), np.float32)
        matte[:, WIDTH // 2 :, 0] = 1
        write_exr(folder / f"matte/matte.{frame}.exr", matte[..., :3], "RGB")
        matte[..., 3] = 1 - matte[..., 0]
        matte[..., 0] = 0.25
        write_exr(folder / f"matte/id.{frame}.exr", matte, "RGBA")
    logo = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    logo[20:60, 20:80] = [0.2, 0.1, 0.0, 0.5]
    write_exr(folder / "logo/logo.exr", logo, "RGBA")
    (folder / "sound").mkdir()
    shutil.copy(samples / "lines" / "english.flac", folder / "sound" / "line.flac")
    shutil.copy(samples / "lines" / "russian.flac", folder / "sound" / "second.flac")
    (folder / "out").mkdir()
    for script in SCRIPTS.glob("*.nk"):
        shutil.copy(script, folder)
    return folder


@pytest.fixture
def here(show: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as the current folder."""
    monkeypatch.chdir(show)
    monkeypatch.delenv("OCIO", raising=False)
    return Path(os.curdir)
