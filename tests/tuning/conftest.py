# SPDX-License-Identifier: Apache-2.0
"""A short plate of the sample portrait, its line, its analysis, and the shot file of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from ofx_lipsync.cli.main import main

FRAMES = range(1001, 1013)


@dataclass(frozen=True)
class Small:
    """folder holds plate.####.exr, line, shot.toml and shot.lipsync."""

    folder: Path
    shot: Path
    plate: str
    line: Path
    analysis: Path


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, sample_portrait: Path, sample_line: Path) -> Small:
    folder = tmp_path_factory.mktemp("small")
    face = oiio.ImageBufAlgo.resize(oiio.ImageBuf(str(sample_portrait)), roi=oiio.ROI(0, 320, 0, 320, 0, 1, 0, 3))
    pixels = face.get_pixels(oiio.FLOAT)[:, :, :3] ** 2.2
    for frame in FRAMES:
        image = oiio.ImageBuf(oiio.ImageSpec(320, 320, 3, "half"))
        image.specmod().attribute("oiio:ColorSpace", "lin_ap1_scene")
        image.set_pixels(oiio.ROI.All, np.roll(pixels, (frame // 4) % 2, axis=1))
        image.write(str(folder / f"plate.{frame}.exr"))
    shot = folder / "shot.toml"
    shot.write_text(
        "# watch the corners\n"
        f'[shot]\nname = "ab_0010"\n[plate]\npath = "plate.####.exr"\nrate = "24"\n[[line]]\npath = "{sample_line}"\n'
        '[params.Blend]\nfeather = 8.0  # wide\n[consent]\nperformer = "A <Person>"\n'
        '[output]\ncomp = "comp.####.exr"\nanalysis = "shot.lipsync"\n'
    )
    plate, analysis = str(folder / "plate.####.exr"), folder / "shot.lipsync"
    assert main(["analyse", str(shot), "--progress", "none"]) == 0
    return Small(folder, shot, plate, sample_line, analysis)
